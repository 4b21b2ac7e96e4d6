"""`tictally site`: which meters stand, or stood, at which delivery point."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from tictally_recorder.cli.console import print_table, say
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.ledger import LedgerReader, Site, join_sites
from tictally_recorder.reports.table import plain_table

app = typer.Typer(help="Show sites, where meters follow one another; join two.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def _without_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        say(context.get_help())


@app.command("list", short_help="Show every site with its meters.")
def list_(ledger: LedgerOption = None, config: ConfigOption = None) -> None:
    """Show every site with its meters, when each was first and last heard, and by which edges."""
    settings = settings_of(config, ledger)
    with LedgerReader.open(settings.ledger) as reader:
        sites = reader.sites()
    if sites:
        print_table(site_table(sites, settings.zone))
    else:
        say("The ledger has no frames yet.")


@app.command(short_help="Make one site of two, after an exchange of the meter.")
def join(
    new: Annotated[str, typer.Argument(metavar="NEW", help="The site of the new meter; it ends.")],
    old: Annotated[str, typer.Argument(metavar="OLD", help="The site that it belongs to; its name stays.")],
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Make one site of two, after an exchange of the meter: its energy goes on where the old meter's ended.

    NEW and OLD are sites as `tictally site list` shows them, or meters of theirs. Also while the recorder runs.
    """
    join_sites(settings_of(config, ledger).ledger, new, old)
    say(f"The meters of {new} belong to the site of {old} now.")


def site_table(sites: list[Site], tz: ZoneInfo) -> Table:
    """The sites for a person, times in a zone."""
    table = plain_table()
    for heading in ("Site", "Meter", "Serial", "First heard", "Last heard", "Edges"):
        table.add_column(heading)
    for site in sites:
        for number, meter in enumerate(site.meters):
            table.add_row(
                "" if number else site.id,
                meter.key,
                meter.serial or "",
                _minute(meter.first_ms, tz),
                _minute(meter.last_ms, tz),
                "" if number else ", ".join(site.edges),
            )
    return table


def _minute(time_ms: int, tz: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz):%Y-%m-%d %H:%M}"
