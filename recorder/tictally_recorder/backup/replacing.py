"""A new ledger takes the place of an old one, which is kept: whole at every moment, whatever ends this process."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

from tictally_recorder.backup.errors import BackupError
from tictally_recorder.backup.write import sync_folder

_LOG: Final = "-wal"
_BESIDE: Final = (_LOG, "-shm", "-journal")


def replace_ledger(new: Path, ledger: Path, now: datetime) -> Path | None:
    """Put a ledger in the place of another, whose lock the caller holds.

    Args:
        new: a closed database in the same folder, without files beside it, safe on its disk.
        ledger: its place.
        now: for the name under which the old one is kept.

    Returns:
        The old one, None where there was none.

    Raises:
        BackupError: somebody reads the old one.
        OSError: the folder cannot be written.
    """
    kept = _free_name(ledger, f"{ledger.name}.before-restore-{now:%Y%m%dT%H%M%SZ}")
    log, kept_log = _beside(ledger, _LOG), _beside(kept, _LOG)
    had_one = ledger.exists()
    # Before anybody opens it: SQLite clears away the log of what it takes for no database any more.
    had_log = log.exists()
    if had_log:
        _keep(log, kept_log)
    if had_one:
        is_same = _keep(ledger, kept)
        try:
            is_folded = _fold_log(ledger)
        except BackupError:
            kept.unlink()
            kept_log.unlink(missing_ok=True)
            raise
        if is_same and is_folded:
            kept_log.unlink(missing_ok=True)
    sync_folder(ledger.parent)
    # A log that stands beside the new one would be taken for its own.
    for suffix in _BESIDE:
        _beside(ledger, suffix).unlink(missing_ok=True)
    new.replace(ledger)
    sync_folder(ledger.parent)
    return kept if had_one else None


def _free_name(ledger: Path, name: str) -> Path:
    """Two within a second, one of which was killed, are two names."""
    names = (name, *(f"{name}-{n}" for n in range(2, 1000)))
    return next(path for path in map(ledger.with_name, names) if not path.exists() and not _beside(path, _LOG).exists())


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
        part = kept.with_name(f"{kept.name}.part")
        shutil.copy2(path, part)
        part.replace(kept)
        return False
    return True


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}{suffix}")
