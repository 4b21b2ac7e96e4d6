"""`tictally tariff import`: compare a tariff with the regulator's file, and write what is new."""

from pathlib import Path
from typing import Annotated

import typer

from tictally_recorder.cli.catalogue import report_broken, shelf_of
from tictally_recorder.cli.console import echo, echo_error, print_table
from tictally_recorder.cli.options import Configuration, JsonOption
from tictally_recorder.reports import tariff_import as report
from tictally_recorder.tariffs.catalogue import TariffCatalogue, days_of_a_person, imported_name
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.importer import Comparison, compare
from tictally_recorder.tariffs.load import TariffFile
from tictally_recorder.tariffs.providers.cre.csv import History, NotImported, read_cre
from tictally_recorder.tariffs.write import has_former_heading, overlay_text, write_overlay


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The CRE's CSV of Base, HP/HC or Tempo.")],
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write what is new or differs. Default: only show it.")
    ] = False,
    subscriptions: Annotated[
        bool,
        typer.Option(
            "--subscriptions", help="Take the file's subscriptions with taxes where the tariff has some, too."
        ),
    ] = False,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """Compare a tariff with the open data of the regulator (CRE); with --write, take what is new or differs.

    The result overlays the bundled tariff, in a file of its own among your tariffs. Your own files prevail; versions
    that the regulator's file lacks stay; amounts that contradict one another are reported and not taken. Nothing is
    imported from a file with a wrong row.

    Existing subscriptions with taxes stay, because the regulator's differ from what EDF invoices by up to two per cent
    since 2022; --subscriptions takes them.
    """
    settings = configuration.settings()
    shelf, folder = shelf_of(settings), settings.tariffs_folder
    try:
        history = read_cre(_content(file), str(file))
    except NotImported as error:
        for each in error.errors:
            echo_error(str(each))
        raise typer.Exit(1) from None
    present = shelf.tariff(history.tariff)
    target = folder / imported_name(present.id)
    beneath = shelf.beneath.get(present.id, ())
    comparison = compare(history, present, str(target), beneath=beneath, subscriptions=subscriptions)
    report_broken(shelf)
    if write and (comparison.written or (comparison.overlay and has_former_heading(target))):
        _write(comparison, shelf, target)
    _show(history, comparison, target if write and comparison.written else None, json=json)
    if shelf.errors:
        raise typer.Exit(1)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise TariffError(str(file), 1, f"it cannot be read: {error.strerror or error}") from None


def _write(comparison: Comparison, shelf: TariffCatalogue, target: Path) -> None:
    """Write the file of imports.

    Raises:
        TariffError: the versions do not fit between the others, or a file of the user's is in the way.
    """
    if shelf.errors:
        echo_error("nothing was written: first repair or remove the file above")
        raise typer.Exit(1)
    text, present = overlay_text(comparison.tariff, comparison.overlay), shelf.tariff(comparison.tariff)
    TariffFile(text, str(target)).overlaid(present, but=days_of_a_person(present, str(target)))
    write_overlay(target, text)


def _show(history: History, comparison: Comparison, written: Path | None, *, json: bool) -> None:
    if json:
        echo(report.as_json(history, comparison, written))
        return
    for table in report.as_tables(comparison):
        print_table(table)
        echo("")
    for sentence in report.sentences(history, comparison, written):
        echo(sentence)
