"""Ledgers of older versions are brought to this program's, after a copy was made."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tictally_recorder.ledger.errors import LedgerError

Step = tuple[int, Callable[[sqlite3.Connection], None]]

# As version 3 had it.
_COST: Final = """
CREATE TABLE touched (
    meter INTEGER NOT NULL REFERENCES meter, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (meter, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE cost_line (
    id INTEGER PRIMARY KEY, direction TEXT NOT NULL, period TEXT, price TEXT, currency TEXT, version TEXT, hash TEXT,
    source TEXT, sureness TEXT, power_kva INTEGER, quality TEXT NOT NULL, reason TEXT
) STRICT;
CREATE INDEX cost_line_by_version ON cost_line (version, period);
CREATE TABLE cost_day (
    site INTEGER NOT NULL REFERENCES site, day INTEGER NOT NULL, replaced_ms INTEGER NOT NULL, first INTEGER NOT NULL,
    end INTEGER NOT NULL, key TEXT NOT NULL, computed_ms INTEGER NOT NULL, PRIMARY KEY (site, day, replaced_ms)
) STRICT, WITHOUT ROWID;
CREATE TABLE cost (
    site INTEGER NOT NULL, day INTEGER NOT NULL, replaced_ms INTEGER NOT NULL, n INTEGER NOT NULL,
    line INTEGER NOT NULL REFERENCES cost_line, energy_wh INTEGER NOT NULL, amount TEXT, parts BLOB NOT NULL,
    PRIMARY KEY (site, day, replaced_ms, n),
    FOREIGN KEY (site, day, replaced_ms) REFERENCES cost_day DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE TABLE standby (
    meter INTEGER NOT NULL REFERENCES meter, day INTEGER NOT NULL, va INTEGER NOT NULL, minutes INTEGER NOT NULL,
    PRIMARY KEY (meter, day)
) STRICT, WITHOUT ROWID
"""


# As version 4 had it.
_SINKS: Final = """
CREATE TABLE sink (
    name TEXT PRIMARY KEY, frame INTEGER NOT NULL, raw_since_ms INTEGER NOT NULL, refused INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sink_quarter (
    sink TEXT NOT NULL REFERENCES sink, taken INTEGER NOT NULL, meter INTEGER NOT NULL REFERENCES meter,
    first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (sink, taken, meter, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE sink_cost (
    sink TEXT NOT NULL REFERENCES sink, taken INTEGER NOT NULL, site INTEGER NOT NULL, day INTEGER NOT NULL,
    PRIMARY KEY (sink, taken, site, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE sink_window (
    sink TEXT NOT NULL REFERENCES sink, length_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL,
    PRIMARY KEY (sink, length_ms, start_ms)
) STRICT, WITHOUT ROWID;
CREATE TABLE sink_refused (
    id INTEGER PRIMARY KEY, sink TEXT NOT NULL REFERENCES sink, at_ms INTEGER NOT NULL, place TEXT NOT NULL,
    reason TEXT NOT NULL, point TEXT NOT NULL
) STRICT
"""


def _tell_when_frames_were_lost(connection: sqlite3.Connection) -> None:
    connection.execute("""
    CREATE TABLE lost (
        boot INTEGER NOT NULL REFERENCES boot, first INTEGER NOT NULL, last INTEGER NOT NULL, after_ms INTEGER,
        before_ms INTEGER, PRIMARY KEY (boot, first)
    ) STRICT, WITHOUT ROWID
    """)


def _keep_cost(connection: sqlite3.Connection) -> None:
    for statement in _COST.split(";\n"):
        connection.execute(statement)


def _copy_to_sinks(connection: sqlite3.Connection) -> None:
    for statement in _SINKS.split(";\n"):
        connection.execute(statement)


def _rename_directions_and_confidence(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE cost_line RENAME COLUMN sureness TO confidence")
    connection.execute("UPDATE cost_line SET direction = iif(direction = 'injected', 'injection', 'consumption')")


# Each version with what makes it out of the one before, in order; a function runs inside a transaction, and so uses
# `execute` only: `executescript` would end it. Version 1 is the first.
STEPS: Final[Sequence[Step]] = (
    (2, _tell_when_frames_were_lost),
    (3, _keep_cost),
    (4, _copy_to_sinks),
    (5, _rename_directions_and_confidence),
)


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
