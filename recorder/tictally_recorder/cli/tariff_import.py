"""`tictally tariff import`, `fetch`, `undo`: compare a tariff with a provider's file, write what is new, undo that."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from tictally_recorder.cli.catalogue import catalogue_of, report_broken, tariff_of, today
from tictally_recorder.cli.console import echo, echo_error, error_text, print_table, spoken
from tictally_recorder.cli.options import Configuration, JsonOption
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.fetch import FetchError, FetchSettings
from tictally_recorder.fetch.client import FetchClient
from tictally_recorder.problem import ProblemCode
from tictally_recorder.providers.cre.files import fetched_files
from tictally_recorder.providers.cre.settings import CreSettings
from tictally_recorder.reports import tariff_import as report
from tictally_recorder.tariffs.importer import Comparison
from tictally_recorder.tariffs.importing import ImportFolder
from tictally_recorder.tariffs.model import ImportRecord
from tictally_recorder.tariffs.providers.cre.provider import Cre
from tictally_recorder.tariffs.providers.protocol import ProviderError, PublishedHistory, TariffProvider
from tictally_recorder.tariffs.providers.registry import provider_of, providers
from tictally_shared.phrase import Phrase


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
    folder, day = ImportFolder(settings.tariffs_folder, catalogue_of(settings)), today(settings)
    try:
        content = _content(file)
        provider = provider_of(content, str(file)) if provider_name is None else _named(provider_name)
        history = provider.read(content, str(file), settings)
    except ProviderError as error:
        for each in error.errors:
            echo_error(error_text(each))
        raise typer.Exit(1) from None
    _take(folder, provider, history, taking, day=day, json=json)
    if folder.catalogue.errors:
        raise typer.Exit(1)


def fetch(*, taking: Taking, json: JsonOption = False, configuration: Configuration) -> None:
    """Fetch the CRE's files from the open-data portal and compare; with --write, take what is new or differs.

    As `tictally tariff import` with each of the three files. The job `cre` does the same every week, where
    TICTALLY_CRE_UPDATES is set, but for versions that were undone.
    """
    settings = configuration.settings()
    if not settings.section(FetchSettings).is_allowed:
        raise FetchError(Phrase(ProblemCode.FETCH_FORBIDDEN))
    day, is_complete = today(settings), True
    with FetchClient() as client:
        url = settings.section(CreSettings).url
        for found in fetched_files(client, url, settings, only_changed=False):
            if isinstance(found, FetchError):
                echo_error(error_text(found))
                is_complete = False
                continue
            folder = ImportFolder(settings.tariffs_folder, catalogue_of(settings))
            _take(folder, Cre(), found.history, taking, day=day, json=json)
            is_complete = is_complete and not folder.catalogue.errors
    if not is_complete:
        raise typer.Exit(1)


def undo(
    tariff_id: Annotated[str, typer.Argument(metavar="ID", help="A tariff, as `tictally tariff list` names it.")],
    *,
    configuration: Configuration,
) -> None:
    """Undo the last import of a tariff: what it took is given back, and the costs of its days are computed again.

    The job `cre` does not take these versions again; `tictally tariff import FILE --write` and `tariff fetch --write`
    do. An import from before the last one cannot be undone.
    """
    settings = configuration.settings()
    catalogue = catalogue_of(settings)
    tariff = tariff_of(catalogue, tariff_id)
    days = ImportFolder(settings.tariffs_folder, catalogue).undo(tariff.id)
    echo(spoken().text("import_text.tariff_undone", tariff=tariff.id, versions=", ".join(map(str, days))))


def _take(  # noqa: PLR0913 - of a file, and how it is shown
    folder: ImportFolder, provider: TariffProvider, history: PublishedHistory, taking: Taking, *, day: date, json: bool
) -> None:
    comparison = folder.compare(provider, history, subscriptions=taking.subscriptions)
    report_broken(folder.catalogue)
    path = None
    if taking.write and folder.is_worth_writing(comparison):
        if folder.catalogue.errors:
            echo_error("nothing was written: first repair or remove the file above")
            raise typer.Exit(1)
        path = folder.take(comparison, ImportRecord(provider.name, day))
    _show(history, comparison, path if comparison.written else None, json=json)


def _named(name: str) -> TariffProvider:
    found = {each.name: each for each in providers()}
    if name not in found:
        raise WrongUse("no_provider", "--provider", name=name, known=", ".join(found))
    return found[name]


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        echo_error(f"{file} cannot be read: {error.strerror or error}")
        raise typer.Exit(1) from None


def _show(history: PublishedHistory, comparison: Comparison, written: Path | None, *, json: bool) -> None:
    if json:
        echo(report.as_json(history, comparison, written))
        return
    words = spoken()
    for table in report.as_tables(comparison, words):
        print_table(table)
        echo("")
    for sentence in report.sentences(history, comparison, written, words):
        echo(sentence)
