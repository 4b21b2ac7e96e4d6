"""`tictally power`: which subscribed powers would have been enough, and what they would save."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from tictally_recorder.cli.catalogue import end_with_problems, first_contract_help, nothing_counted, paid_by, today
from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.options import Configuration, Output
from tictally_recorder.cli.window import FROM, TO, Window, day_of, present
from tictally_recorder.cost.power import PowerAdvice, power_advice
from tictally_recorder.cost.query import SiteDays, days_with_frames
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports import power as report
from tictally_recorder.reports.cost import as_csv, as_json
from tictally_recorder.translations import catalogue
from tictally_shared.catalogue import Catalogue

_YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class YearWindow(Window):
    """A year up to yesterday, unless the options set another range: advice needs a winter and a summer."""

    start: Annotated[
        str | None,
        typer.Option(FROM, metavar="WHEN", help="Start, in the forms of `tictally cost`. Default: a year before --to."),
    ] = None
    end: Annotated[
        str | None, typer.Option(TO, metavar="WHEN", help="End, excluded, in the same forms. Default: today.")
    ] = None

    def days(self, tz: ZoneInfo, now: datetime) -> tuple[date, date]:
        """The first local day, and the day after the last, as of `Window`; none of them is today."""
        here = now.astimezone(tz).date()
        until = here if self.end is None else min(day_of(TO, self.end, tz, now), here)
        first = until - _YEAR if self.start is None else day_of(FROM, self.start, tz, now)
        if first >= until:
            raise self.out_of_order(f"{first}", f"{until}")
        return first, until


def power(window: YearWindow, *, output: Output, configuration: Configuration) -> None:
    """Show on how many days each subscribed power would have been exceeded, and what it would save a year.

    A day's highest power is what the meter reports of it (SMAXSN), else that of its frames; a day that is known in part
    counts as over or unknown, never as below. Savings are at the prices of the last day. Exit code 1: a site has no
    contract (a message shows what to write), or a file of its tariff cannot be used.
    """
    settings = configuration.settings()
    tz = settings.zone
    first, until = window.days(tz, present())
    answers, advice = [], []
    with LedgerReader.open(settings.ledger) as reader:
        sites = reader.sites()
        paid = paid_by(settings, sites)
        asked = window.sites(reader)
        for site in asked:
            if known := days_with_frames(site, first, min(until, today(settings)), tz):
                days = SiteDays(site, known[0], known[-1] + timedelta(days=1), tz)
                answers.append(power_advice(reader, days, paid.terms))
            advice += first_contract_help(settings, reader, site, paid, sites)
    if output.is_for_programs:
        records = [record for answer in answers for record in report.records(answer)]
        echo(as_json(records) if output.json else as_csv(records, report.COLUMNS))
    else:
        _show(answers, catalogue(settings.language))
    if not answers:
        echo(nothing_counted(first, until, settings, has_sites=bool(sites)), err=output.is_for_programs)
    end_with_problems(advice, paid.catalogue, paid.broken_of([site.id for site in asked]))


def _show(answers: list[PowerAdvice], words: Catalogue) -> None:
    for number, answer in enumerate(answers):
        if number:
            echo("")
        print_table(report.as_table(answer, words))
        for remark in report.remarks(answer):
            echo(words.phrase(remark))
