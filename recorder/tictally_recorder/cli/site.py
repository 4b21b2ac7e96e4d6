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
from tictally_recorder.cli.window import present
from tictally_recorder.ledger import (
    IgnoredSite,
    LedgerReader,
    Site,
    ignore_site,
    join_sites,
    remove_site,
    undo_ignore,
)
from tictally_recorder.reports.table import add_columns, plain_table
from tictally_recorder.translations import catalogue
from tictally_shared.catalogue import Catalogue

app = group()


@app.command("list", short_help="List the sites and their meters.")
@flattened
def list_(*, json: JsonOption = False, configuration: Configuration) -> None:
    """List the sites and their meters: when each was first and last received, from which edges, and what is ignored."""
    settings = configuration.settings()
    with LedgerReader.open(settings.ledger) as reader:
        sites, ignored = reader.sites(), reader.ignored_sites()
    words = catalogue(settings.language)
    if json:
        echo(sites_as_json(sites, ignored, settings.zone))
    else:
        if sites:
            print_table(site_table(sites, settings.zone, words))
        for each in ignored:
            echo(ignored_text(each, settings.zone, words))
    if not (sites or ignored):
        echo(words.text("report.no_frames"), err=json)


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
    settings = configuration.settings()
    join_sites(settings.ledger, new, old)
    echo(catalogue(settings.language).text("site_text.joined", new=new, old=old))


@app.command(short_help="Record a site no more, and show it nowhere; or undo that.")
@flattened
def ignore(
    site: Annotated[str, typer.Argument(metavar="SITE", help="Its id as `tictally site list` shows it, or a meter.")],
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Record it again, and show what was recorded.")] = False,
    configuration: Configuration,
) -> None:
    """Record a site no more, and show it nowhere, such as a simulated meter beside the real one.

    What is recorded of it stays in the ledger, and `--undo` shows it again; frames that arrived meanwhile are requested
    from the edges that still hold them. `tictally site list` lists ignored sites. The recorder may run meanwhile.
    """
    settings = configuration.settings()
    words = catalogue(settings.language)
    if undo:
        echo(words.text("site_text.recorded_again", site=undo_ignore(settings.ledger, site)))
        return
    found = ignore_site(settings.ledger, site, int(present().timestamp() * 1000))
    echo(words.text("site_text.ignored_now", site=found))


@app.command(short_help="Delete a site and all that was recorded of it.")
@flattened
def remove(
    site: Annotated[str, typer.Argument(metavar="SITE", help="Its id as `tictally site list` shows it, or a meter.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    configuration: Configuration,
) -> None:
    """Delete a site and all that was recorded of it: frames, imports, energy and cost. Only a backup brings them back.

    A site whose meter still sends frames comes back with the next one: stop its edge first, or `tictally site ignore`
    it instead. The recorder may run meanwhile.
    """
    settings = configuration.settings()
    with LedgerReader.open(settings.ledger) as reader:
        known = [*reader.sites(), *(each.site for each in reader.ignored_sites())]
    words = catalogue(settings.language)
    for each in known:
        if not yes and (site == each.id or site in {meter.key for meter in each.meters}):
            first, last = min(meter.first_ms for meter in each.meters), max(meter.last_ms for meter in each.meters)
            span = {"start": _minute(first, settings.zone), "end": _minute(last, settings.zone)}
            _require_yes(words.text("site_text.confirm_delete", site=each.id, **span), words)
    echo(words.text("site_text.deleted", site=remove_site(settings.ledger, site)))


def _require_yes(question: str, words: Catalogue) -> None:
    """Ask; everything but a yes in the language, or in English, aborts."""
    answer = typer.prompt(f"{question} {words.text('site_text.yes_or_no')}", default="", show_default=False)
    if answer.strip().lower() not in words.text("site_text.answers_yes").split():
        raise typer.Abort


def site_table(sites: list[Site], tz: ZoneInfo, words: Catalogue) -> Table:
    """The sites as a table, times in a zone."""
    table = plain_table()
    add_columns(table, words, "site", "meter", "serial", "first", "last")
    add_columns(table, words, "edges", wraps=True)
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


def ignored_text(ignored: IgnoredSite, tz: ZoneInfo, words: Catalogue) -> str:
    """A line about a site that is ignored."""
    meters = ", ".join(dict.fromkeys(meter.key for meter in ignored.site.meters))
    if not ignored.since_ms:
        return words.text("site_text.ignored", site=ignored.site.id, meters=meters)
    since = _minute(ignored.since_ms, tz)
    return words.text("site_text.ignored_since", site=ignored.site.id, meters=meters, since=since)


def sites_as_json(sites: list[Site], ignored: list[IgnoredSite], tz: ZoneInfo) -> str:
    """A JSON array of sites: site, ignored (since when, or null), edges, meters with meter, serial, first, last.

    Times are local, ISO 8601.
    """
    since = {each.site.id: _local(each.since_ms, tz).isoformat() for each in ignored}
    records = [
        {
            "site": site.id,
            "ignored": since.get(site.id),
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
        for site in [*sites, *(each.site for each in ignored)]
    ]
    return json_.dumps(records, ensure_ascii=False, indent=2)


def _local(time_ms: int, tz: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz)


def _minute(time_ms: int, tz: ZoneInfo) -> str:
    return f"{_local(time_ms, tz):%Y-%m-%d %H:%M}"
