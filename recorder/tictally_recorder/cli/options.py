"""The options that several commands share, and the settings that they amount to."""

import os
import socket
from typing import Annotated

import typer

from tictally_recorder.features import load
from tictally_recorder.settings import SERVICE_FILE, Settings
from tictally_shared.settings import EnvironmentFile, Origins, read_file

LedgerOption = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        metavar="PATH",
        help="The ledger's file. Without it: TICTALLY_LEDGER, else tictally/ledger.sqlite where a user's state lies "
        "($XDG_STATE_HOME, ~/.local/state).",
    ),
]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="A TOML file of settings, named as the variables are but in lower case and without TICTALLY_; the "
        "environment comes before it. Without it: TICTALLY_CONFIG.",
    ),
]


def settings_of(config: str | None, ledger: str | None) -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: one is wrong.
    """
    service = EnvironmentFile.read(SERVICE_FILE)
    return load(Origins(os.environ, read_file, config, service), hostname=socket.gethostname(), ledger=ledger)
