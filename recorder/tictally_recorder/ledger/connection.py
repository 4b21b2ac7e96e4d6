"""Opens a ledger's file, runs transactions in it, and stores the recorder's own small state there by name."""

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
from tictally_recorder.ledger.schema import APPLICATION_ID, PRERELEASE_APPLICATION_ID, SCHEMA_VERSION, STATEMENTS
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase

STATE_PREFIX: Final = "state:"
_BUSY_S: Final = 2.0
# Result codes of conditions that pass, and which bits of an extended one they are: sqlite.org/rescode.html
_PASSING: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL})
_PRIMARY: Final = 0xFF
_log = logging.getLogger(__name__)
_CURES: Final = {
    sqlite3.SQLITE_READONLY: "; this user may not write it: run the command as the recorder's user",
    sqlite3.SQLITE_CANTOPEN: "; may this user read it? Else run the command as the recorder's user",
    sqlite3.SQLITE_BUSY: "; another program uses it",
    sqlite3.SQLITE_FULL: "; free some space on its disk",
}


def open_for_writing(path: Path, *, upgrade: bool = False, creates: bool = False) -> sqlite3.Connection:
    """Open a ledger's file.

    Args:
        path: of the file.
        upgrade: True migrates an older version to this program's; only the holder of its lock may do that.
        creates: True creates it if it is missing or an empty file; its folder exists.

    Raises:
        LedgerUnavailable: it is locked, or the disk full.
        LedgerError: it is missing without `creates`, not a ledger, from a newer version, from an older one without
            `upgrade`, or cannot be opened.
    """
    if creates:
        require_folder(path)
    else:
        require(path)
    with _opening(path):
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        try:
            if creates and _is_empty(connection):
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
    """Raise LedgerError where there is no file, or an empty one."""
    require_folder(path)
    refuse_folder(path)
    if is_missing(path):
        raise LedgerError(Phrase(ProblemCode.LEDGER_MISSING, {"path": str(path)}))


def require_folder(path: Path) -> None:
    """Raise LedgerError where the file's folder is missing: it may be on a disk that is not mounted."""
    folder = path.resolve().parent  # a link may lead to another disk
    if not folder.is_dir():
        raise LedgerError(Phrase(ProblemCode.LEDGER_FOLDER_MISSING, {"path": str(path), "folder": str(folder)}))


def is_missing(path: Path) -> bool:
    """True if the file is missing or empty, so not yet a ledger."""
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return True
    except OSError as error:
        raise LedgerError(f"the ledger {path} cannot be opened: {error.strerror}") from None


def refuse_folder(path: Path) -> None:
    """Raise LedgerError where a folder stands in the file's place."""
    if path.is_dir():
        raise LedgerError(Phrase(ProblemCode.LEDGER_IS_FOLDER, {"path": str(path)}))


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open a ledger's file read-only.

    Raises:
        LedgerError: it is missing, not a ledger, from another version, or cannot be opened.
    """
    require(path)
    with _opening(path):
        uri = f"{path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None)
        try:
            _check_newest(connection, path)
            _check_oldest(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def data_version(connection: sqlite3.Connection) -> int:
    """Another number after another connection has changed the database; as a transaction sees it."""
    return _pragma(connection, "data_version")


def get_value(connection: sqlite3.Connection, name: str) -> str | None:
    """The value stored under a name, or None."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (STATE_PREFIX + name,)).fetchone()
    return None if row is None else str(row[0])


def put_value(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Store a value under a name; in a transaction."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (STATE_PREFIX + name, value))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit all statements of the block, or none.

    Raises:
        LedgerUnavailable: the file is locked, the disk full or gone.
        LedgerError: the file is damaged.
    """
    with translate_sqlite_errors():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _cure(error: sqlite3.Error) -> str:
    """What to do about an error, where that is known; SQLite names only what failed."""
    return _CURES.get((getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY, "")


@contextmanager
def translate_sqlite_errors() -> Iterator[None]:
    """Raise SQLite's errors as LedgerUnavailable where a retry may succeed, as LedgerError for a damaged file."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerUnavailable(f"the ledger is unavailable: {error}{_cure(error)}") from error
    except sqlite3.Error as error:
        raise LedgerError(f"the ledger is damaged: {error}") from error


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        kind = LedgerUnavailable if error.sqlite_errorcode & _PRIMARY in _PASSING else LedgerError
        raise kind(f"the ledger {path} cannot be opened: {error}{_cure(error)}") from error
    except sqlite3.Error as error:
        raise LedgerError(Phrase(ProblemCode.NOT_A_LEDGER, {"path": str(path)})) from error


def _is_empty(connection: sqlite3.Connection) -> bool:
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return not tables and _pragma(connection, "application_id") == 0 == version_of(connection)


def _create(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        for statement in STATEMENTS:
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES ('client_id', ?)", (f"tictally-{secrets.token_hex(8)}",))
        connection.execute("INSERT INTO meta VALUES ('created', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _make_durable(connection: sqlite3.Connection, path: Path) -> None:
    # Set at every start: a ledger that was restored from a copy may have another mode.
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise LedgerError(f"the ledger {path} is on a disk without support for a write-ahead log; use a local disk")
    connection.execute("PRAGMA synchronous = FULL")


def _upgrade(connection: sqlite3.Connection, path: Path) -> None:
    copy = migrate(connection, path, STEPS, datetime.now(UTC))
    if copy is not None:
        _log.info("ledger migrated version=%d previous=%s", version_of(connection), copy)


def _check_newest(connection: sqlite3.Connection, path: Path) -> None:
    application_id = _pragma(connection, "application_id")
    if application_id == PRERELEASE_APPLICATION_ID:
        raise LedgerError(
            f"the ledger {path} is of a pre-release version, which this program cannot read: move it away, and "
            "`tictally record` creates a new one"
        )
    if application_id != APPLICATION_ID:
        raise LedgerError(f"{path} is not a tictally ledger, but another database")
    version = version_of(connection)
    if version > SCHEMA_VERSION:
        raise LedgerError(
            f"the ledger {path} has version {version}; this program reads versions up to {SCHEMA_VERSION}: upgrade it"
        )


def _check_oldest(connection: sqlite3.Connection, path: Path) -> None:
    version = version_of(connection)
    if version < SCHEMA_VERSION:
        raise LedgerError(
            f"the ledger {path} has version {version}; `tictally record` migrates it to {SCHEMA_VERSION} when it starts"
        )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
