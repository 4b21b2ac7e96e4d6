"""Migrates ledgers of older versions to this program's, after copying them."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tictally_recorder.ledger.errors import LedgerError
from tictally_recorder.ledger.lock import create_private
from tictally_recorder.ledger.schema import NOTE_TABLE, PRODUCTION_TABLE, VOLTAGE_TABLE
from tictally_shared.runtime import atomic_file

Step = tuple[int, Callable[[sqlite3.Connection], None]]


def _add_notes(connection: sqlite3.Connection) -> None:
    connection.execute(NOTE_TABLE)


def _add_voltage_means(connection: sqlite3.Connection) -> None:
    connection.execute(VOLTAGE_TABLE)


def _add_production(connection: sqlite3.Connection) -> None:
    connection.execute(PRODUCTION_TABLE)


# (version, what makes it of the version before), in order. A function runs inside a transaction, so it uses `execute`
# only: `executescript` would commit. Version 1 is the first.
STEPS: Final[Sequence[Step]] = ((2, _add_notes), (3, _add_voltage_means), (4, _add_production))


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[Step], now: datetime) -> Path | None:
    """Migrate a ledger to the version of the last step, completely or not at all.

    Args:
        connection: opened for writing, outside of a transaction, foreign keys not enforced.
        path: of the ledger; the copy is written beside it, as `<ledger>.v<old version>-<date>T<time>Z`.
        steps: see `STEPS`; those to newer versions than the ledger's are run.
        now: for the copy's name.

    Returns:
        The copy, or None if the ledger was up to date.

    Raises:
        LedgerError: the copy cannot be made, or rows would reference missing ones.
        sqlite3.Error: as the steps do.
    """
    old = version_of(connection)
    if not any(version > old for version, _ in steps):
        return None
    copy = path.with_name(f"{path.name}.v{old}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    _copy(connection, copy)
    connection.execute("BEGIN IMMEDIATE")
    try:
        _run(connection, steps)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return copy


def _run(connection: sqlite3.Connection, steps: Sequence[Step]) -> None:
    for version, step in steps:
        if version > version_of(connection):
            step(connection)
            connection.execute(f"PRAGMA user_version = {version}")
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise LedgerError(f"the ledger cannot be migrated to version {steps[-1][0]}: rows would reference missing ones")


def version_of(connection: sqlite3.Connection) -> int:
    """The version of a ledger's tables."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def save_copy(connection: sqlite3.Connection, copy: Path) -> None:
    """Copy an open ledger to a single file, which appears when it is whole.

    Raises:
        OSError, sqlite3.Error: it cannot be created.
    """
    with atomic_file.replacement_path(copy) as part:
        create_private(part)
        with closing(sqlite3.connect(part)) as target:
            connection.backup(target)
            # Readable also where nothing can be written beside it.
            target.execute("PRAGMA journal_mode = DELETE")


def _copy(connection: sqlite3.Connection, copy: Path) -> None:
    try:
        atomic_file.remove_stale_parts(copy.parent, copy.name, older_than_s=0)
        save_copy(connection, copy)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"a copy of the ledger cannot be made at {copy}, so nothing was changed: {error}") from error
