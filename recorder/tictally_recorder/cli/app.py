"""The commands together; every error becomes one message and an exit code."""

import os
import sys
from contextlib import suppress
from importlib.metadata import version
from typing import Annotated, ClassVar, Final

import typer

from tictally_recorder.cli.console import echo, echo_error, echo_warning, error_text, speak, spoken
from tictally_recorder.cli.lazy_group import Entry, LazyGroup
from tictally_recorder.cli.wrong_use import usage_text
from tictally_recorder.problem import ProblemError
from tictally_shared.settings_error import SettingsError

_FAILED, _WRONG_USE, _INTERRUPTED = 1, 2, 130
_EPILOG: Final = """Exit codes: 0 done; 1 failed, or the answer needs attention; 2 wrong use or a wrong setting; 130
interrupted. Environment: TICTALLY_* (docs/settings.md), NO_COLOR, COLUMNS."""


class _Commands(LazyGroup):
    """All commands, in the order of the help."""

    entries: ClassVar = {
        "record": Entry("record", "Record what the edges publish, until stopped."),
        "energy": Entry("energy", "Show the energy of each register."),
        "cost": Entry("cost", "Show what that energy cost, by which tariff version."),
        "bill": Entry("bill", "Show the cost laid out like a bill, with its taxes."),
        "compare": Entry("compare", "Show what it would have cost on other tariffs."),
        "versus": Entry("versus", "Compare two spans of days, corrected by degree-days; the effect of a note."),
        "power": Entry("power", "Show which subscribed powers would have been enough, and the saving."),
        "standby": Entry("standby", "Show the base load of nights, its trend and cost."),
        "reconcile": Entry("reconcile", "Compare each day with Enedis' figure."),
        "temperature": Entry("temperature", "Show degree-days, and consumption by temperature."),
        "tempo": Entry("tempo", "Show the colours of Tempo days, and those left."),
        "export": Entry("export", "Write tables that any program reads."),
        "backup": Entry("backup", "Back up the ledger into one small file."),
        "restore": Entry("backup", "Restore the ledger from a backup."),
        "doctor": Entry("doctor", "Check everything; show what is wrong and what to do."),
        "import": Entry(
            "imports", "Import history from files of other programs; list imports, undo one.", is_group=True
        ),
        "site": Entry("site", "List sites and their meters; join, ignore or remove sites.", is_group=True),
        "contract": Entry("contract", "List contracts, add or end one, check them against the meter.", is_group=True),
        "note": Entry("note", "Add, list, change and delete notes on days.", is_group=True),
        "tariff": Entry("tariff", "List and show tariffs, check them, import published prices.", is_group=True),
        "sink": Entry("sink", "Show the ledger's sinks, set them up, refill them.", is_group=True),
        "job": Entry("job", "List and run scheduled jobs.", is_group=True),
        "notify": Entry("notify", "Show the notifications, and test their targets.", is_group=True),
        "token": Entry("token", "Create, list and revoke tokens for clients of Conso API.", is_group=True),
    }


app = typer.Typer(
    name="tictally",
    cls=_Commands,
    help="Record what Linky meters publish on MQTT in a ledger, and compute energy, cost and more from it.",
    epilog=_EPILOG.replace("\n", " "),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
    except ProblemError as error:
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
    from tictally_recorder.cli.options import settings_of  # noqa: PLC0415 - most command lines are right

    with suppress(SettingsError):
        speak(settings_of(None, None).language)


def _fail(sentence: str, code: int) -> int:
    echo_error(sentence)
    return code
