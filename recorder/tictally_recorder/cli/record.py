"""`tictally record`: the recorder itself."""

from typing import Annotated

import typer

from tictally_recorder.cli.options import Configuration
from tictally_recorder.service import record as run_recorder
from tictally_shared.runtime import log


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
