"""`tictally temperature`: degree-days, and consumption by outdoor temperature."""

from decimal import Decimal
from typing import Annotated

import typer

from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.options import Configuration, Output
from tictally_recorder.cli.window import Window, present
from tictally_recorder.climate import climate_days, fit_of, rows_of
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports import climate as report
from tictally_recorder.reports.cost import as_csv, as_json
from tictally_recorder.translations import catalogue


def temperature(
    window: Window,
    by: Annotated[
        report.ClimateBy, typer.Option(help="What a row covers; temperature: a class of two degrees.")
    ] = report.ClimateBy.DAY,
    base: Annotated[float, typer.Option(min=0, max=30, help="Base of the degree-days, °C.")] = 18.0,
    *,
    output: Output,
    configuration: Configuration,
) -> None:
    """Show outdoor temperature, degree-days and consumption.

    A day's degree-days are how far its mean temperature is below the base. Temperatures come from imports (LinkyStat),
    a topic, and the job `weather`; consumption is that of the days for which both are known. With thirty such days or
    more, a line through them shows what each degree-day adds, and what a day consumes without heating.
    """
    settings = configuration.settings()
    tz, base_c = settings.zone, Decimal(str(base))
    days = window.days(tz, present())
    words = catalogue(settings.language)
    records: list[dict[str, object]] = []
    with LedgerReader.open(settings.ledger) as reader, reader.snapshot():
        sites = window.sites(reader)
        for site in sites:
            found = climate_days(reader, site, days, tz)
            if not any(each.mean_c is not None for each in found):
                continue
            periods = rows_of(found, by.period, base_c, tz)
            records += report.records(site.id, by, periods)
            if not output.is_for_programs:
                print_table(report.as_table(site.id, periods, words, is_by_class=by.period is None))
                if (fit := fit_of(found, base_c)) is not None:
                    echo(words.phrase(report.fit_remark(fit)))
    if output.is_for_programs:
        echo(as_json(records) if output.json else as_csv(records, report.COLUMNS))
    if not records:
        none = words.text("report.no_temperature", start=str(days[0]), end=str(days[1]))
        echo(none if sites else words.text("report.no_frames"), err=output.is_for_programs)
