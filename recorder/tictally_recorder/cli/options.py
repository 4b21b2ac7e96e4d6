"""The options that every command has: where settings come from, and the form of the result."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from tictally_recorder.cli.console import echo_warning, speak
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.features import load
from tictally_recorder.settings import SERVICE_FILE, Settings
from tictally_shared.settings import EnvironmentFile, Origins, read_file

LedgerOption = Annotated[
    str | None, typer.Option("--ledger", metavar="PATH", help="File of the ledger. Default: TICTALLY_LEDGER.")
]
ConfigOption = Annotated[
    str | None, typer.Option("--config", metavar="FILE", help="TOML file of settings. Default: TICTALLY_CONFIG.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print a JSON array.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV.")]


@dataclass(frozen=True, slots=True)
class Configuration:
    """Where settings come from.

    Attributes:
        ledger: `--ledger`, or None.
        config: `--config`, or None.
    """

    ledger: LedgerOption = None
    config: ConfigOption = None

    def settings(self, *, warns: bool = True) -> Settings:
        """The settings of this process.

        Args:
            warns: whether warnings about them go to stderr; not where the command itself shows them.

        Raises:
            SettingsError: one is wrong.
        """
        settings = settings_of(self.config, self.ledger)
        speak(settings.language)
        for each in settings.warnings if warns else ():
            echo_warning(each)
        return settings


@dataclass(frozen=True, slots=True)
class Output:
    """The form of a result.

    Attributes:
        json: a JSON array instead of a table.
        csv: CSV instead of a table.
    """

    json: JsonOption = False
    csv: CsvOption = False

    def __post_init__(self) -> None:
        if self.json and self.csv:
            raise WrongUse("excludes", "--json", other="--csv")

    @property
    def is_for_programs(self) -> bool:
        """Whether a program reads the result; messages then go to stderr."""
        return self.json or self.csv


def settings_of(config: str | None, ledger: str | None) -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: one is wrong.
    """
    service = EnvironmentFile.read(SERVICE_FILE)
    return load(Origins(os.environ, read_file, config, service), hostname=socket.gethostname(), ledger=ledger)


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """A parser of whole numbers within bounds, whose error names them."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise WrongUse("whole_from" if most is None else "whole_between", text=text[:40], least=least, most=most)
        return number

    return parse


def group() -> typer.Typer:
    """A group of commands, which shows its help where none is named; its summary is in the list of commands."""
    app = typer.Typer(rich_markup_mode=None)

    @app.callback(invoke_without_command=True)
    def without_command(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    return app
