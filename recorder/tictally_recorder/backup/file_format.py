"""The file format of a backup: two lines of text, records in an xz stream, and a checksum of everything.

    tictally backup, format 1
    {"schema": …, "created": …, …}                   see Header
    an xz stream (`tail -n +3 FILE | head -c -73 | xz -d` shows it) of records: a line of JSON each, followed by
    as many bytes as its `bytes` says, where it has one
    a line feed, `sha256 `, 64 hexadecimal digits: of everything before

`docs/backup.md` describes the records.
"""

import hashlib
import io
import json
import lzma
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from tictally_recorder.backup.summary import SiteSummary
from tictally_recorder.problem import ProblemCode, ProblemError
from tictally_shared.frames import iso_utc, parse_time_ms
from tictally_shared.phrase import Phrase

FORMAT_VERSION: Final = 1
_FIRST_LINE: Final = re.compile(rb"tictally backup, format (\d{1,6})\n")
_PRERELEASE_FIRST_LINE: Final = re.compile(rb"tictally backup, form \d{1,6}\n")
_MOST_LINE_BYTES: Final = 1 << 20
_CHECKSUM: Final = re.compile(rb"\nsha256 ([0-9a-f]{64})\n")
_CHECKSUM_BYTES: Final = 73
_CHUNK: Final = 1 << 20
# The columns repeat little over a distance: a higher level costs time and memory (9 MB) for 8 %.
_LEVEL: Final = 1
_AHEAD: Final = 2

Record = tuple[dict[str, Any], bytes]


class BackupError(ProblemError):
    """A backup cannot be created or used; the message states why, and what happened to what was there."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a backup.

    Attributes:
        schema: version of the ledger's tables.
        program: version of the program that created it.
        created_ms: when it was created, milliseconds since 1970.
        recorder: its name.
        is_complete: True if it includes raw frames and dead letters.
        sites: of the ledger.
        ledger_created: when the ledger was created, ISO 8601; None if the ledger has no such value.
    """

    schema: int
    program: str
    created_ms: int
    recorder: str
    is_complete: bool
    sites: tuple[SiteSummary, ...]
    ledger_created: str | None = None

    def to_json(self) -> str:
        """The file's second line."""
        body = asdict(self) | {"created": iso_utc(self.created_ms)}
        del body["created_ms"]
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """From the file's second line; unknown names are ignored.

        Raises:
            ArithmeticError, AttributeError, KeyError, TypeError, ValueError: it is not a header.
        """
        body = json.loads(text)
        ledger_created = body.get("ledger_created")
        return cls(
            schema=int(body["schema"]),
            program=str(body["program"]),
            created_ms=parse_time_ms(body["created"]),
            recorder=str(body["recorder"]),
            is_complete=bool(body["is_complete"]),
            sites=tuple(SiteSummary.of(each) for each in body["sites"]),
            ledger_created=None if ledger_created is None else str(ledger_created),
        )


def write(file: BinaryIO, header: Header, records: Iterable[Record]) -> None:
    """Write a backup into an empty file."""
    checksum = hashlib.sha256()

    def put(data: bytes) -> None:
        checksum.update(data)
        file.write(data)

    put(f"tictally backup, format {FORMAT_VERSION}\n{header.to_json()}\n".encode())
    compressor = lzma.LZMACompressor(preset=_LEVEL)
    # It compresses while the next records are made: its thread does not hold the interpreter's lock.
    with ThreadPoolExecutor(1, thread_name_prefix="xz") as executor:
        pending: deque[Future[bytes]] = deque()
        for about, data in records:
            if data:
                about["bytes"] = len(data)
            line = json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode()
            pending.append(executor.submit(compressor.compress, line + b"\n" + data))
            if len(pending) > _AHEAD:
                put(pending.popleft().result())
        for each in pending:
            put(each.result())
    put(compressor.flush())
    file.write(f"\nsha256 {checksum.hexdigest()}\n".encode())


def is_backup(path: Path) -> bool:
    """True if a file begins like a backup.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return _FIRST_LINE.match(file.readline(64)) is not None


def read_header(path: Path) -> Header:
    """The header of a file; `verify` checks whether the content matches.

    Raises:
        BackupError: it is not a backup, or of a format that this program does not know.
    """
    with _opened(path) as file:
        return _header(file, path)


@contextmanager
def reading(path: Path) -> Iterator[tuple[Header, Iterator[Record]]]:
    """A backup's header and records; the checksum is verified first.

    Raises:
        BackupError: it is not a backup, truncated, damaged, or of a format that this program does not know.
    """
    with _opened(path) as file:
        header = _header(file, path)
        start = file.tell()
        end = _verify_checksum(file, path)
        file.seek(start)
        with lzma.LZMAFile(io.BufferedReader(_Part(file, end - start))) as stream:
            yield header, _records(stream, path)


def _records(stream: lzma.LZMAFile, path: Path) -> Iterator[Record]:
    try:
        while line := stream.readline():
            about = json.loads(line)
            size = about.get("bytes", 0)
            data = stream.read(size)
            if len(data) != size:
                break
            yield about, data
        else:
            return
    except (lzma.LZMAError, EOFError, ValueError, AttributeError, TypeError):
        pass
    raise BackupError(f"the backup {path} cannot be read to its end")


def _header(file: BinaryIO, path: Path) -> Header:
    first = file.readline(64)
    if _PRERELEASE_FIRST_LINE.fullmatch(first):
        raise BackupError(f"the backup {path} is of a pre-release version, which this program cannot read")
    matched = _FIRST_LINE.fullmatch(first)
    if matched is None:
        raise BackupError(Phrase(ProblemCode.NOT_A_BACKUP, {"path": str(path)}))
    if int(matched[1]) > FORMAT_VERSION:
        raise BackupError(
            f"the backup {path} has format {int(matched[1])}; this program reads formats up to {FORMAT_VERSION}: "
            "upgrade it"
        )
    line = file.readline(_MOST_LINE_BYTES)
    try:
        return Header.from_json(line)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        raise BackupError(f"the backup {path} is damaged: its header cannot be read") from None


def _verify_checksum(file: BinaryIO, path: Path) -> int:
    """Verify the checksum; returns its position in the file."""
    end = file.seek(0, os.SEEK_END) - _CHECKSUM_BYTES
    file.seek(max(end, 0))
    recorded = _CHECKSUM.fullmatch(file.read())
    if recorded is None:
        raise BackupError(f"the backup {path} is truncated: its end is missing")
    file.seek(0)
    checksum, left = hashlib.sha256(), end
    while left:
        data = file.read(min(left, _CHUNK))
        if not data:
            break
        checksum.update(data)
        left -= len(data)
    if checksum.hexdigest().encode() != recorded[1]:
        raise BackupError(f"the backup {path} is damaged: its content does not match its checksum")
    return end


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise BackupError(
            Phrase(ProblemCode.BACKUP_UNREADABLE, {"path": str(path), "detail": error.strerror or str(error)})
        ) from None


class _Part(io.RawIOBase):
    """The next bytes of a file, up to a size."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as RawIOBase has it
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)
