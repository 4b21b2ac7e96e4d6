"""`tictally tariff import`: the regulator's file against a price list, and what is new of it written when told to."""

from pathlib import Path
from typing import Annotated

import typer

from tictally_recorder.cli.catalogue import shelf_of, tell_broken
from tictally_recorder.cli.console import print_table, say
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.reports import tariff_import as report
from tictally_recorder.tariffs.catalogue import Shelf, days_of_a_person, imported_name
from tictally_recorder.tariffs.errors import TariffError
from tictally_recorder.tariffs.importer import Comparison, compare
from tictally_recorder.tariffs.load import TariffFile
from tictally_recorder.tariffs.providers.cre.csv import History, NotImported, read_cre
from tictally_recorder.tariffs.write import has_former_heading, overlay_text, write_overlay


def import_(  # noqa: PLR0913 - each is an option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The CRE's CSV of Base, HP/HC or Tempo.")],
    *,
    write: Annotated[bool, typer.Option("--write", help="Write what is new or differs. Without it: show it.")] = False,
    subscriptions: Annotated[
        bool,
        typer.Option("--subscriptions", help="Take the file's subscriptions with taxes also where the list has some."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON; amounts are texts, so that none is rounded.")] = False,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Compare a price list with the open data of the regulator (CRE), and with --write take what is new or differs.

    What is written lies over the shipped list, in a file of its own among your lists. Your own files hold; versions
    that the regulator's file lacks stay; amounts that contradict one another are told and not taken. Nothing is
    imported of a file with a wrong row.

    Subscriptions with taxes that stand are kept, because the regulator's differ from what EDF invoices, up to two per
    cent since 2022; --subscriptions takes them.
    """
    settings = settings_of(config, ledger)
    shelf, folder = shelf_of(settings), settings.tariffs_folder
    try:
        history = read_cre(_content(file), str(file))
    except NotImported as refused:
        for error in refused.errors:
            say(f"tictally: {error}", aside=True)
        raise typer.Exit(1) from None
    present = shelf.tariff(history.tariff)
    target = folder / imported_name(present.id)
    beneath = shelf.beneath.get(present.id, ())
    comparison = compare(history, present, str(target), beneath=beneath, subscriptions=subscriptions)
    tell_broken(shelf)
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


def _write(comparison: Comparison, shelf: Shelf, target: Path) -> None:
    """Write the file of imports.

    Raises:
        TariffError: the versions do not fit between the others, or a file of the user's is in the way.
    """
    if shelf.errors:
        say("tictally: nothing was written: first repair or remove the file above", aside=True)
        raise typer.Exit(1)
    text, present = overlay_text(comparison.tariff, comparison.overlay), shelf.tariff(comparison.tariff)
    TariffFile(text, str(target)).overlaid(present, but=days_of_a_person(present, str(target)))
    write_overlay(target, text)


def _show(history: History, comparison: Comparison, written: Path | None, *, json: bool) -> None:
    if json:
        say(report.as_json(history, comparison, written))
        return
    for table in report.as_tables(comparison):
        print_table(table)
        say("")
    for sentence in report.sentences(history, comparison, written):
        say(sentence)
