"""The price lists of this process's settings."""

from collections.abc import Iterable

from tictally_recorder.cli.console import say
from tictally_recorder.cost.terms import Paid, read_paid
from tictally_recorder.ledger import Site
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.catalogue import Shelf, load_shelf
from tictally_recorder.tariffs.errors import UnknownTariff
from tictally_recorder.tariffs.model import Tariff


def paid_by(settings: Settings, sites: Iterable[Site]) -> Paid:
    """Price lists and contracts of the settings.

    Args:
        settings: that say where they lie.
        sites: all of the ledger.

    Raises:
        ContractError: the contracts cannot be used; without file there are none, and that is no error.
        TariffError: a shipped price list is broken.
    """
    return read_paid(settings.contracts_file, settings.tariffs_folder, sites)


def shelf_of(settings: Settings) -> Shelf:
    """The shipped lists, and the user's own over them."""
    return load_shelf(settings.tariffs_folder)


def asked_of(shelf: Shelf, tariff_id: str) -> Tariff:
    """The list of an id.

    Raises:
        UnknownTariff: there is none; a file that cannot be used, which may be why, has been told.
    """
    try:
        return shelf.tariff(tariff_id)
    except UnknownTariff:
        tell_broken(shelf)
        raise


def tell_broken(shelf: Shelf) -> None:
    """Say on stderr which of the user's files could not be used."""
    for error in shelf.errors:
        say(f"tictally: {error}", aside=True)
