"""Makes a backup: from one moment of the ledger, into a file that appears only when it is whole and was read back."""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

from tictally_recorder.backup.config_files import files_beside
from tictally_recorder.backup.errors import BackupError
from tictally_recorder.backup.file_format import Header, Record, is_backup, write
from tictally_recorder.backup.summary import summarise
from tictally_recorder.backup.tables import Source, records_of, settled_quarters
from tictally_recorder.backup.verify import verify
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.ledger.connection import open_for_reading, translate_sqlite_errors


def _nothing(_connection: sqlite3.Connection) -> tuple[tuple[Any, ...], ...]:
    return ()


# What is of the last two days, and in the quarters already; and the first bytes of messages that were no frames.
_LEFT_OUT: Final[Mapping[str, Source]] = {
    "frame": _nothing,
    "dirty_quarter": _nothing,
    "dead_letter": _nothing,
    "quarter": settled_quarters,
}

_PART_IS_OLD_S: Final = 6 * 3600


@dataclass(frozen=True, slots=True)
class Of:
    """What a backup is of.

    Attributes:
        ledger: its path.
        contracts: file of the contracts.
        tariffs: folder of the user's own price lists.
        recorder: its name.
        tz: whose days nightly backups are kept by.
        is_whole: raw frames and messages set aside are taken in too.
    """

    ledger: Path
    contracts: Path
    tariffs: Path
    recorder: str
    tz: ZoneInfo
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made.

    Attributes:
        path: where it is.
        size_bytes: of it.
        header: what is in it.
    """

    path: Path
    size_bytes: int
    header: Header


def back_up(of: Of, target: Path, now: datetime) -> Made:
    """Make a backup, also while a recorder writes, which is not held up.

    Args:
        of: what of.
        target: the file; where a backup of this name is there already, it is replaced when the new one is verified.
        now: for the header.

    Raises:
        BackupError: it cannot be made; what was at `target` is still there.
        LedgerError: the ledger cannot be read.
    """
    target = target.resolve()  # a link to another disk stays one
    _check_target(target)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with _explained(target):
            clear_parts(target.parent, f".{target.name}.")
            with part.open("wb") as file:
                header = _write(file, of, now)
                _to_disk(file)
            verify(part)
            part.replace(target)
            sync_folder(target.parent)
            return Made(target, target.stat().st_size, header)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def dump(connection: sqlite3.Connection, *, is_whole: bool) -> Iterator[Record]:
    """A ledger's tables, whatever its version.

    Args:
        connection: in a transaction.
        is_whole: also raw frames and messages set aside.
    """
    return records_of(connection, {} if is_whole else _LEFT_OUT)


def clear_parts(folder: Path, beginning: str) -> None:
    """Remove what processes that were killed had begun: files of such names that have not grown for hours."""
    for path in folder.iterdir():
        if path.name.startswith(beginning) and path.suffix == ".part":
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _PART_IS_OLD_S:
                    path.unlink()


def sync_folder(folder: Path) -> None:
    """A name in it is safe against power loss, as far as its file system does that for folders."""
    number = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(number)


def _write(file: BinaryIO, of: Of, now: datetime) -> Header:
    connection = open_for_reading(of.ledger)
    # One snapshot for all of it. A reader of a write-ahead log holds nobody up; only the log grows meanwhile.
    with closing(connection), translate_sqlite_errors():
        connection.execute("BEGIN")
        header = _header(connection, of, now)
        files = (({"file": name}, content) for name, content in files_beside(of.contracts, of.tariffs))
        write(file, header, chain(files, dump(connection, is_whole=of.is_whole)))
        return header


def _header(connection: sqlite3.Connection, of: Of, now: datetime) -> Header:
    reader = LedgerReader(connection)
    return Header(
        schema=reader.version,
        program=version("tictally-recorder"),
        made_ms=int(now.timestamp() * 1000),
        recorder=of.recorder,
        is_whole=of.is_whole,
        sites=summarise(reader),
        began=reader.created,
    )


def _check_target(target: Path) -> None:
    if not target.parent.is_dir():
        raise BackupError(f"there is no folder {target.parent}; is its disk or share mounted?")
    try:
        if target.exists() and not (target.is_file() and is_backup(target)):
            raise BackupError(f"{target} is there already and is no backup: it is not written over")
    except OSError as error:
        raise BackupError(f"{target} cannot be looked at: {error.strerror}") from None


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
    # What is read back shall come from the disk, not from memory; a system that knows better may ignore it.
    with suppress(OSError):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise BackupError(f"the backup {target} cannot be made: {why}; what was there before is as it was") from None
