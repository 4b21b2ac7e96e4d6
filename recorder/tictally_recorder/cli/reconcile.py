"""`tictally reconcile`: each day compared with Enedis' figure."""

from collections.abc import Sequence
from typing import Annotated

import typer

from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.options import Configuration, Output
from tictally_recorder.cli.window import Window, present
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reconciliation import DayComparison, Verdict, by_year
from tictally_recorder.reconciliation import reconcile as reconciled
from tictally_recorder.reports import reconciliation as report
from tictally_recorder.reports.cost import as_csv, as_json
from tictally_recorder.translations import catalogue
from tictally_shared.catalogue import Catalogue


def reconcile(
    window: Window,
    *,
    different: Annotated[
        bool, typer.Option("--different", help="Show only the days that differ or are unknown; sums cover all.")
    ] = False,
    output: Output,
    configuration: Configuration,
) -> None:
    """Compare each day's energy, from the meter's frames, with Enedis' figure; show the sums of years.

    Both are equal to the Wh, equal within the rounding (whole kWh, or what two frames around midnight leave open), or
    different, with the likely reason. Enedis' figures come from `tictally import` and the job `enedis`; imports are not
    compared with themselves: a day without frames is left out.
    """
    settings = configuration.settings()
    tz, words = settings.zone, catalogue(settings.language)
    days = window.days(tz, present())
    with LedgerReader.open(settings.ledger) as reader, reader.snapshot():
        sites = window.sites(reader)
        found = [each for site in sites for each in reconciled(reader, site, days, tz)]
    shown = [each for each in found if not different or each.verdict in {Verdict.DIFFERENT, Verdict.UNKNOWN}]
    if output.is_for_programs:
        records = list(report.records(shown))
        echo(as_json(records) if output.json else as_csv(records, report.COLUMNS))
    else:
        _show(found, shown, words)
    if not found:
        none = words.text("report.no_enedis_day", start=str(days[0]), end=str(days[1]))
        echo(none if sites else words.text("report.no_frames"), err=output.is_for_programs)


def _show(found: Sequence[DayComparison], shown: Sequence[DayComparison], words: Catalogue) -> None:
    for site in dict.fromkeys(each.site for each in found):
        of_site = [each for each in shown if each.site == site]
        if of_site:
            print_table(report.days_as_table(site, of_site, words))
            echo("")
        print_table(report.years_as_table(by_year(each for each in found if each.site == site), words))
