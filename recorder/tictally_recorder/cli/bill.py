"""`tictally bill`: what days cost, laid out like a bill."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from tictally_recorder.cli.catalogue import end_with_problems, first_contract_help, paid_by
from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.options import Configuration, JsonOption
from tictally_recorder.cli.window import Window, present
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.cost import Terms
from tictally_recorder.cost.bill import Bill, make_bill
from tictally_recorder.cost.bill.as_json import record, records_as_json
from tictally_recorder.cost.bill.powers import with_powers
from tictally_recorder.cost.bill.remarks import remarks
from tictally_recorder.cost.bill.report import BillSection, sections
from tictally_recorder.cost.bill.supplier import SupplierBill
from tictally_recorder.cost.bill.supplier.as_json import billed_record
from tictally_recorder.cost.bill.supplier.query import advance_of_contract, supplier_bill_of
from tictally_recorder.cost.bill.supplier.remarks import supplier_remarks
from tictally_recorder.cost.bill.supplier.report import supplier_sections
from tictally_recorder.cost.contracts.load import MOST_MONTHS
from tictally_recorder.cost.coverage import Coverage
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports.table import plain_table
from tictally_recorder.translations import catalogue
from tictally_shared.catalogue import Catalogue

_Billed = tuple[Bill, SupplierBill | None]
"""A bill, and as a supplier lays it out, where that is asked for."""

AdvanceOption = Annotated[
    int | None,
    typer.Option(
        "--advance",
        metavar="MONTHS",
        min=0,
        max=MOST_MONTHS,
        help="Lay the bill out as suppliers do, with meter readings, amounts without taxes and VAT by rate, and with "
        "the subscription of so many months in advance: 2 for EDF, 0 for none.",
    ),
]

AsBilledOption = Annotated[
    bool,
    typer.Option("--as-billed", help="The same, with the months of `billed_in_advance` of the contract."),
]


def bill(
    window: Window,
    *,
    advance: AdvanceOption = None,
    as_billed: AsBilledOption = False,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """Show the cost of whole days like a bill: energy, subscription, contributions, taxes, total, tariff versions.

    The total is that of `tictally cost`. What a tariff does not give, a price without taxes or a tax, is marked as not
    known; unknown amounts are left out of totals, and their reasons follow. --to is the day on which the next bill
    begins. With --advance or --as-billed lines are those of a supplier's bill, each rounded to cents, and the total is
    theirs. Exit code 1: a site has no contract (a message shows what to write), or a file of its tariff cannot be used.
    """
    settings = configuration.settings()
    tz = settings.zone
    now = present()
    first, until = window.days(tz, now)
    bills, advice = [], []
    with LedgerReader.open(settings.ledger) as reader:
        sites = reader.sites()
        paid = paid_by(settings, sites)
        asked = window.sites(reader)
        for site in asked:
            days = SiteDays(site, first, until, tz)
            months = _months(days, paid.terms) if as_billed and advance is None else advance
            bills.append(_bill(reader, days, paid.terms, months, now))
            advice += first_contract_help(settings, reader, site, paid, sites)
    if json:
        echo(records_as_json(billed_record(made, laid_out) if laid_out else record(made) for made, laid_out in bills))
    else:
        _show(bills, tz, catalogue(settings.language))
    if not bills:
        echo(catalogue(settings.language).text("report.no_frames"), err=json)
    end_with_problems(
        advice, paid.catalogue, (*paid.broken_of([site.id for site in asked]), *paid.catalogue.broken.taxes)
    )


def _months(days: SiteDays, terms: Terms) -> int:
    if (found := advance_of_contract(days, terms)) is None:
        raise WrongUse("no_advance", "--as-billed", site=days.site.id)
    return found


def _bill(reader: LedgerReader, days: SiteDays, terms: Terms, advance: int | None, now: datetime) -> _Billed:
    site = days.site
    made = make_bill(site.id, days.start, days.end, cost_of(reader, days, terms), terms.tariffs)
    made = with_powers(made, terms)
    made = replace(made, is_integrated=site.is_integrated, covered=Coverage.of(days, now))
    return made, None if advance is None else supplier_bill_of(reader, days, terms, made, advance)


def _show(bills: list[_Billed], tz: ZoneInfo, words: Catalogue) -> None:
    for number, (made, laid_out) in enumerate(bills):
        if number:
            echo("")
        echo(words.text("bill.head", site=made.site, start=str(made.start), end=str(made.end)))
        for section in supplier_sections(made, laid_out, tz, words) if laid_out else sections(made, words):
            echo("")
            print_table(_table(section))
        if found := supplier_remarks(made, laid_out) if laid_out else remarks(made):
            echo("\n".join(["", *map(words.phrase, found)]))


def _table(section: BillSection) -> Table:
    table = plain_table(section.title)
    for number, heading in enumerate(section.columns):
        table.add_column(heading, justify="right" if number in section.right else "left")
    for row in section.rows:
        table.add_row(*map(Text, row))  # a tariff's source is anybody's text, and no markup
    return table
