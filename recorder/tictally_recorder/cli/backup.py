"""`tictally backup`, `tictally restore`: a ledger into one file, and back."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from tictally_recorder.backup.config_files import skipped_files
from tictally_recorder.backup.create import BackupResult, BackupSpec, back_up
from tictally_recorder.backup.repository import back_up_into
from tictally_recorder.backup.restore import RestoreResult
from tictally_recorder.backup.restore import restore as restore_ledger
from tictally_recorder.backup.settings import BackupSettings
from tictally_recorder.backup.summary import sentences
from tictally_recorder.backup.verify import verify as verify_backup
from tictally_recorder.cli.console import echo, progress
from tictally_recorder.cli.options import Configuration
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.settings import Settings
from tictally_shared.settings_error import SettingsError

_NICE: Final = 15
_MB: Final = 1_000_000


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            show_default=False,
            help="The backup's file. Default: one named after the date in the folder TICTALLY_BACKUP, where old "
            "backups are deleted as every night.",
        ),
    ] = None,
    *,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole", help="With raw frames of two days and dead letters: ten times the size; no answer needs them."
        ),
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Make none: verify FILE and show what is in it.")] = False,
    configuration: Configuration,
) -> None:
    """Back up ledger, contracts and your own tariffs into one compressed file; the recorder may run meanwhile.

    The backup is of one moment. Its file appears when it is completely on disk and was read back. Passwords and
    settings are not in it.
    """
    settings = configuration.settings()
    if check:
        if file is None:
            raise WrongUse("give_file", "--check")
        with _without_collector(), progress("Verifying"):
            header = verify_backup(file)
        _show_made(BackupResult(file, file.stat().st_size, header), settings, "is intact")
        return
    files = settings.ledger, settings.contracts_file, settings.tariffs_folder
    spec = BackupSpec(*files, settings.name, settings.zone, is_complete=whole)
    now = datetime.now(UTC)
    with _without_collector(), progress("Backing up"):
        made = back_up(spec, file, now) if file is not None else _as_every_night(settings, spec, now)
    _show_made(made, settings, "was created and verified")
    for sentence in skipped_files(spec.contracts, spec.tariffs):
        echo(sentence)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.", show_default=False)],
    *,
    configuration: Configuration,
) -> None:
    """Put the ledger of a backup in the place of the current one, which stays beside it.

    The recorder must be stopped. The edges send again what came since the backup, as far as their journals reach (two
    weeks), and sinks are filled from the beginning. Contracts and tariffs are restored if there are none; others
    stay.
    """
    settings = configuration.settings()
    now = datetime.now(UTC)
    with _without_collector(), progress("Restoring"):
        done = restore_ledger(file, settings.ledger, settings.contracts_file, settings.tariffs_folder, now)
    _show_restored(done, file, settings)


def _as_every_night(settings: Settings, spec: BackupSpec, now: datetime) -> BackupResult:
    folder = settings.section(BackupSettings).folder
    if folder is None:
        raise SettingsError("give a FILE, or set TICTALLY_BACKUP to a folder")
    with suppress(OSError):  # a service's sandbox may forbid it
        os.nice(_NICE)
    return back_up_into(folder, spec, now)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Millions of small objects and no cycle among them: the collector would take a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _show_made(made: BackupResult, settings: Settings, what: str) -> None:
    header = made.header
    for sentence in sentences(header.sites, settings.zone):
        echo(sentence)
    left_out = "" if header.is_complete else ", without raw frames"
    when = f"{datetime.fromtimestamp(header.created_ms / 1000, UTC).astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
    size = f"{_size(made.size_bytes)}"
    echo(f"{made.path} {what}: {size}, of {when}, ledger version {header.schema}{left_out}.")


def _size(size_bytes: int) -> str:
    return f"{size_bytes / _MB:.1f} MB" if size_bytes >= _MB else f"{size_bytes / 1000:.1f} kB"


def _show_restored(done: RestoreResult, file: Path, settings: Settings) -> None:
    for sentence in sentences(done.header.sites, settings.zone):
        echo(sentence)
    when = f"{datetime.fromtimestamp(done.header.created_ms / 1000, UTC).astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
    echo(f"{settings.ledger} is restored from {file}, of {when}.")
    if done.previous is not None:
        echo(f"The previous ledger is kept at {done.previous}.")
    for sentence in done.notes:
        echo(sentence)
    if done.old_client_id is not None:
        echo(
            "The recorder has a new MQTT client id; the broker drops the queue of the backup's id "
            f"({done.old_client_id}) when that session expires."
        )
    echo("Start `tictally record`: the edges resend what came since then, as far as their journals reach (two weeks).")
