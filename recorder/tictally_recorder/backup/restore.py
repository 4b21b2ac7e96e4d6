"""Restores a ledger from a backup: built beside the old one, checked, and only then swapped in."""

import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from tictally_recorder.backup.config_files import restore_file
from tictally_recorder.backup.file_format import BackupError, Header, read_header
from tictally_recorder.backup.reset_identity import identity_of, reset_identity
from tictally_recorder.backup.swap import clear, remove_second_names, replace_ledger, unfinished
from tictally_recorder.backup.verify import read_backup
from tictally_recorder.ledger import LedgerError, LedgerInUse
from tictally_recorder.ledger.connection import require_folder
from tictally_recorder.ledger.lock import Lock, create_private
from tictally_recorder.ledger.migrations import STEPS, migrate
from tictally_recorder.ledger.schema import APPLICATION_ID, SCHEMA_VERSION
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase
from tictally_shared.runtime.atomic_file import sync_folder

_UNCHANGED: Final = "the previous ledger is unchanged"


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """The result of a restore.

    Attributes:
        header: of the backup.
        previous: where the previous ledger is, None if there was none.
        old_client_id: the backup's MQTT client id, None if the ledger has the same.
        notes: sentences about the folder, contracts and tariffs.
    """

    header: Header
    previous: Path | None
    old_client_id: str | None
    notes: tuple[str, ...]


def restore(backup: Path, ledger: Path, contracts: Path, tariffs: Path, now: datetime) -> RestoreResult:
    """Replace the ledger by that of a backup; the previous one is kept beside it.

    Args:
        backup: its file.
        ledger: path of the ledger.
        contracts: path of the contracts.
        tariffs: folder of the user's own tariffs.
        now: in UTC, for names.

    Raises:
        BackupError: it failed, or a recorder uses the ledger; the previous ledger is unchanged.
        LedgerError: the ledger's folder cannot be used.
    """
    header = read_header(backup)
    _check_version(header, backup)
    ledger = ledger.resolve()  # a link to another disk stays one
    new = unfinished(ledger)
    try:
        if ledger.parent.parent.is_dir():  # but not all of a path that is on a disk which is not mounted
            ledger.parent.mkdir(mode=0o750, exist_ok=True)
        require_folder(ledger)
        with closing(Lock(ledger)), _translate_errors(backup):
            remove_second_names(ledger)
            try:
                files, old_client_id = _build(backup, new, ledger, now)
                previous = replace_ledger(new, ledger, now)
                notes = (*_sync(ledger), *_restore_files(files, contracts, tariffs, now))
            finally:
                clear(new)
    except LedgerInUse as error:
        raise BackupError(Phrase(ProblemCode.RESTORE_WHILE_RECORDING, {"problem": error.problem})) from None
    except OSError as error:
        raise BackupError(f"the ledger {ledger} cannot be restored: {error.strerror}; {_UNCHANGED}") from None
    return RestoreResult(header, previous, old_client_id, notes)


def _check_version(header: Header, backup: Path) -> None:
    if header.schema > SCHEMA_VERSION:
        raise BackupError(
            f"the backup {backup} holds a ledger of version {header.schema}, created by tictally {header.program}; "
            f"this program reads versions up to {SCHEMA_VERSION}: upgrade it. Nothing was changed"
        )


def _build(backup: Path, new: Path, ledger: Path, now: datetime) -> tuple[dict[str, bytes], str | None]:
    """Build the new ledger; returns the backup's other files, and its client id where that was replaced."""
    clear(new)
    create_private(new)
    files: dict[str, bytes] = {}
    with closing(sqlite3.connect(new, isolation_level=None)) as connection:
        # An unfinished one is worthless: nothing of it needs to survive a power loss before the end.
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        header = read_backup(backup, connection, files.__setitem__)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {header.schema}")
        connection.execute("COMMIT")
        copy = migrate(connection, new, STEPS, now)
        if copy is not None:
            copy.unlink()  # the backup itself is the copy
        connection.execute("BEGIN")
        old_client_id = reset_identity(connection, identity_of(ledger))
        connection.execute("COMMIT")
        _check(connection)
    _copy_owner(new, ledger)
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    return files, old_client_id


def _copy_owner(new: Path, ledger: Path) -> None:
    """Give the new ledger the old one's owner, or the folder's: a recorder that is not root must be able to open it."""
    if ledger.exists():
        new.chmod(stat.S_IMODE(ledger.stat().st_mode))
    if os.geteuid() == 0:
        owner = (ledger if ledger.exists() else ledger.parent).stat()
        for path in (new, ledger.with_name(f"{ledger.name}.lock")):
            os.chown(path, owner.st_uid, owner.st_gid)


def _sync(ledger: Path) -> tuple[str, ...]:
    try:
        sync_folder(ledger.parent)
    except OSError as error:
        return (f"The ledger is restored, but its folder could not be flushed to the disk: {error.strerror}.",)
    return ()


def _restore_files(files: Mapping[str, bytes], contracts: Path, tariffs: Path, now: datetime) -> tuple[str, ...]:
    """Restore contracts and tariffs, after the ledger; returns sentences about them.

    No file among them, whatever its name, makes the restore fail.
    """
    notes: list[str] = []
    for name, content in files.items():
        try:
            note = restore_file(contracts, tariffs, name, content, now)
        except BackupError as error:
            note = f"The ledger is restored, but one of its configuration files is not: {error}."
        if note is not None:
            notes.append(note)
    return tuple(notes)


def _check(connection: sqlite3.Connection) -> None:
    problems = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    if problems == ["ok"]:
        rows = connection.execute("PRAGMA foreign_key_check")
        problems = [f"a row of the table {table} references a missing row" for table, *_ in islice(rows, 1)]
    if problems:
        raise BackupError(f"the restored ledger is inconsistent: {problems[0]}; {_UNCHANGED}")


@contextmanager
def _translate_errors(backup: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise BackupError(f"the backup {backup} cannot be restored: {error}; {_UNCHANGED}") from None
    except sqlite3.Error as error:
        raise BackupError(f"the backup {backup} cannot be used: {error}; {_UNCHANGED}") from None
    except LedgerInUse:
        raise
    except LedgerError as error:
        raise BackupError(f"the backup {backup} cannot be restored: {error}; {_UNCHANGED}") from None
