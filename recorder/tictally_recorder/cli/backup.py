"""`tictally backup`, `tictally restore`: a ledger into one file, and back."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from tictally_recorder.backup import Made, Restored, back_up, sentences
from tictally_recorder.backup import restore as restore_ledger
from tictally_recorder.backup import verify as verify_backup
from tictally_recorder.backup.config_files import left_out
from tictally_recorder.backup.create import Of
from tictally_recorder.backup.repository import back_up_into
from tictally_recorder.backup.settings import BackupSettings
from tictally_recorder.cli.console import echo, progress
from tictally_recorder.cli.options import Configuration
from tictally_recorder.settings import Settings

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
            raise typer.BadParameter("give a FILE", param_hint="--check")
        with _without_collector(), progress("Verifying"):
            header = verify_backup(file)
        _show_made(Made(file, file.stat().st_size, header), settings, "is whole")
        return
    of = Of(
        settings.ledger, settings.contracts_file, settings.tariffs_folder, settings.name, settings.zone, is_whole=whole
    )
    now = datetime.now(UTC)
    with _without_collector(), progress("Backing up"):
        made = back_up(of, file, now) if file is not None else _as_every_night(settings, of, now)
    _show_made(made, settings, "was made and read back")
    for sentence in left_out(of.contracts, of.tariffs):
        echo(sentence)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.", show_default=False)],
    *,
    configuration: Configuration,
) -> None:
    """Put the ledger of a backup in the place of the present one, which stays beside it.

    The recorder must be stopped. The edges send again what came since the backup, up to two weeks, and sinks are filled
    from the beginning. Contracts and tariffs are restored where there are none; others stay.
    """
    settings = configuration.settings()
    now = datetime.now(UTC)
    with _without_collector(), progress("Restoring"):
        done = restore_ledger(file, settings.ledger, settings.contracts_file, settings.tariffs_folder, now)
    _show_restored(done, file, settings)


def _as_every_night(settings: Settings, of: Of, now: datetime) -> Made:
    folder = settings.section(BackupSettings).folder
    if folder is None:
        raise typer.BadParameter("give a FILE, or set TICTALLY_BACKUP to a folder", param_hint="FILE")
    with suppress(OSError):  # a service's sandbox may forbid it
        os.nice(_NICE)
    return back_up_into(folder, of, now)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Millions of small objects and no cycle among them: the collector would take a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _show_made(made: Made, settings: Settings, what: str) -> None:
    header = made.header
    for sentence in sentences(header.sites, settings.zone):
        echo(sentence)
    left_out = "" if header.is_whole else ", without raw frames"
    when = f"{datetime.fromtimestamp(header.made_ms / 1000, UTC).astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
    size = f"{_size(made.size_bytes)}"
    echo(f"{made.path} {what}: {size}, of {when}, ledger version {header.schema}{left_out}.")


def _size(size_bytes: int) -> str:
    return f"{size_bytes / _MB:.1f} MB" if size_bytes >= _MB else f"{size_bytes / 1000:.1f} kB"


def _show_restored(done: Restored, file: Path, settings: Settings) -> None:
    for sentence in sentences(done.header.sites, settings.zone):
        echo(sentence)
    when = f"{datetime.fromtimestamp(done.header.made_ms / 1000, UTC).astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
    echo(f"{settings.ledger} is as {file} has it, of {when}.")
    if done.kept is not None:
        echo(f"What was there before is kept at {done.kept}.")
    for sentence in done.said:
        echo(sentence)
    if done.old_client_id is not None:
        echo(
            "The recorder has another MQTT client id than when the backup was made; what the broker keeps for the old "
            f"one ({done.old_client_id}) goes when the broker forgets it."
        )
    echo("Start `tictally record`: what came since then, the edges send again.")
