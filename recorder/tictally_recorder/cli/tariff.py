"""`tictally tariff`: which price lists there are, what they say on a day, and what is wrong with them."""

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from tictally_recorder.cli.catalogue import asked_of, paid_by, shelf_of, tell_broken
from tictally_recorder.cli.console import print_table, say
from tictally_recorder.cli.contract_check import findings as contract_findings
from tictally_recorder.cli.contract_check import findings_of_sites, findings_of_used, ledger_of
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.cli.tariff_import import import_
from tictally_recorder.reports import tariffs as report
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.catalogue import Shelf
from tictally_recorder.tariffs.check import check as findings

app = typer.Typer(help="Show price lists, look what they lack, and import the regulator's.", rich_markup_mode=None)
app.command("import", short_help="Compare a list with the regulator's file, and take what is new.")(import_)
_JsonOption = Annotated[bool, typer.Option("--json", help="As JSON; amounts are texts, so that none is rounded.")]


@app.callback(invoke_without_command=True)
def _without_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        say(context.get_help())


@app.command("list", short_help="Show every price list.")
def list_(*, json: _JsonOption = False, ledger: LedgerOption = None, config: ConfigOption = None) -> None:
    """Show every price list, shipped or your own: its versions, the newest one's first day, how sure it is, and since
    when a revision is overdue.

    Your own lists are the TOML files in the folder TICTALLY_TARIFFS, else `tariffs` beside the ledger.
    """  # noqa: D205 - typer shows the first paragraph as one
    settings = settings_of(config, ledger)
    shelf = shelf_of(settings)
    if json:
        say(report.list_as_json(shelf.tariffs.values(), today(settings), settings.language))
    else:
        print_table(report.list_as_table(shelf.tariffs.values(), today(settings), settings.language))
    _end_with(shelf)


@app.command(short_help="Show what a price list says on a day.")
def show(
    tariff_id: Annotated[str, typer.Argument(metavar="ID", help="A price list as `tictally tariff list` names it.")],
    *,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="A local date. Without it: today.")] = None,
    json: _JsonOption = False,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Show the version of a price list that holds on a day: every amount, its source, and its hash.

    The hash changes with anything that a cost depends on, and with nothing else.
    """
    settings = settings_of(config, ledger)
    shelf = shelf_of(settings)
    tariff = asked_of(shelf, tariff_id)
    day = today(settings) if on is None else _day(on, "--on")
    version = tariff.on(day)
    if version is None:
        say(f"tictally: {tariff.id} has no version on {day}", aside=True)
        tell_broken(shelf)
        raise typer.Exit(1)
    if json:
        say(report.version_as_json(tariff, version, settings.language))
    else:
        for line in report.version_as_text(tariff, version, settings.language):
            say(line)
        for table in report.version_as_tables(tariff, version):
            say("")
            print_table(table)
    _end_with(shelf)


@app.command(short_help="Say what price lists lack and what is overdue.")
def check(
    tariff_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Price lists. Without any: those of your contracts, else all of them."),
    ] = None,
    *,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="Leave out what was over before this local date."),
    ] = None,
    json: _JsonOption = False,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Say what price lists lack: days without a version, subscriptions that nobody knows, revisions that are overdue,
    and files of yours that cannot be used; where a meter announces another option or power than its contract has, and
    which contract is of a site that the ledger does not have.
    Exit code 0 where there is nothing to say, else 1.

    Where there are contracts, only their price lists are looked at, from the first day that each was used.
    """  # noqa: D205 - typer shows the first paragraph as one
    settings = settings_of(config, ledger)
    since = date.min if start is None else _day(start, "--from")
    day = today(settings)
    with ledger_of(settings) as reader:
        sites = reader.sites() if reader else []
        paid = paid_by(settings, sites)
        shelf, contracts = paid.shelf, paid.terms.contracts
        if tariff_ids:
            found = findings([asked_of(shelf, tariff_id) for tariff_id in tariff_ids], day)
        elif contracts.all:
            found = findings_of_used(shelf.tariffs, contracts, day)
        else:
            found = findings(shelf.tariffs.values(), day)
        if reader and not tariff_ids:
            found += contract_findings(reader, sites, paid.terms, day)
            found += findings_of_sites(sites, contracts)
    found = [each for each in found if each.until is None or each.until >= since]
    if json:
        say(report.findings_as_json(found, shelf.errors))
    else:
        for finding in found:
            say(finding.sentence)
        for error in shelf.errors:
            say(str(error))
        if not found and not shelf.errors:
            say("Nothing is lacking, and nothing is overdue.")
    if found or shelf.errors:
        raise typer.Exit(1)


def today(settings: Settings) -> date:
    """The local date."""
    return datetime.now(UTC).astimezone(settings.zone).date()


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text[:40]!r} is not a date: 2026-11-21", param_hint=option) from None


def _end_with(shelf: Shelf) -> None:
    tell_broken(shelf)
    if shelf.errors:
        raise typer.Exit(1)
