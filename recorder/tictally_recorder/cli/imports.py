"""`tictally import`: import history from files, list the runs, undo one."""

import json as json_
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from tictally_recorder.cli.console import echo, echo_error, error_text, print_table, progress
from tictally_recorder.cli.option_groups import flattened
from tictally_recorder.cli.options import Configuration, JsonOption, whole_number
from tictally_recorder.cli.window import moment_of
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.fetch import FetchError
from tictally_recorder.imports.errors import ImportFileError
from tictally_recorder.imports.home_assistant_service import fetch_statistics, last_fetched
from tictally_recorder.imports.home_assistant_statistics import HomeAssistantDatabase, HomeAssistantSettings
from tictally_recorder.imports.outcome import Outcome, import_files, known_hashes
from tictally_recorder.imports.outcome import undo as undo_run
from tictally_recorder.imports.read import FileRead, read_files
from tictally_recorder.imports.registry import importers
from tictally_recorder.imports.state import run_records
from tictally_recorder.imports.task import outcome_record
from tictally_recorder.ledger import ImportRun, LedgerReader
from tictally_recorder.reports import imports as report
from tictally_recorder.translations import catalogue, form_text, origin_text
from tictally_shared.catalogue import Catalogue

_FILES = "files"
_MOST_RUNS = 20
_SUMMARY = "Import history from files of other programs; list imports, undo one."


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Where an import goes.

    Attributes:
        site: `--site`, or None.
        dry_run: nothing is written.
    """

    site: Annotated[
        str | None,
        typer.Option("--site", metavar="ID", help="Site. Default: the only one, or that of the files' delivery point."),
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be imported; write nothing.")] = False


class _FilesByDefault(TyperGroup):
    """A group whose arguments are files to import, unless the first of them is a command or asks for help."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [_FILES, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_FilesByDefault, help=_SUMMARY, short_help=_SUMMARY, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def _without_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(_FILES, short_help="Import files; the word `files` may be left out.")
@flattened
def files_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files, also gzip or zip archives; any order.")],
    *,
    target: ImportOptions,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """Import history from files: register readings, load curves, daily energies. The format is recognized.

    All files of a call are one run: if one has an error, nothing is imported. What meters sent prevails over imports, a
    finer energy over a coarser one; a file that was imported before is skipped. `tictally import undo` deletes a run.

    A site that has no meter yet gets the id that --site names: use the number that its meter will send (ADCO, ADSC).

    The recorder may run meanwhile. docs/import.md describes the formats.
    """
    settings = configuration.settings()
    known = known_hashes(settings.ledger, target.site)
    try:
        with progress("Reading") as advance:
            read, skipped = read_files(files, settings, known, advance)
        if not read:
            _nothing_new(skipped, catalogue(settings.language), json=json)
            return
        with progress("Importing"):
            outcome = import_files(settings, read, target.site, datetime.now(UTC), is_dry_run=target.dry_run)
    except ImportFileError as error:
        echo_error(error_text(error))
        echo_error(catalogue(settings.language).text("import_text.not_imported"))
        raise typer.Exit(1) from None
    _show(outcome, skipped, configuration, json=json)


@app.command("home-assistant", short_help="Fetch statistics from Home Assistant and import them.")
@flattened
def home_assistant(
    *,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="WHEN", help="Start. Default: the end of the last such import, or all there is."
        ),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="WHEN", help="End, excluded. Default: now.")] = None,
    target: ImportOptions,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """Fetch hourly long-term statistics from Home Assistant through its WebSocket interface, and import them.

    TICTALLY_HOME_ASSISTANT_URL is its address, TICTALLY_HOME_ASSISTANT_TOKEN a long-lived access token. ha-linky's
    statistics are recognized; TICTALLY_HOME_ASSISTANT_CONSUMPTION and _INJECTION name others.
    """
    settings = configuration.settings()
    now = datetime.now(UTC)
    since = (
        last_fetched(settings.ledger, target.site) if start is None else moment_of("--from", start, settings.zone, now)
    )
    until = now if end is None else moment_of("--to", end, settings.zone, now)
    if since >= until:
        raise WrongUse("before_end", "--from")
    try:
        with progress("Fetching"):
            file = fetch_statistics(settings.section(HomeAssistantSettings), since, until)
        if file.hash in known_hashes(settings.ledger, target.site):
            _nothing_new([file.name], catalogue(settings.language), json=json)
            return
        outcome = import_files(
            settings, [FileRead(HomeAssistantDatabase(), file)], target.site, now, is_dry_run=target.dry_run
        )
    except (ImportFileError, FetchError) as error:
        echo_error(error_text(error))
        echo_error(catalogue(settings.language).text("import_text.not_imported"))
        raise typer.Exit(1) from None
    _show(outcome, (), configuration, json=json)


@app.command("list", short_help="List the runs, the newest first.")
@flattened
def list_(
    *,
    every: Annotated[bool, typer.Option("--all", help="List all runs, not the newest twenty.")] = False,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """List the import runs, the newest first, and the formats that can be imported.

    The job `enedis` makes a run a day, so only the newest twenty are shown; --json has all of them.
    """
    settings = configuration.settings()
    with LedgerReader.open(settings.ledger) as reader:
        runs = reader.import_runs()
    words = catalogue(settings.language)
    if json:
        echo(json_.dumps(list(run_records(runs)), ensure_ascii=False, indent=2))
        return
    shown = runs if every else runs[-_MOST_RUNS:]
    if runs:
        print_table(report.runs_as_table(shown, settings.zone, words))
        if len(shown) < len(runs):
            echo(words.text("import_text.earlier", count=len(runs) - len(shown)))
    else:
        echo(words.text("import_text.none"))
    echo("")
    for each in importers():
        missing = words.text("import_text.needs", package=each.requires) if each.requires else ""
        about = {
            "name": each.name,
            "title": origin_text(words, each.name, each.title),
            "form": form_text(words, each.name, each.form),
        }
        echo(words.text("import_text.importer", missing=missing, **about))


@app.command(short_help="Delete a run and everything that came from it.")
@flattened
def undo(
    run: Annotated[
        int,
        typer.Argument(metavar="RUN", parser=whole_number(1), help="A run, as `tictally import list` numbers it."),
    ],
    *,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """Delete a run: figures are then what they would be without it. The recorder may run meanwhile."""
    settings = configuration.settings()
    undone, months = undo_run(settings, run)
    if json:
        records = [{**each, "months": [month.to_record() for month in months]} for each in run_records([undone])]
        echo(json_.dumps(records, ensure_ascii=False, indent=2))
        return
    words = catalogue(settings.language)
    print_table(report.months_as_table(months, words))
    echo("")
    about = {"values": _values(undone, words), "site": undone.site, "files": report.files_of(undone, words)}
    echo(words.text("import_text.undone", run=run, **about))


def _nothing_new(skipped: Sequence[str], words: Catalogue, *, json: bool) -> None:
    if json:
        echo("[]")
    for name in skipped:
        echo(words.text("import_text.skipped", file=name), err=json)
    echo(words.text("import_text.nothing_new"), err=json)


def _show(outcome: Outcome, skipped: Sequence[str], configuration: Configuration, *, json: bool) -> None:
    settings, run = configuration.settings(warns=False), outcome.run
    tz, words = settings.zone, catalogue(settings.language)
    if json:
        echo(json_.dumps([outcome_record(outcome, skipped)], ensure_ascii=False, indent=2))
        return
    print_table(report.months_as_table(outcome.months, words))
    echo("")
    for name in skipped:
        echo(words.text("import_text.skipped_or_twice", file=name))
    for sentence in report.gap_sentences(outcome.gaps, tz, words):
        echo(sentence)
    for sentence in report.contradicted_sentences(outcome.contradicted, tz, words):
        echo(sentence)
    about = {
        "values": _values(run, words),
        "site": words.text("import_text.new_site" if outcome.is_new_site else "import_text.site", site=run.site),
        "start": report.minute(run.first_ms, tz),
        "end": report.minute(run.last_ms, tz),
        "files": report.files_of(run, words),
    }
    if outcome.is_dry_run:
        echo(words.text("import_text.would_import", **about))
        echo(words.text("import_text.dry_run"))
    else:
        echo(words.text("import_text.imported", run=run.id, **about))
        echo(words.text("import_text.how_to_undo", run=run.id))


def _values(run: ImportRun, words: Catalogue) -> str:
    readings, intervals = (sum(counts) for counts in zip(*((f.readings, f.intervals) for f in run.files), strict=True))
    parts = []
    if readings:
        parts.append(words.text("import_text.readings", count=readings))
    if intervals:
        parts.append(words.text("import_text.energies", count=intervals))
    return words.listed(parts)
