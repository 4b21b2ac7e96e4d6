"""`tictally site`: sites and their meters."""

import json as json_
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.option_groups import flattened
from tictally_recorder.cli.options import Configuration, JsonOption, group
from tictally_recorder.ledger import NO_FRAMES, LedgerReader, Site, join_sites
from tictally_recorder.reports.table import plain_table

app = group("List sites and their meters; join two sites.")


@app.command("list", short_help="List the sites and their meters.")
@flattened
def list_(*, json: JsonOption = False, configuration: Configuration) -> None:
    """List the sites and their meters: when each was first and last received, and from which edges."""
    settings = configuration.settings()
    with LedgerReader.open(settings.ledger) as reader:
        sites = reader.sites()
    if json:
        echo(sites_as_json(sites, settings.zone))
    elif sites:
        print_table(site_table(sites, settings.zone))
    if not sites:
        echo(NO_FRAMES, err=json)


@app.command(short_help="Make one site of two, after a meter exchange.")
@flattened
def join(
    new: Annotated[str, typer.Argument(metavar="NEW", help="Site of the new meter; this id ends.")],
    old: Annotated[str, typer.Argument(metavar="OLD", help="Site that it joins; this id stays.")],
    configuration: Configuration,
) -> None:
    """Make one site of two, after a meter exchange: its energy continues where the old meter's ended.

    NEW and OLD are ids as `tictally site list` shows them, or meters of the sites. The recorder may run meanwhile.
    """
    join_sites(configuration.settings().ledger, new, old)
    echo(f"The meters of {new} belong to the site of {old} now.")


def site_table(sites: list[Site], tz: ZoneInfo) -> Table:
    """The sites as a table, times in a zone."""
    table = plain_table()
    for heading in ("Site", "Meter", "Serial", "First", "Last"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Edges")
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


def sites_as_json(sites: list[Site], tz: ZoneInfo) -> str:
    """A JSON array of sites: site, edges, meters with meter, serial, first, last (local ISO times)."""
    records = [
        {
            "site": site.id,
            "edges": list(site.edges),
            "meters": [
                {
                    "meter": meter.key,
                    "serial": meter.serial,
                    "first": _local(meter.first_ms, tz).isoformat(),
                    "last": _local(meter.last_ms, tz).isoformat(),
                }
                for meter in site.meters
            ],
        }
        for site in sites
    ]
    return json_.dumps(records, ensure_ascii=False, indent=2)


def _local(time_ms: int, tz: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz)


def _minute(time_ms: int, tz: ZoneInfo) -> str:
    return f"{_local(time_ms, tz):%Y-%m-%d %H:%M}"
