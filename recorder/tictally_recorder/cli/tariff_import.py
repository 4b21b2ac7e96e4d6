"""`tictally tariff import`: compare a tariff with a provider's file, and write what is new."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tictally_recorder.cli.catalogue import catalogue_of, report_broken, today
from tictally_recorder.cli.console import echo, echo_error, print_table
from tictally_recorder.cli.options import Configuration, JsonOption
from tictally_recorder.reports import tariff_import as report
from tictally_recorder.tariffs.catalogue import TariffCatalogue, days_of_a_person, imported_name
from tictally_recorder.tariffs.importer import Comparison, ImportTarget, compare
from tictally_recorder.tariffs.load import TariffFile
from tictally_recorder.tariffs.model import ImportRecord
from tictally_recorder.tariffs.providers.protocol import ProviderError, PublishedHistory, TariffProvider
from tictally_recorder.tariffs.providers.registry import provider_of, providers
from tictally_recorder.tariffs.write import has_former_heading, overlay_text, write_overlay


@dataclass(frozen=True, slots=True)
class Taking:
    """What is taken from the file.

    Attributes:
        write: what is new or differs is written.
        subscriptions: with taxes, also where the tariff has some.
    """

    write: Annotated[bool, typer.Option("--write", help="Write what is new or differs. Default: only show it.")] = False
    subscriptions: Annotated[
        bool,
        typer.Option(
            "--subscriptions", help="Take the file's subscriptions with taxes where the tariff has some, too."
        ),
    ] = False


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that a tariff provider publishes.")],
    *,
    provider_name: Annotated[
        str | None,
        typer.Option("--provider", metavar="NAME", help="Whose file it is. Default: recognized by its content."),
    ] = None,
    taking: Taking,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """Compare a tariff with a provider's file; with --write, take what is new or differs.

    `tictally tariff providers` shows which files there are: the open data of the French regulator (CRE), for one.

    The result overlays the bundled tariff, in a file of its own among your tariffs. Your own files prevail; versions
    that the provider's file lacks stay; amounts that contradict one another are reported and not taken. Nothing is
    imported from a file with a wrong row.

    Existing subscriptions with taxes stay where a provider's are not those of bills: the regulator's differ from what
    EDF invoices by up to two per cent since 2022; --subscriptions takes them.
    """
    settings = configuration.settings()
    catalogue, day = catalogue_of(settings), today(settings)
    try:
        content = _content(file)
        provider = provider_of(content, str(file)) if provider_name is None else _named(provider_name)
        history = provider.read(content, str(file), settings)
    except ProviderError as error:
        for each in error.errors:
            echo_error(str(each))
        raise typer.Exit(1) from None
    present = catalogue.tariff(history.tariff)
    path = settings.tariffs_folder / imported_name(present.id)
    target = ImportTarget(present, str(path), catalogue.beneath.get(present.id, ()))
    comparison = compare(provider, history, target, subscriptions=taking.subscriptions)
    report_broken(catalogue)
    if taking.write and (comparison.written or (comparison.overlay and has_former_heading(path))):
        _write(comparison, catalogue, path, ImportRecord(provider.name, day))
    _show(history, comparison, path if taking.write and comparison.written else None, json=json)
    if catalogue.errors:
        raise typer.Exit(1)


def _named(name: str) -> TariffProvider:
    found = {each.name: each for each in providers()}
    if name not in found:
        known = ", ".join(found) or "none"
        raise typer.BadParameter(f"there is no tariff provider {name!r}; there are: {known}", param_hint="--provider")
    return found[name]


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        echo_error(f"{file} cannot be read: {error.strerror or error}")
        raise typer.Exit(1) from None


def _write(comparison: Comparison, catalogue: TariffCatalogue, target: Path, imported: ImportRecord) -> None:
    """Write the file of imports.

    Raises:
        TariffError: the versions do not fit between the others, or a file of the user's is in the way.
    """
    if catalogue.errors:
        echo_error("nothing was written: first repair or remove the file above")
        raise typer.Exit(1)
    present = catalogue.tariff(comparison.tariff)
    text = overlay_text(comparison.tariff, comparison.overlay, imported)
    TariffFile(text, str(target)).overlaid(present, but=days_of_a_person(present, str(target)))
    write_overlay(target, text)


def _show(history: PublishedHistory, comparison: Comparison, written: Path | None, *, json: bool) -> None:
    if json:
        echo(report.as_json(history, comparison, written))
        return
    for table in report.as_tables(comparison):
        print_table(table)
        echo("")
    for sentence in report.sentences(history, comparison, written):
        echo(sentence)
