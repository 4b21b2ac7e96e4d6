"""The file of a backup: two lines that a person can read, records in an xz stream, and a checksum of all of it.

    tictally backup, form 1
    {"schema": …, "made": …, …}                      what is in it, see Header
    an xz stream (`tail -n +3 FILE | head -c -73 | xz -d` shows it) of records: a line of JSON each, which is followed
    by as many bytes as its `bytes` says, where it has one
    an empty line's end, `sha256 `, 64 hexadecimal digits: of everything before

`docs/backup.md` has the records.
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

from tictally_recorder.backup.errors import BackupError
from tictally_recorder.backup.summary import SiteSummary
from tictally_shared.frames import iso_utc, parse_time_ms

FORM: Final = 1
_FIRST_LINE: Final = re.compile(rb"tictally backup, form (\d{1,6})\n")
_LINES_AT_MOST: Final = 1 << 20
_SUM: Final = re.compile(rb"\nsha256 ([0-9a-f]{64})\n")
_SUM_BYTES: Final = 73
_CHUNK: Final = 1 << 20
# The columns are short of repetition at a distance: more than this level costs time and memory (9 MB) for 8 %.
_LEVEL: Final = 1
_AHEAD: Final = 2

Record = tuple[dict[str, Any], bytes]


@dataclass(frozen=True, slots=True)
class Header:
    """What is in a backup.

    Attributes:
        schema: version of the ledger's tables.
        program: version of the program that made it.
        made_ms: when, milliseconds since 1970; the ledger is as it was then.
        recorder: its name.
        is_whole: True where raw frames and messages set aside are in it.
        sites: of the ledger.
        began: when the ledger was begun, as it says; None where the backup is of a program that did not write it.
    """

    schema: int
    program: str
    made_ms: int
    recorder: str
    is_whole: bool
    sites: tuple[SiteSummary, ...]
    began: str | None = None

    def to_json(self) -> str:
        """As the file's second line has it."""
        body = asdict(self) | {"made": iso_utc(self.made_ms)}
        del body["made_ms"]
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """From the file's second line; names that it does not know are passed over.

        Raises:
            ArithmeticError, AttributeError, KeyError, TypeError, ValueError: it is none.
        """
        body = json.loads(text)
        began = body.get("began")
        return cls(
            schema=int(body["schema"]),
            program=str(body["program"]),
            made_ms=parse_time_ms(body["made"]),
            recorder=str(body["recorder"]),
            is_whole=bool(body["is_whole"]),
            sites=tuple(SiteSummary.of(each) for each in body["sites"]),
            began=None if began is None else str(began),
        )


def write(file: BinaryIO, header: Header, records: Iterable[Record]) -> None:
    """Write a backup into an empty file."""
    summed = hashlib.sha256()

    def put(data: bytes) -> None:
        summed.update(data)
        file.write(data)

    put(f"tictally backup, form {FORM}\n{header.to_json()}\n".encode())
    compressor = lzma.LZMACompressor(preset=_LEVEL)
    # It compresses beside what makes the next records: its thread needs no lock of the interpreter's.
    with ThreadPoolExecutor(1, thread_name_prefix="xz") as beside:
        under_way: deque[Future[bytes]] = deque()
        for about, data in records:
            if data:
                about["bytes"] = len(data)
            line = json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode()
            under_way.append(beside.submit(compressor.compress, line + b"\n" + data))
            if len(under_way) > _AHEAD:
                put(under_way.popleft().result())
        for each in under_way:
            put(each.result())
    put(compressor.flush())
    file.write(f"\nsha256 {summed.hexdigest()}\n".encode())


def is_backup(path: Path) -> bool:
    """True where a file begins as a backup does.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return _FIRST_LINE.match(file.readline(64)) is not None


def read_header(path: Path) -> Header:
    """What a file says that is in it; whether that is so is what `verify` finds out.

    Raises:
        BackupError: it is no backup, or of a form that this program does not know.
    """
    with _opened(path) as file:
        return _header(file, path)


@contextmanager
def reading(path: Path) -> Iterator[tuple[Header, Iterator[Record]]]:
    """A backup's header and records, after every bit of the file was held against its checksum.

    Raises:
        BackupError: it is no backup, cut short, damaged, or of a form that this program does not know.
    """
    with _opened(path) as file:
        header = _header(file, path)
        start = file.tell()
        end = _check_sum(file, path)
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
    first = _FIRST_LINE.fullmatch(file.readline(64))
    if first is None:
        raise BackupError(f"{path} is no backup of tictally")
    if int(first[1]) > FORM:
        raise BackupError(
            f"the backup {path} has form {int(first[1])}; this program reads forms up to {FORM}: upgrade it"
        )
    line = file.readline(_LINES_AT_MOST)
    try:
        return Header.from_json(line)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        raise BackupError(f"the backup {path} is damaged: what it says of itself cannot be read") from None


def _check_sum(file: BinaryIO, path: Path) -> int:
    """Where the checksum stands."""
    end = file.seek(0, os.SEEK_END) - _SUM_BYTES
    file.seek(max(end, 0))
    said = _SUM.fullmatch(file.read())
    if said is None:
        raise BackupError(f"the backup {path} is cut short: its end is missing")
    file.seek(0)
    summed, left = hashlib.sha256(), end
    while left:
        data = file.read(min(left, _CHUNK))
        if not data:
            break
        summed.update(data)
        left -= len(data)
    if summed.hexdigest().encode() != said[1]:
        raise BackupError(f"the backup {path} is damaged: its content is not what was written")
    return end


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise BackupError(f"the backup {path} cannot be read: {error.strerror or error}") from None


class _Part(io.RawIOBase):
    """So many bytes of a file from where it stands."""

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
