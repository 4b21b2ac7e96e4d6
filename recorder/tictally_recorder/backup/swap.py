"""A new ledger takes the place of an old one, which is kept: whole at every moment, whatever ends this process."""

import glob
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from tictally_recorder.backup.create import sync_folder
from tictally_recorder.backup.errors import BackupError

_LOG: Final = "-wal"
# The old one's log until the new one is in its place: under its own name SQLite would play it into a ledger in use.
_WAITING: Final = ".wal"
_KEPT: Final = ".before-restore-"
_UNFINISHED: Final = ".restoring"
_BESIDE: Final = (_LOG, "-shm", "-journal")


def replace_ledger(new: Path, ledger: Path, now: datetime) -> Path | None:
    """Put a ledger in the place of another, whose lock the caller holds. The folder is not yet safe on its disk.

    Args:
        new: a closed database in the same folder, without files beside it, safe on its disk.
        ledger: its place.
        now: for the name under which the old one is kept.

    Returns:
        The old one, None where there was none.

    Raises:
        BackupError: somebody reads the old one.
        OSError: the folder cannot be written; the old one is in its place.
    """
    kept = _free_name(ledger, f"{ledger.name}{_KEPT}{now:%Y%m%dT%H%M%SZ}")
    log, kept_log = _beside(ledger, _LOG), _beside(kept, _WAITING)
    had_one, had_log = ledger.exists(), log.exists()
    try:
        # Before anybody opens it: SQLite clears away the log of what it takes for no database any more.
        if had_log:
            _keep(log, kept_log)
        is_same = had_one and _keep(ledger, kept)
        # A log is none of an empty file's: there is nothing to fold it into.
        if had_one and ledger.stat().st_size > 0 and _fold_log(ledger) and is_same:
            kept_log.unlink(missing_ok=True)
        sync_folder(ledger.parent)
        # A log that stands beside the new one would be taken for its own.
        for suffix in _BESIDE:
            _beside(ledger, suffix).unlink(missing_ok=True)
        new.replace(ledger)
    except (BackupError, OSError):
        if ledger.exists():  # under its own name too: this one says nothing more
            kept.unlink(missing_ok=True)
            if log.exists() or not had_log:
                kept_log.unlink(missing_ok=True)
        raise
    with suppress(OSError):  # it is kept all the same
        if kept_log.exists():
            kept_log.replace(_beside(kept, _LOG))
    return kept if had_one else None


def clear_second_names(ledger: Path) -> None:
    """Remove what a restore that was killed had begun: an unfinished ledger, and second names of the one in its place.

    Whoever opened such a name would write into the ledger itself. To be called with the ledger's lock held.
    """
    for path in ledger.parent.glob(f"{glob.escape(ledger.name)}{_UNFINISHED}*"):
        path.unlink(missing_ok=True)
    if not ledger.exists():
        return
    for path in ledger.parent.glob(f"{glob.escape(ledger.name)}{_KEPT}*"):
        if path.is_file() and path.samefile(ledger):
            path.unlink()
            _beside(path, _WAITING).unlink(missing_ok=True)


def _free_name(ledger: Path, name: str) -> Path:
    """Two within a second, one of which was killed, are two names."""
    names = (name, *(f"{name}-{n}" for n in range(2, 1000)))
    beside = ("", _LOG, _WAITING)
    return next(
        path for path in map(ledger.with_name, names) if not any(_beside(path, suffix).exists() for suffix in beside)
    )


def unfinished(ledger: Path) -> Path:
    """Where a ledger is made that shall take the place of this one."""
    return _beside(ledger, _UNFINISHED)


def clear(database: Path) -> None:
    """Remove a database that was not finished, and what stands beside it."""
    for path in (database, *(_beside(database, suffix) for suffix in _BESIDE)):
        path.unlink(missing_ok=True)


def _fold_log(ledger: Path) -> bool:
    """The old one becomes one file; False for one that is damaged, which is no worse for it."""
    try:
        with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise BackupError(
                f"somebody reads the ledger {ledger}; try again when that has ended. Nothing was changed"
            ) from None
        return False
    except sqlite3.Error:
        return False
    return True


def _keep(path: Path, kept: Path) -> bool:
    """A second name, so that there is no moment without the first; False for a copy, where the disk knows no such."""
    try:
        os.link(path, kept)
    except OSError:
        part = _beside(kept, ".part")
        try:
            shutil.copy2(path, part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(kept)
        finally:
            part.unlink(missing_ok=True)
        return False
    return True


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}{suffix}")
