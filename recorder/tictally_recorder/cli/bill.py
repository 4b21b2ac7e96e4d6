"""`tictally bill`: what days cost, laid out like a bill."""

from dataclasses import replace

from rich.table import Table
from rich.text import Text

from tictally_recorder.cli.catalogue import end_with_problems, first_contract_help, paid_by
from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.options import Configuration, JsonOption
from tictally_recorder.cli.window import Window, present
from tictally_recorder.cost.bill import Bill, make_bill
from tictally_recorder.cost.bill.as_json import as_json
from tictally_recorder.cost.bill.remarks import remarks
from tictally_recorder.cost.bill.report import BillSection, sections
from tictally_recorder.cost.coverage import Coverage
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports.table import plain_table
from tictally_recorder.translations import catalogue
from tictally_shared.catalogue import Catalogue


def bill(window: Window, *, json: JsonOption = False, configuration: Configuration) -> None:
    """Show the cost of whole days like a bill: energy, subscription, contributions, taxes, total, tariff versions.

    The total is that of `tictally cost`. What a tariff does not give, a price without taxes or a tax, is marked as not
    known; unknown amounts are left out of totals, and their reasons follow. --to is the day on which the next bill
    begins. Exit code 1: a site has no contract (a message shows what to write), or a file of its tariff cannot be used.
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
            made = make_bill(site.id, first, until, cost_of(reader, days, paid.terms), paid.terms.tariffs)
            bills.append(replace(made, is_integrated=site.is_integrated, covered=Coverage.of(days, now)))
            advice += first_contract_help(settings, reader, site, paid, sites)
    if json:
        echo(as_json(bills))
    else:
        _show(bills, catalogue(settings.language))
    if not bills:
        echo(catalogue(settings.language).text("report.no_frames"), err=json)
    end_with_problems(
        advice, paid.catalogue, (*paid.broken_of([site.id for site in asked]), *paid.catalogue.broken.taxes)
    )


def _show(bills: list[Bill], words: Catalogue) -> None:
    for number, each in enumerate(bills):
        if number:
            echo("")
        echo(words.text("bill.head", site=each.site, start=str(each.start), end=str(each.end)))
        for section in sections(each, words):
            echo("")
            print_table(_table(section))
        if found := remarks(each):
            echo("\n".join(["", *map(words.phrase, found)]))


def _table(section: BillSection) -> Table:
    table = plain_table(section.title)
    for number, heading in enumerate(section.columns):
        table.add_column(heading, justify="right" if number in section.right else "left")
    for row in section.rows:
        table.add_row(*map(Text, row))  # a tariff's source is anybody's text, and no markup
    return table
