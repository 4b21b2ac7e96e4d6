"""The price lists of this process's settings."""

from tictally_recorder.cli.output import say
from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.shelf import Shelf, load_shelf


def shelf_of(settings: Settings) -> Shelf:
    """The shipped lists, and the user's own over them."""
    return load_shelf(settings.tariffs_folder)


def tell_broken(shelf: Shelf) -> None:
    """Say on stderr which of the user's files could not be used."""
    for error in shelf.errors:
        say(f"tictally: {error}", aside=True)
