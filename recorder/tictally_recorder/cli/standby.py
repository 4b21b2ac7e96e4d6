"""`tictally standby`: the base load of nights, its trend, and what it costs a year."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from tictally_recorder.cli.catalogue import end_with_problems, first_contract_help, paid_by
from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.cost import Periods
from tictally_recorder.cli.options import Configuration, Output
from tictally_recorder.cli.window import FROM, TO, Window, day_of, present
from tictally_recorder.cost.standby import LoadQuery, all_nights_of, by_period, trend, year_cost_of
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports import standby as report
from tictally_recorder.reports.cost import as_csv, as_json
from tictally_recorder.translations import catalogue
from tictally_shared.calendar import By
from tictally_shared.catalogue import Catalogue

_MONTHS_BEFORE: Final = 11


@dataclass(frozen=True, slots=True)
class TrendWindow(Window):
    """Twelve months, unless the options set another range: a trend needs a year."""

    start: Annotated[
        str | None,
        typer.Option(
            FROM,
            metavar="WHEN",
            help="Start, in the forms of `tictally energy`. Default: the first of the month eleven months before --to.",
        ),
    ] = None

    def days(self, tz: ZoneInfo, now: datetime) -> tuple[date, date]:
        """The first local day, and the day after the last, as of `Window`."""
        if self.start is not None:
            return Window.days(self, tz, now)
        tomorrow = now.astimezone(tz).date() + timedelta(days=1)
        until = tomorrow if self.end is None else day_of(TO, self.end, tz, now)
        last = until - timedelta(days=1)
        months = last.year * 12 + last.month - 1 - _MONTHS_BEFORE
        return date(months // 12, months % 12 + 1, 1), until


def standby(
    window: TrendWindow,
    by: Annotated[Periods, typer.Option(help="Period of a row.")] = Periods.MONTH,
    *,
    output: Output,
    configuration: Configuration,
) -> None:
    """Show the base load of nights, its trend, and what it costs a year.

    A night is from midnight to 06:00; its base load is the power that nine of ten of its minutes reach; a row has the
    median of its nights. Contract and prices are those of the last day. Exit code 1: a site has no contract (a message
    shows what to write), or a file of its tariff cannot be used.
    """
    settings = configuration.settings()
    tz, now = settings.zone, present()
    first, until = window.days(tz, now)
    last = min(now.astimezone(tz).date(), until - timedelta(days=1))
    answers, advice = [], []
    with LedgerReader.open(settings.ledger) as reader:
        sites = reader.sites()
        paid = paid_by(settings, sites)
        asked = window.sites(reader)
        for site in asked:
            nights = all_nights_of(reader, site, (date.min, until), tz)
            shown = by_period([night for night in nights if night.day >= first], By(by))
            if shown:
                found = trend(nights)
                recent = found.recent.va if found else None
                cost = None if recent is None else year_cost_of(reader, site, LoadQuery(recent, last, tz), paid.terms)
                answers.append(report.SiteStandby(site.id, shown, found, cost))
            advice += first_contract_help(settings, reader, site, paid, sites)
    if output.is_for_programs:
        records = [record for answer in answers for record in report.records(answer)]
        echo(as_json(records) if output.json else as_csv(records, report.COLUMNS))
    else:
        _show(answers, By(by), catalogue(settings.language))
    if not answers:
        words = catalogue(settings.language)
        none = words.text("report.no_night", start=str(first), end=str(until))
        echo(none if sites else words.text("report.no_frames"), err=output.is_for_programs)
    end_with_problems(advice, paid.catalogue, paid.broken_of([site.id for site in asked]))


def _show(answers: list[report.SiteStandby], by: By, words: Catalogue) -> None:
    for number, answer in enumerate(answers):
        if number:
            echo("")
        print_table(report.as_table(answer, by, words))
        for remark in report.remarks(answer):
            echo(words.phrase(remark))
