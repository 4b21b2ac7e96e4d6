"""`tictally cost`: what energy cost, by which tariff version."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tictally_recorder.cli.catalogue import end_with_problems, first_contract_help, nothing_counted, paid_by
from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.options import Configuration, Output
from tictally_recorder.cli.window import Window, present
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.cost.aggregation import PriceLine, Summed, sum_up
from tictally_recorder.cost.contracts.billing import BillingMonths
from tictally_recorder.cost.coverage import Coverage
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports import cost as report
from tictally_recorder.reports import cost_explain as explaining
from tictally_recorder.reports.cost_before import Before, as_records, as_text, read_before
from tictally_recorder.translations import catalogue
from tictally_shared.calendar import By
from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase


class Periods(StrEnum):
    """The periods that cost is summed by: whole days."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class CostPeriods(StrEnum):
    """The same, and the months of bills, from one billing day to the next."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    BILL = "bill"


@dataclass(frozen=True, slots=True)
class _Result:
    """The cost of a site.

    Attributes:
        answer: its sums.
        beyond: remarks on days before the first frame and after the last.
        before: what `--explain` shows of replaced figures, or None.
    """

    answer: report.SiteCosts
    beyond: list[Phrase] = field(default_factory=list)
    before: list[Before] | None = None


def cost(
    window: Window,
    by: Annotated[CostPeriods, typer.Option(help="Period of a sum; `bill`: the months of the contract's bills.")] = (
        CostPeriods.DAY
    ),
    *,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Show start and end registers, source and calculation of each amount."),
    ] = False,
    output: Output,
    configuration: Configuration,
) -> None:
    """Show what energy and subscription cost, by period of time and tariff period, with the tariff version.

    Cost is computed for whole local days. Unknown amounts are left out of totals, and their reasons follow the table; a
    cost by an overdue tariff is provisional. Exit code 1: a site has no contract (a message shows what to write), or a
    file of its tariff cannot be used.
    """
    if output.csv and explain:
        raise WrongUse("excludes", "--explain", other="--csv")
    settings = configuration.settings()
    tz = settings.zone
    now = present()
    first, until = window.days(tz, now)
    results, advice = [], []
    with LedgerReader.open(settings.ledger) as reader:
        sites = reader.sites()
        paid = paid_by(settings, sites)
        asked = window.sites(reader)
        for site in asked:
            days = SiteDays(site, first, until, tz)
            bills = BillingMonths(site.id, paid.terms.contracts)
            sums = sum_up(cost_of(reader, days, paid.terms), bills.first_day if by is CostPeriods.BILL else By(by))
            replaced = reader.cost_days(site.id, first, until, replaced=True) if explain else []
            before = read_before(site.id, replaced) if explain else None
            results.append(
                _Result(report.SiteCosts(site.id, sums, site.is_integrated), Coverage.of(days, now).remarks(), before)
            )
            advice += first_contract_help(settings, reader, site, paid, sites)
    if output.is_for_programs:
        found = [
            record if each.before is None else record | _explained(of, each.before)
            for each in results
            for record, of in report.records(each.answer)
        ]
        echo((report.as_json if output.json else report.as_csv)(found))
    else:
        _show(results, tz, By.MONTH if by is CostPeriods.BILL else By(by), catalogue(settings.language))
    if not any(each.answer.sums for each in results):
        echo(nothing_counted(first, until, settings, has_sites=bool(sites)), err=output.is_for_programs)
    end_with_problems(advice, paid.catalogue, paid.broken_of([site.id for site in asked]))


def _explained(of: PriceLine | Summed, before: list[Before]) -> report.Record:
    if isinstance(of, PriceLine):
        return {"explain": explaining.as_record(of), "before": None}
    return {"explain": None, "before": as_records(before, of)}


def _show(results: list[_Result], tz: ZoneInfo, by: By, words: Catalogue) -> None:
    shown = [each for each in results if each.answer.sums]
    for number, each in enumerate(shown):
        if number:
            echo("")
        print_table(report.as_table(each.answer, words))
        for remark in [*report.remarks(each.answer), *each.beyond]:
            echo(words.phrase(remark))
        if each.before is not None:
            for line in ["", *explaining.as_text(each.answer, tz, words), *as_text(each.before, by, tz, words)]:
                echo(line)
