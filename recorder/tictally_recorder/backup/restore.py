"""A ledger from a backup: made beside the old one, looked through, and only then put in its place."""

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

from tictally_recorder.backup.config_files import put_beside
from tictally_recorder.backup.create import sync_folder
from tictally_recorder.backup.errors import BackupError
from tictally_recorder.backup.file_format import Header, read_header
from tictally_recorder.backup.reset_identity import begin_anew, identity_of
from tictally_recorder.backup.swap import clear, clear_second_names, replace_ledger, unfinished
from tictally_recorder.backup.verify import take_in
from tictally_recorder.ledger import LedgerError, LedgerInUse
from tictally_recorder.ledger.lock import Lock
from tictally_recorder.ledger.migrations import STEPS, migrate
from tictally_recorder.ledger.schema import APPLICATION_ID, SCHEMA_VERSION

_UNCHANGED: Final = "the ledger that was there is as it was"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        header: of the backup.
        kept: the ledger that was there before, None where there was none.
        old_client_id: MQTT client id that the backup has and the ledger has no longer; None where it is the same.
        said: sentences about contracts and price lists.
    """

    header: Header
    kept: Path | None
    old_client_id: str | None
    said: tuple[str, ...]


def restore(backup: Path, ledger: Path, contracts: Path, tariffs: Path, now: datetime) -> Restored:
    """Put the ledger of a backup in the place of the one that is there, which is kept beside it.

    Args:
        backup: its file.
        ledger: the ledger's place.
        contracts: file of the contracts.
        tariffs: folder of the user's own price lists.
        now: in UTC, for names.

    Raises:
        BackupError: it cannot be done, or a recorder has the ledger; the ledger that was there still is.
        LedgerError: the ledger's place cannot be used.
    """
    header = read_header(backup)
    _check_version(header, backup)
    ledger = ledger.resolve()  # a link to another disk stays one
    new = unfinished(ledger)
    try:
        ledger.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with closing(Lock(ledger)), _explained(backup):
            clear_second_names(ledger)
            try:
                files, old_client_id = _build(backup, new, ledger, now)
                kept = replace_ledger(new, ledger, now)
                said = (*_on_disk(ledger), *_put_beside(files, contracts, tariffs, now))
            finally:
                clear(new)
    except LedgerInUse as error:
        raise BackupError(f"{error}: stop that recorder first; nothing was changed") from None
    except OSError as error:
        raise BackupError(f"the ledger {ledger} cannot be restored: {error.strerror}; {_UNCHANGED}") from None
    return Restored(header, kept, old_client_id, said)


def _check_version(header: Header, backup: Path) -> None:
    if header.schema > SCHEMA_VERSION:
        raise BackupError(
            f"the backup {backup} holds a ledger of version {header.schema}, made by tictally {header.program}; this "
            f"program reads versions up to {SCHEMA_VERSION}: upgrade it. Nothing was changed"
        )


def _build(backup: Path, new: Path, ledger: Path, now: datetime) -> tuple[dict[str, bytes], str | None]:
    """Make the new ledger; the backup's other files, and the client id that was given up."""
    clear(new)
    files: dict[str, bytes] = {}
    with closing(sqlite3.connect(new, isolation_level=None)) as connection:
        # One that is not finished is of no use to anybody: nothing of it need be safe before the end.
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        header = take_in(backup, connection, files.__setitem__)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {header.schema}")
        connection.execute("COMMIT")
        copy = migrate(connection, new, STEPS, now)
        if copy is not None:
            copy.unlink()  # the backup itself is what it was before
        connection.execute("BEGIN")
        old_client_id = begin_anew(connection, identity_of(ledger))
        connection.execute("COMMIT")
        _check(connection)
    _belong_as(new, ledger)
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    return files, old_client_id


def _belong_as(new: Path, ledger: Path) -> None:
    """The new one is whose the old one was, or whose the folder is: a recorder that is not root shall open it."""
    if ledger.exists():
        new.chmod(stat.S_IMODE(ledger.stat().st_mode))
    if os.geteuid() == 0:
        owner = (ledger if ledger.exists() else ledger.parent).stat()
        for path in (new, ledger.with_name(f"{ledger.name}.lock")):
            os.chown(path, owner.st_uid, owner.st_gid)


def _on_disk(ledger: Path) -> tuple[str, ...]:
    try:
        sync_folder(ledger.parent)
    except OSError as error:
        return (f"The ledger is in its place, but its folder may not be safe on the disk: {error.strerror}.",)
    return ()


def _put_beside(files: Mapping[str, bytes], contracts: Path, tariffs: Path, now: datetime) -> tuple[str, ...]:
    """What became of contracts and price lists, where it is to be told; last, since it may not be of an old ledger.

    No file among them, whatever its name, is a reason to go without the ledger.
    """
    said: list[str] = []
    for name, content in files.items():
        try:
            told = put_beside(contracts, tariffs, name, content, now)
        except BackupError as error:
            told = f"The ledger is restored, but not all that belongs beside it: {error}."
        if told is not None:
            said.append(told)
    return tuple(said)


def _check(connection: sqlite3.Connection) -> None:
    said = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    if said == ["ok"]:
        rows = connection.execute("PRAGMA foreign_key_check")
        said = [f"a row of the table {table} is of something that is not there" for table, *_ in islice(rows, 1)]
    if said:
        raise BackupError(f"what was restored does not hold together: {said[0]}; {_UNCHANGED}")


@contextmanager
def _explained(backup: Path) -> Iterator[None]:
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
