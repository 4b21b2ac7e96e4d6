"""The price lists of this process's settings."""

from tictally_recorder.cli.output import say
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.errors import UnknownTariff
from tictally_recorder.tariffs.model import Tariff
from tictally_recorder.tariffs.shelf import Shelf, load_shelf


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
