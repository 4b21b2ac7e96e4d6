"""`tictally bill`: what days cost, laid out like a bill."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from tictally_recorder.cli.catalogue import paid_by, tell_broken
from tictally_recorder.cli.console import print_table, say
from tictally_recorder.cli.cost import window
from tictally_recorder.cli.energy import sites_of
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.cost.bill import Bill, make_bill
from tictally_recorder.cost.bill.as_json import as_json
from tictally_recorder.cost.bill.remarks import remarks
from tictally_recorder.cost.bill.report import Section, sections
from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.cost.contracts.onboarding import how_to_begin
from tictally_recorder.cost.query import cost_of
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports.table import plain_table


def bill(  # noqa: PLR0913 - options of a command
    *,
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="The first local day (2026-11-21) of the bill.")],
    end: Annotated[
        str, typer.Option("--to", metavar="DATE", help="The local day on which the next bill begins: it is excluded.")
    ],
    site: Annotated[
        str | None,
        typer.Option(metavar="SITE", help="One site, or a meter of it. Without it: every site has its bill."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As a JSON array; amounts are texts.")] = False,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Tell what days cost as a bill does: energy, subscription, contributions and taxes, total, and the price lists
    that it rests on.

    The total is that of `tictally cost`. What a price list does not tell, a price without taxes or a tax, is said to be
    not known; what costs an unknown amount is in no sum, and has its reason below. Exit code 1 where a site has no
    contract, with a sentence that says what to write.
    """  # noqa: D205 - typer shows the first paragraph as one
    settings = settings_of(config, ledger)
    tz = settings.zone
    first, until = window(start, end, tz, datetime.now(UTC).astimezone(tz).date())
    bills, help_wanted = [], []
    with LedgerReader.open(settings.ledger) as reader:
        sites = reader.sites()
        paid = paid_by(settings, sites)
        for asked in sites_of(reader, site):
            rows = cost_of(reader, asked, first, until, paid.terms, tz)
            bills.append(make_bill(asked.id, first, until, rows, paid.terms.tariffs))
            if not paid.has_contract(asked.id):
                help_wanted.append(
                    how_to_begin(
                        settings.contracts_file, tz, asked, announced(reader, asked), is_only_site=len(sites) == 1
                    )
                )
    if json:
        say(as_json(bills))
    else:
        _show(bills)
    if not bills:
        say("The ledger has nothing yet.", aside=json)
    for each in help_wanted:
        say(f"tictally: {each}", aside=True)
    tell_broken(paid.shelf)
    if help_wanted or paid.shelf.errors:
        raise typer.Exit(1)


def _show(bills: list[Bill]) -> None:
    for number, each in enumerate(bills):
        if number:
            say("")
        say(f"Bill of site {each.site}, {each.start} to {each.end} (excluded)")
        for section in sections(each):
            say("")
            print_table(_table(section))
        said = remarks(each)
        if said:
            say("")
        for remark in said:
            say(remark)


def _table(section: Section) -> Table:
    table = plain_table(section.title)
    for number, heading in enumerate(section.columns):
        table.add_column(heading, justify="right" if number in section.right else "left")
    for row in section.rows:
        table.add_row(*map(Text, row))  # a price list's source is anybody's text, and no markup
    return table
