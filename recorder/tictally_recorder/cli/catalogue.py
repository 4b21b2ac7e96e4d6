"""Tariffs and contracts of this process's settings, and the messages where they are missing or broken."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

import typer

from tictally_recorder.cli.console import echo_error, error_text
from tictally_recorder.cli.window import present
from tictally_recorder.cost.contracts.meter_reported import announced
from tictally_recorder.cost.contracts.onboarding import FirstContract, how_to_join, needs_contract
from tictally_recorder.cost.terms import LoadedTerms, load_terms
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.catalogue import TariffCatalogue, load_catalogue
from tictally_recorder.tariffs.errors import TariffError, UnknownTariff
from tictally_recorder.tariffs.model import Tariff
from tictally_recorder.translations import catalogue as words_of


def paid_by(settings: Settings, sites: Iterable[Site]) -> LoadedTerms:
    """Tariffs and contracts of the settings.

    Args:
        settings: with their paths.
        sites: all of the ledger.

    Raises:
        ContractError: the contracts cannot be used; without file there are none, and that is no error.
        TariffError: a bundled tariff is broken.
    """
    return load_terms(settings.contracts_file, settings.tariffs_folder, sites, settings.zone)


def catalogue_of(settings: Settings) -> TariffCatalogue:
    """The bundled tariffs, and the user's own over them."""
    return load_catalogue(settings.tariffs_folder)


def tariff_of(catalogue: TariffCatalogue, tariff_id: str) -> Tariff:
    """The tariff of an id.

    Raises:
        TariffError: it is in a file that cannot be used.
        UnknownTariff: there is none; files that cannot be used, one of which may be meant, have been reported.
    """
    broken = catalogue.broken.by_id.get(tariff_id)
    if broken is not None and tariff_id not in catalogue.tariffs:
        raise broken.error
    try:
        return catalogue.tariff(tariff_id)
    except UnknownTariff:
        report_broken(catalogue)
        raise


def report_broken(catalogue: TariffCatalogue) -> None:
    """Report on stderr which of the user's files cannot be used."""
    for error in catalogue.errors:
        echo_error(error_text(error))


def first_contract_help(
    settings: Settings, reader: LedgerReader, site: Site, paid: LoadedTerms, sites: Sequence[Site]
) -> list[str]:
    """How to write a site's first contract; empty if it needs none.

    Args:
        settings: with the path of the contracts.
        reader: of the ledger.
        site: that is asked about.
        paid: tariffs and contracts.
        sites: all of the ledger.
    """
    option, is_only_site = announced(reader, site), len(sites) == 1
    if not needs_contract(reader, site, paid.terms.contracts, option):
        return []
    words = words_of(settings.language)
    begin = FirstContract(settings.contracts_file, settings.zone, site, option, is_only_site).how_to_begin(words)
    return ["\n".join(filter(None, (begin, how_to_join(site, sites, words))))]


def end_with_problems(
    advice: Iterable[str], catalogue: TariffCatalogue, used: Collection[TariffError] | None = None
) -> None:
    """Print advice and broken files on stderr, and end with 1 where there are any that matter.

    Args:
        advice: sentences.
        catalogue: with its broken files.
        used: those of them that matter; None: all.

    Raises:
        typer.Exit: there are.
    """
    advice = list(advice)
    for each in advice:
        echo_error(each)
    report_broken(catalogue)
    if advice or (catalogue.errors if used is None else used):
        raise typer.Exit(1)


def nothing_counted(first: date, until: date, settings: Settings, *, has_sites: bool) -> str:
    """Why an answer is empty: nothing was counted on its days, or no frame has come yet.

    Args:
        first: of the days.
        until: the day after the last.
        settings: with the language.
        has_sites: the ledger has a site.
    """
    words = words_of(settings.language)
    if not has_sites:
        return words.text("report.no_frames")
    return words.text("report.nothing_counted", start=str(first), end=str(until))


def today(settings: Settings) -> date:
    """The local date."""
    return present().astimezone(settings.zone).date()
