"""The ledger's tables, and opening the file that holds them."""

import logging
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tictally_recorder.ledger.errors import LedgerError, LedgerUnavailable
from tictally_recorder.ledger.migrations import STEPS, migrate, version_of
from tictally_recorder.ledger.outbox_queue import TABLES as OF_SINKS

APPLICATION_ID: Final = 0x54494354  # "TICT"
SCHEMA_VERSION: Final = 5
_BUSY_S: Final = 2.0
_log = logging.getLogger(__name__)

# Times are milliseconds since 1970, quarters are numbered: start / 900 000 ms.
_TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE edge (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE boot (
    id INTEGER PRIMARY KEY, edge INTEGER NOT NULL REFERENCES edge, boot TEXT NOT NULL, UNIQUE (edge, boot)
) STRICT;
CREATE TABLE site (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE meter (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, serial TEXT, site INTEGER NOT NULL REFERENCES site,
    first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, UNIQUE (key, serial)
) STRICT;
CREATE TABLE meter_edge (
    meter INTEGER NOT NULL REFERENCES meter, edge INTEGER NOT NULL REFERENCES edge, PRIMARY KEY (meter, edge)
) STRICT, WITHOUT ROWID;
CREATE TABLE label (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- Raw frames. body: see bodies.py.
CREATE TABLE frame (
    id INTEGER PRIMARY KEY, meter INTEGER NOT NULL REFERENCES meter, boot INTEGER NOT NULL REFERENCES boot,
    seq INTEGER NOT NULL, time_ms INTEGER NOT NULL, arrived_ms INTEGER NOT NULL, mode TEXT NOT NULL, body BLOB NOT NULL,
    UNIQUE (boot, seq)
) STRICT;
CREATE INDEX frame_by_time ON frame (meter, time_ms);

-- Which numbers came, as disjoint ranges. status: see numbers.py.
CREATE TABLE number (
    boot INTEGER NOT NULL REFERENCES boot, first INTEGER NOT NULL, last INTEGER NOT NULL, status INTEGER NOT NULL,
    PRIMARY KEY (boot, first)
) STRICT, WITHOUT ROWID;

-- When numbers were that are lost, or were: between the frames before and after them, as far as those were known.
CREATE TABLE lost (
    boot INTEGER NOT NULL REFERENCES boot, first INTEGER NOT NULL, last INTEGER NOT NULL, after_ms INTEGER,
    before_ms INTEGER, PRIMARY KEY (boot, first)
) STRICT, WITHOUT ROWID;

-- A row is its settled part (what is no longer in frame) and what frame holds; packed is both. See packing.py.
-- settled: NULL where nothing is, empty where all that packed holds is.
CREATE TABLE quarter (
    meter INTEGER NOT NULL REFERENCES meter, quarter INTEGER NOT NULL, packed BLOB NOT NULL, settled BLOB,
    PRIMARY KEY (meter, quarter)
) STRICT, WITHOUT ROWID;
-- Quarters whose packed part is to be computed again.
CREATE TABLE dirty (
    meter INTEGER NOT NULL REFERENCES meter, quarter INTEGER NOT NULL, PRIMARY KEY (meter, quarter)
) STRICT, WITHOUT ROWID;

CREATE TABLE text_change (
    meter INTEGER NOT NULL REFERENCES meter, label INTEGER NOT NULL REFERENCES label, time_ms INTEGER NOT NULL,
    value TEXT NOT NULL, PRIMARY KEY (meter, label, time_ms)
) STRICT, WITHOUT ROWID;
-- When a label was seen first and last.
CREATE TABLE seen (
    meter INTEGER NOT NULL REFERENCES meter, label INTEGER NOT NULL REFERENCES label, first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL, PRIMARY KEY (meter, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE aside (
    id INTEGER PRIMARY KEY, arrived_ms INTEGER NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL,
    sentence TEXT NOT NULL, size INTEGER NOT NULL, head BLOB NOT NULL
) STRICT;
CREATE TABLE refused (reason TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE kept (
    id INTEGER PRIMARY KEY, edge TEXT NOT NULL, topic TEXT NOT NULL, arrived_ms INTEGER NOT NULL,
    version INTEGER NOT NULL, due_ms INTEGER NOT NULL, payload BLOB NOT NULL
) STRICT;

-- Quarters first to last that frames have touched and whose cost is not computed again yet. See touched.py.
CREATE TABLE touched (
    meter INTEGER NOT NULL REFERENCES meter, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (meter, first)
) STRICT, WITHOUT ROWID;

-- Cost. Days are numbered from 1 on 1 January of the year 1. replaced_ms: 0 while a figure holds. See costs.py.
CREATE TABLE cost_line (
    id INTEGER PRIMARY KEY, direction TEXT NOT NULL, period TEXT, price TEXT, currency TEXT, version TEXT, hash TEXT,
    source TEXT, confidence TEXT, power_kva INTEGER, quality TEXT NOT NULL, reason TEXT
) STRICT;
CREATE INDEX cost_line_by_version ON cost_line (version, period);
-- A local day is the quarters first to end, excluded. key: of contract and prices that were used.
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

-- Base load of the night that a local day begins with, in VA, from so many minutes of frames.
CREATE TABLE standby (
    meter INTEGER NOT NULL REFERENCES meter, day INTEGER NOT NULL, va INTEGER NOT NULL, minutes INTEGER NOT NULL,
    PRIMARY KEY (meter, day)
) STRICT, WITHOUT ROWID;
"""


def open_for_writing(path: Path, *, upgrade: bool = False) -> sqlite3.Connection:
    """The ledger's file, made where it is missing.

    Args:
        path: where it is.
        upgrade: True brings an older version to this program's, which only who holds its lock may do.

    Raises:
        LedgerError: it is no ledger, from a newer version, from an older one without `upgrade`, or cannot be opened.
    """
    with _explained(path):
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        try:
            if _is_empty(connection):
                _create(connection)
            _check_newest(connection, path)
            _make_durable(connection, path)
            if upgrade:
                _upgrade(connection, path)
            _check_oldest(connection, path)
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection


def require(path: Path) -> None:
    """Raise LedgerError where there is no file."""
    if not path.exists():
        raise LedgerError(f"there is no ledger at {path}; `tictally record` makes one")


def open_for_reading(path: Path) -> sqlite3.Connection:
    """The ledger's file, read only.

    Raises:
        LedgerError: it is missing, no ledger, from another version, or cannot be opened.
    """
    require(path)
    with _explained(path):
        uri = f"{path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None)
        try:
            _check_newest(connection, path)
            _check_oldest(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of what stands inside, or nothing.

    Raises:
        LedgerUnavailable: the file is locked, the disk full or gone.
        LedgerError: the file is damaged.
    """
    with told():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def told() -> Iterator[None]:
    """SQLite's errors as sentences: LedgerUnavailable for what may pass, LedgerError for a damaged file."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerUnavailable(f"the ledger is unavailable: {error}") from error
    except sqlite3.Error as error:
        raise LedgerError(f"the ledger is damaged: {error}") from error


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerError(f"the ledger {path} cannot be opened: {error}") from error
    except sqlite3.Error as error:
        raise LedgerError(f"{path} is not a ledger: {error}") from error


def _is_empty(connection: sqlite3.Connection) -> bool:
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return not tables and _pragma(connection, "application_id") == 0 == version_of(connection)


def _create(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        for statement in f"{_TABLES.rstrip()}{OF_SINKS}".split(";\n"):
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES ('client_id', ?)", (f"tictally-{secrets.token_hex(8)}",))
        connection.execute("INSERT INTO meta VALUES ('created', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _make_durable(connection: sqlite3.Connection, path: Path) -> None:
    # Set each time: a ledger that was restored from a copy may have another mode.
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise LedgerError(f"the ledger {path} lies where SQLite has no write-ahead log; put it on a local disk")
    connection.execute("PRAGMA synchronous = FULL")


def _upgrade(connection: sqlite3.Connection, path: Path) -> None:
    copy = migrate(connection, path, STEPS, datetime.now(UTC))
    if copy is not None:
        _log.info("the ledger has version %d now; what it was before is kept at %s", version_of(connection), copy)


def _check_newest(connection: sqlite3.Connection, path: Path) -> None:
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise LedgerError(f"{path} is a database, but not a ledger of tictally")
    version = version_of(connection)
    if version > SCHEMA_VERSION:
        raise LedgerError(
            f"the ledger {path} has version {version}; this program knows versions up to {SCHEMA_VERSION}: upgrade it"
        )


def _check_oldest(connection: sqlite3.Connection, path: Path) -> None:
    version = version_of(connection)
    if version < SCHEMA_VERSION:
        raise LedgerError(
            f"the ledger {path} has version {version}; `tictally record` brings it to {SCHEMA_VERSION} when it starts"
        )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
