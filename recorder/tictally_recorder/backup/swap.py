"""Swaps a new ledger in for an old one, which is kept; one of them is intact at every moment, also after a kill."""

import glob
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from tictally_recorder.backup.file_format import BackupError
from tictally_shared.runtime.atomic_file import replacement_path, sync_folder

_LOG: Final = "-wal"
# The old log until the new ledger is in place: under its own name SQLite would replay it into a ledger in use.
_PARKED_LOG: Final = ".wal"
_PREVIOUS: Final = ".before-restore-"
_UNFINISHED: Final = ".restoring"
_BESIDE: Final = (_LOG, "-shm", "-journal")


def replace_ledger(new: Path, ledger: Path, now: datetime) -> Path | None:
    """Replace a ledger, whose lock the caller holds, by another. The folder is not flushed to the disk yet.

    Args:
        new: a closed database in the same folder, without files beside it, flushed to the disk.
        ledger: its place.
        now: for the new name of the old ledger.

    Returns:
        The old ledger's new name, None if there was none.

    Raises:
        BackupError: another process reads the old ledger.
        OSError: the folder cannot be written; the old ledger is in its place.
    """
    previous = _free_name(ledger, f"{ledger.name}{_PREVIOUS}{now:%Y%m%dT%H%M%SZ}")
    log, previous_log = _beside(ledger, _LOG), _beside(previous, _PARKED_LOG)
    had_one, had_log = ledger.exists(), log.exists()
    try:
        # Before anything opens it: SQLite deletes the log of a file that is no database any more.
        if had_log:
            _add_name(log, previous_log)
        is_same = had_one and _add_name(ledger, previous)
        # An empty file has nothing to fold a log into.
        if had_one and ledger.stat().st_size > 0 and _fold_log(ledger) and is_same:
            previous_log.unlink(missing_ok=True)
        sync_folder(ledger.parent)
        # SQLite would take a log beside the new ledger for its own.
        for suffix in _BESIDE:
            _beside(ledger, suffix).unlink(missing_ok=True)
        new.replace(ledger)
    except (BackupError, OSError):
        if ledger.exists():  # under its own name too: the second name is redundant
            previous.unlink(missing_ok=True)
            if log.exists() or not had_log:
                previous_log.unlink(missing_ok=True)
        raise
    with suppress(OSError):  # the old ledger is kept all the same
        if previous_log.exists():
            previous_log.replace(_beside(previous, _LOG))
    return previous if had_one else None


def remove_second_names(ledger: Path) -> None:
    """Remove the leftovers of a killed restore: an unfinished ledger, and second names of the ledger itself.

    Opening such a name would write into the ledger itself. The caller holds the ledger's lock.
    """
    for path in ledger.parent.glob(f"{glob.escape(ledger.name)}{_UNFINISHED}*"):
        path.unlink(missing_ok=True)
    if not ledger.exists():
        return
    for path in ledger.parent.glob(f"{glob.escape(ledger.name)}{_PREVIOUS}*"):
        if path.is_file() and path.samefile(ledger):
            path.unlink()
            _beside(path, _PARKED_LOG).unlink(missing_ok=True)


def _free_name(ledger: Path, name: str) -> Path:
    """A name that no file has yet: two restores within a second get two names."""
    names = (name, *(f"{name}-{n}" for n in range(2, 1000)))
    beside = ("", _LOG, _PARKED_LOG)
    return next(
        path for path in map(ledger.with_name, names) if not any(_beside(path, suffix).exists() for suffix in beside)
    )


def unfinished(ledger: Path) -> Path:
    """Where the ledger is built that will replace this one."""
    return _beside(ledger, _UNFINISHED)


def clear(database: Path) -> None:
    """Remove an unfinished database and the files beside it."""
    for path in (database, *(_beside(database, suffix) for suffix in _BESIDE)):
        path.unlink(missing_ok=True)


def _fold_log(ledger: Path) -> bool:
    """Fold the old ledger's log into its file; False for a damaged ledger, which is left as it was."""
    try:
        with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise BackupError(
                f"another process reads the ledger {ledger}; retry when it has ended. Nothing was changed"
            ) from None
        return False
    except sqlite3.Error:
        return False
    return True


def _add_name(path: Path, second: Path) -> bool:
    """Add a second name, so that the first always exists; False if the disk has no links and it is a copy."""
    try:
        os.link(path, second)
    except OSError:
        with replacement_path(second) as part:
            shutil.copy2(path, part)
        return False
    return True


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}{suffix}")
