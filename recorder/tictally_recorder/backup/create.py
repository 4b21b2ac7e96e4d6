"""Creates a backup: of one snapshot of the ledger, in a file that appears only when it is complete and was verified."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

from tictally_recorder.backup.config_files import config_files
from tictally_recorder.backup.file_format import BackupError, Header, Record, is_backup, write
from tictally_recorder.backup.summary import summarize
from tictally_recorder.backup.tables import Source, dump_tables, settled_quarters
from tictally_recorder.backup.verify import verify
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.ledger.connection import open_for_reading, translate_sqlite_errors
from tictally_recorder.ledger.lock import create_private
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase
from tictally_shared.runtime.atomic_file import remove_stale_parts, replacement_path


def _no_rows(_connection: sqlite3.Connection) -> tuple[tuple[Any, ...], ...]:
    return ()


# Raw frames are of the last two days and in the quarters already; dead letters are for debugging only.
_LEFT_OUT: Final[Mapping[str, Source]] = {
    "frame": _no_rows,
    "dirty_quarter": _no_rows,
    "dead_letter": _no_rows,
    "quarter": settled_quarters,
}


@dataclass(frozen=True, slots=True)
class BackupSpec:
    """What a backup is made of.

    Attributes:
        ledger: path of the ledger.
        contracts: path of the contracts.
        tariffs: folder of the user's own tariffs.
        recorder: its name.
        tz: the zone of the days by which nightly backups are retained.
        is_complete: True includes raw frames and dead letters.
    """

    ledger: Path
    contracts: Path
    tariffs: Path
    recorder: str
    tz: ZoneInfo
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class BackupResult:
    """A backup that was created.

    Attributes:
        path: of the file.
        size_bytes: of the file.
        header: of the backup.
    """

    path: Path
    size_bytes: int
    header: Header


def back_up(spec: BackupSpec, target: Path, now: datetime) -> BackupResult:
    """Create a backup; a recorder may write meanwhile and is not blocked.

    Args:
        spec: what to back up.
        target: the file; a backup of this name is replaced when the new one is verified.
        now: for the header.

    Raises:
        BackupError: it cannot be created; what was at `target` is still there.
        LedgerError: the ledger cannot be read.
    """
    target = target.resolve()  # a link to another disk stays one
    _check_target(target)
    with _translate_os_errors(target):
        remove_stale_parts(target.parent, target.name)
        with replacement_path(target) as part:
            create_private(part)
            with part.open("r+b") as file:
                header = _write(file, spec, now)
                _flush_to_disk(file)
            verify(part)
        return BackupResult(target, target.stat().st_size, header)


def dump(connection: sqlite3.Connection, *, is_complete: bool) -> Iterator[Record]:
    """The records of a ledger's tables, whatever its version.

    Args:
        connection: in a transaction.
        is_complete: True includes raw frames and dead letters.
    """
    return dump_tables(connection, {} if is_complete else _LEFT_OUT)


def _write(file: BinaryIO, spec: BackupSpec, now: datetime) -> Header:
    connection = open_for_reading(spec.ledger)
    # One snapshot for everything. A reader of a write-ahead log blocks nobody; only the log grows meanwhile.
    with closing(connection), translate_sqlite_errors():
        connection.execute("BEGIN")
        header = _header(connection, spec, now)
        files = (({"file": name}, content) for name, content in config_files(spec.contracts, spec.tariffs))
        write(file, header, chain(files, dump(connection, is_complete=spec.is_complete)))
        return header


def _header(connection: sqlite3.Connection, spec: BackupSpec, now: datetime) -> Header:
    reader = LedgerReader(connection)
    return Header(
        schema=reader.version,
        program=version("tictally-recorder"),
        created_ms=int(now.timestamp() * 1000),
        recorder=spec.recorder,
        is_complete=spec.is_complete,
        sites=summarize(reader),
        ledger_created=reader.created,
    )


def _check_target(target: Path) -> None:
    if not target.parent.is_dir():
        raise BackupError(Phrase(ProblemCode.FOLDER_MISSING, {"folder": str(target.parent)}))
    if target.is_dir():
        raise BackupError(
            Phrase(ProblemCode.BACKUP_IS_FOLDER, {"path": str(target), "file": str(target / "tictally.backup")})
        )
    try:
        if target.exists() and not (target.is_file() and is_backup(target)):
            raise BackupError(Phrase(ProblemCode.BACKUP_NOT_OVERWRITTEN, {"path": str(target)}))
    except OSError as error:
        raise BackupError(f"{target} cannot be read: {error.strerror}") from None


def _flush_to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
    # Verification should read from the disk, not from memory; the system may ignore this.
    with suppress(OSError):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def _translate_os_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise BackupError(f"the backup {target} cannot be created: {why}; what was there before is unchanged") from None
