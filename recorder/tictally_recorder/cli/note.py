"""`tictally note`: notes on days."""

import json as json_
from datetime import date
from typing import Annotated

import typer

from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.option_groups import flattened
from tictally_recorder.cli.options import Configuration, JsonOption, group, whole_number
from tictally_recorder.cli.window import Window, day_of, present
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.ledger import LedgerReader, Note, edit_notes
from tictally_recorder.reports.table import add_columns, plain_table
from tictally_recorder.settings import Settings
from tictally_recorder.translations import catalogue

app = group()

NumberArgument = Annotated[
    int,
    typer.Argument(metavar="NOTE", parser=whole_number(1), help="Its number, as `tictally note list` shows it."),
]
DayOption = Annotated[
    str, typer.Option("--day", metavar="DAY", help="The day: 2026-11-03, yesterday … Default: today.")
]
SiteOption = Annotated[
    str | None, typer.Option("--site", metavar="SITE", help="Its site, or a meter of it. Default: the only site.")
]
TextArgument = Annotated[str, typer.Argument(metavar="TEXT", help="A line, at most 300 characters.")]


@app.command(short_help="Add a note.")
@flattened
def add(text: TextArgument, day: DayOption = "today", site: SiteOption = None, *, configuration: Configuration) -> None:
    """Add a note to a day: `tictally note add --day 2026-11-03 "heat pump installed"`; also while a recorder runs."""
    settings = configuration.settings()
    of_site, on_day = _only_site(settings, site), _day(settings, day)
    _report(settings, "added", edit_notes(settings.ledger, lambda notes: notes.add(of_site, on_day, text)))


@app.command("list", short_help="List the notes.")
@flattened
def list_(
    site: Annotated[
        str | None, typer.Option("--site", metavar="SITE", help="One site, or a meter of it. Default: every site.")
    ] = None,
    *,
    deleted: Annotated[bool, typer.Option("--deleted", help="List the deleted ones.")] = False,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """List the notes by day."""
    settings = configuration.settings()
    words = catalogue(settings.language)
    with LedgerReader.open(settings.ledger) as reader:
        found = reader.notes(None if site is None else _site(reader, site), deleted=deleted)
    if json:
        echo(json_.dumps([_record(each) for each in found], ensure_ascii=False, indent=2))
        return
    if not found:
        echo(words.text("note_text.none"))
        return
    table = plain_table()
    add_columns(table, words, "note", "site", "day")
    add_columns(table, words, "text", wraps=True)
    for each in found:
        table.add_row(str(each.id), each.site, str(each.day), each.text)
    print_table(table)


@app.command(short_help="Change a note.")
@flattened
def edit(
    number: NumberArgument,
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="The new text. Default: as it is.")] = None,
    day: Annotated[str | None, typer.Option("--day", metavar="DAY", help="The new day. Default: as it is.")] = None,
    *,
    configuration: Configuration,
) -> None:
    """Change the text or the day of a note; a deleted one is shown again. The recorder may run meanwhile."""
    settings = configuration.settings()
    on_day = None if day is None else _day(settings, day)
    changed = edit_notes(
        settings.ledger,
        lambda notes: notes.change(
            number, on_day or notes.get(number).day, notes.get(number).text if text is None else text
        ),
    )
    _report(settings, "changed", changed)


@app.command(short_help="Delete a note, or undo that.")
@flattened
def delete(
    number: NumberArgument,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Show it again.")] = False,
    configuration: Configuration,
) -> None:
    """Delete a note. `--undo` shows it again; `tictally note list --deleted` lists such notes."""
    settings = configuration.settings()
    deleted = edit_notes(settings.ledger, lambda notes: notes.delete(number, undo=undo))
    _report(settings, "restored" if undo else "deleted", deleted)


def _only_site(settings: Settings, name: str | None) -> str:
    with LedgerReader.open(settings.ledger) as reader:
        if name is not None:
            return _site(reader, name)
        sites = [each.id for each in reader.sites()]
    if len(sites) != 1:
        raise WrongUse("name_a_site", "--site", sites=", ".join(sites))
    return sites[0]


def _site(reader: LedgerReader, name: str) -> str:
    return Window(site=name).sites(reader)[0].id


def _day(settings: Settings, text: str) -> date:
    return day_of("--day", text, settings.zone, present())


def _report(settings: Settings, what: str, note: Note) -> None:
    about = {"note": note.id, "day": str(note.day), "text": note.text}
    echo(catalogue(settings.language).text(f"note_text.{what}", **about))


def _record(note: Note) -> dict[str, object]:
    return {"note": note.id, "site": note.site, "day": str(note.day), "text": note.text}
