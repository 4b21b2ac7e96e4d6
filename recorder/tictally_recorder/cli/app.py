"""The commands together; every error becomes one message and an exit code."""

import os
import sys
from contextlib import suppress
from importlib.metadata import version
from typing import Annotated, Final

import typer

from tictally_recorder.backup import BackupError
from tictally_recorder.cli import contract, imports, job, notify, sink, site, tariff, token
from tictally_recorder.cli.backup import backup, restore
from tictally_recorder.cli.bill import bill
from tictally_recorder.cli.compare import compare
from tictally_recorder.cli.console import echo, echo_error, echo_warning, error_text, speak, spoken
from tictally_recorder.cli.cost import cost
from tictally_recorder.cli.doctor import doctor
from tictally_recorder.cli.energy import energy
from tictally_recorder.cli.export import export
from tictally_recorder.cli.option_groups import flattened
from tictally_recorder.cli.options import Configuration, settings_of
from tictally_recorder.cli.power import power
from tictally_recorder.cli.reconcile import reconcile
from tictally_recorder.cli.standby import standby
from tictally_recorder.cli.temperature import temperature
from tictally_recorder.cli.tempo import tempo
from tictally_recorder.cli.wrong_use import usage_text
from tictally_recorder.export import ExportError
from tictally_recorder.fetch import FetchError
from tictally_recorder.jobs import JobError
from tictally_recorder.ledger import LedgerError
from tictally_recorder.service import record as run_recorder
from tictally_recorder.sinks.protocol import SinkError
from tictally_recorder.tariffs.errors import InFileError, UnknownTariff
from tictally_recorder.tariffs.importing import NothingToUndoError
from tictally_shared.runtime import log
from tictally_shared.settings import SettingsError

_FAILURES: Final = (
    InFileError,
    LedgerError,
    BackupError,
    ExportError,
    UnknownTariff,
    SinkError,
    JobError,
    FetchError,
    NothingToUndoError,
)
_FAILED, _WRONG_USE, _INTERRUPTED = 1, 2, 130
_EPILOG: Final = """Exit codes: 0 done; 1 failed, or the answer needs attention; 2 wrong use or a wrong setting; 130
interrupted. Environment: TICTALLY_* (docs/settings.md), NO_COLOR, COLUMNS."""

app = typer.Typer(
    name="tictally",
    help="Record what Linky meters publish on MQTT in a ledger, and compute energy, cost and more from it.",
    epilog=_EPILOG.replace("\n", " "),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command(short_help="Record what the edges publish, until stopped.")
@flattened
def record(
    *,
    new_ledger: Annotated[
        bool,
        typer.Option(
            "--new-ledger",
            help="Begin an empty ledger also where there was one that is missing now; an existing one is kept.",
        ),
    ] = False,
    configuration: Configuration,
) -> None:
    """Record what every edge publishes, until stopped by SIGTERM or Ctrl-C.

    A message is acknowledged after it is stored; while the recorder is stopped, the broker keeps what arrives. The
    ledger's folder must exist, and a ledger that is missing is not begun again: its disk may not be mounted. Settings
    come from the environment, files and TOML: docs/settings.md lists them all.
    """
    settings = configuration.settings()
    log.set_up()
    run_recorder(settings, begins_new=new_ledger)


app.command(short_help="Show the energy of each register.")(flattened(energy))
app.command(short_help="Show what that energy cost, by which tariff version.")(flattened(cost))
app.command(short_help="Show the cost laid out like a bill, with its taxes.")(flattened(bill))
app.command(short_help="Show what it would have cost on other tariffs.")(flattened(compare))
app.command(short_help="Show which subscribed powers would have been enough, and the saving.")(flattened(power))
app.command(short_help="Show the base load of nights, its trend and cost.")(flattened(standby))
app.command(short_help="Compare each day with Enedis' figure.")(flattened(reconcile))
app.command(short_help="Show degree-days, and consumption by temperature.")(flattened(temperature))
app.command(short_help="Show the colours of Tempo days, and those left.")(flattened(tempo))
app.command(short_help="Write tables that any program reads.")(flattened(export))
app.command(short_help="Back up the ledger into one small file.")(flattened(backup))
app.command(short_help="Restore the ledger from a backup.")(flattened(restore))
app.command(short_help="Check everything; show what is wrong and what to do.")(flattened(doctor))
app.add_typer(imports.app, name="import")
app.add_typer(site.app, name="site")
app.add_typer(contract.app, name="contract")
app.add_typer(tariff.app, name="tariff")
app.add_typer(sink.app, name="sink")
app.add_typer(job.app, name="job")
app.add_typer(notify.app, name="notify")
app.add_typer(token.app, name="token")


def main(arguments: list[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: of the command line; None: this process's own.

    Returns:
        The exit code: 0, 1 for what failed, 2 for wrong use or a wrong setting. Each failure is one message on stderr.
    """
    speak("en")  # until the settings are known
    try:
        result = app(arguments, prog_name="tictally", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        _speak_as_set()
        return _fail(usage_text(error, spoken()), _WRONG_USE)
    except SettingsError as error:
        for each in error.warnings:
            echo_warning(each)
        return _fail(str(error), _WRONG_USE)
    except _FAILURES as error:
        return _fail(error_text(error), _FAILED)
    except typer.Abort:
        return _INTERRUPTED
    except BrokenPipeError:
        # Who read our output has gone, as `head` does; Python would complain once more while closing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    return result if isinstance(result, int) else 0


@app.callback(invoke_without_command=True)
def _without_command(
    context: typer.Context,
    *,
    show_version: Annotated[bool, typer.Option("--version", is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    if show_version:
        echo(f"tictally {version('tictally-recorder')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        echo(context.get_help())


def _speak_as_set() -> None:
    """Show errors in the language of the settings, where a wrong option ended the command before it read them."""
    with suppress(SettingsError):
        speak(settings_of(None, None).language)


def _fail(sentence: str, code: int) -> int:
    echo_error(sentence)
    return code
