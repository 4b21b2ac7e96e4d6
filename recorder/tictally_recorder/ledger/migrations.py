"""Ledgers of older versions are brought to this program's, after a copy was made."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tictally_recorder.ledger.errors import LedgerError

Step = tuple[int, Callable[[sqlite3.Connection], None]]


def _tell_when_frames_were_lost(connection: sqlite3.Connection) -> None:
    connection.execute("""
    CREATE TABLE lost (
        boot INTEGER NOT NULL REFERENCES boot, first INTEGER NOT NULL, last INTEGER NOT NULL, after_ms INTEGER,
        before_ms INTEGER, PRIMARY KEY (boot, first)
    ) STRICT, WITHOUT ROWID
    """)


# Each version with what makes it out of the one before, in order; a function runs inside a transaction, and so uses
# `execute` only: `executescript` would end it. Version 1 is the first.
STEPS: Final[Sequence[Step]] = ((2, _tell_when_frames_were_lost),)


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[Step], now: datetime) -> Path | None:
    """Bring a ledger to the version of the last step, wholly or not at all.

    Args:
        connection: opened for writing, outside of a transaction, foreign keys not enforced.
        path: the ledger; the copy is made beside it, as `<ledger>.v<old version>-<date>T<time>Z`.
        steps: see `STEPS`; those to newer versions than the ledger's are done.
        now: for the copy's name.

    Returns:
        The copy, or None where nothing was to be done.

    Raises:
        LedgerError: the copy cannot be made, or rows would be left that name others that are not there.
        sqlite3.Error: as the steps do.
    """
    old = version_of(connection)
    if not any(version > old for version, _ in steps):
        return None
    copy = path.with_name(f"{path.name}.v{old}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    _copy(connection, copy)
    connection.execute("BEGIN IMMEDIATE")
    try:
        _do(connection, steps)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return copy


def _do(connection: sqlite3.Connection, steps: Sequence[Step]) -> None:
    for version, step in steps:
        if version > version_of(connection):
            step(connection)
            connection.execute(f"PRAGMA user_version = {version}")
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise LedgerError(f"the ledger cannot be brought to version {steps[-1][0]}: rows would be orphans")


def version_of(connection: sqlite3.Connection) -> int:
    """The version of a ledger's tables."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _copy(connection: sqlite3.Connection, copy: Path) -> None:
    part = copy.with_name(f"{copy.name}.part")
    try:
        try:
            with closing(sqlite3.connect(part)) as target:
                connection.backup(target)
                # A copy is one file, also for whom opens it where nothing can be written.
                target.execute("PRAGMA journal_mode = DELETE")
            part.replace(copy)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"a copy of the ledger cannot be made at {copy}, so nothing was changed: {error}") from error
