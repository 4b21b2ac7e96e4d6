"""The commands put together, and every error made a sentence and an exit code."""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from tictally_recorder.backup import BackupError
from tictally_recorder.cli import job, sink, site, tariff, token
from tictally_recorder.cli.backup import backup, restore
from tictally_recorder.cli.bill import bill
from tictally_recorder.cli.compare import compare
from tictally_recorder.cli.console import say
from tictally_recorder.cli.cost import cost
from tictally_recorder.cli.doctor import doctor
from tictally_recorder.cli.energy import energy
from tictally_recorder.cli.export import export
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.cli.standby import standby
from tictally_recorder.cost.contracts import ContractError
from tictally_recorder.export import ExportError
from tictally_recorder.jobs import JobError
from tictally_recorder.ledger import LedgerError
from tictally_recorder.service import record as run_recorder
from tictally_recorder.sinks.protocol import SinkError
from tictally_recorder.tariffs.errors import TariffError, UnknownTariff
from tictally_shared.runtime import log
from tictally_shared.settings import SettingsError

_FAILED, _WRONG_USE, _INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="tictally",
    help="Keeps what a Linky meter said on MQTT in a ledger, for decades, and tells what its registers counted.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(short_help="Tell how much energy went through each register.")(energy)
app.command(short_help="Tell what that energy cost, and by which price list.")(cost)
app.command(short_help="Lay that out like a bill, with its taxes.")(bill)
app.command(short_help="Tell what the same use would have cost on other price lists.")(compare)
app.command(short_help="Tell what a home draws at night, its trend, and what that costs a year.")(standby)
app.command(short_help="Write tables that any program reads.")(export)
app.command(short_help="Put the ledger into one small file.")(backup)
app.command(short_help="Put a backup in the ledger's place.")(restore)
app.command(short_help="Look whether all is well, and say what to do where it is not.")(doctor)
app.add_typer(site.app, name="site")
app.add_typer(tariff.app, name="tariff")
app.add_typer(sink.app, name="sink")
app.add_typer(job.app, name="job")
app.add_typer(token.app, name="token")


def main(arguments: list[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: of the command line; None: this process's own.

    Returns:
        The exit code: 0, 1 for what failed, 2 for wrong use or a wrong setting. Each failure is one sentence on stderr.
    """
    try:
        result = app(arguments, prog_name="tictally", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _fail(error.format_message().replace("Value error, ", ""), _WRONG_USE)  # pydantic's words, not ours
    except SettingsError as error:
        return _fail(str(error), _WRONG_USE)
    except (
        LedgerError,
        BackupError,
        ExportError,
        TariffError,
        UnknownTariff,
        ContractError,
        SinkError,
        JobError,
    ) as error:
        return _fail(str(error), _FAILED)
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
    show_version: Annotated[bool, typer.Option("--version", is_eager=True, help="Show the version and end.")] = False,
) -> None:
    if show_version:
        say(f"tictally {version('tictally-recorder')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        say(context.get_help())


@app.command(short_help="Record what the edges publish, until stopped.")
def record(ledger: LedgerOption = None, config: ConfigOption = None) -> None:
    """Record what every edge publishes, until stopped by SIGTERM or Ctrl-C.

    A message is acknowledged when the ledger has it safely on its disk; what comes while the recorder is away waits at
    the broker. Settings come from the environment (TICTALLY_NAME, TICTALLY_MQTT_HOST, TICTALLY_MQTT_PORT,
    TICTALLY_MQTT_USERNAME, TICTALLY_MQTT_PASSWORD, TICTALLY_MQTT_CA, TICTALLY_BASE_TOPIC, TICTALLY_LEDGER,
    TICTALLY_EDGES, TICTALLY_TIMEZONE; TICTALLY_INFLUXDB_URL, TICTALLY_INFLUXDB_ORG and TICTALLY_INFLUXDB_TOKEN where
    the ledger is copied to InfluxDB), each also from a file that TICTALLY_…_FILE names, or from --config.
    """
    settings = settings_of(config, ledger)
    log.set_up()
    run_recorder(settings)


def _fail(sentence: str, code: int) -> int:
    say(f"tictally: {sentence}", aside=True)
    return code
