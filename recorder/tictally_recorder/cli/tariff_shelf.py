"""The price lists of this process's settings."""

from pathlib import Path

from tictally_recorder.settings import Settings
from tictally_recorder.tariffs.shelf import Shelf, load_shelf


def shelf_of(settings: Settings) -> Shelf:
    """The shipped lists, and those in the folder `tariffs` beside the ledger."""
    return load_shelf(tariffs_folder(settings))


def tariffs_folder(settings: Settings) -> Path:
    """Where the user's own lists lie."""
    return settings.ledger.parent / "tariffs"
