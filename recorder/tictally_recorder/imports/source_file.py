"""A file to import, whatever it is packed in: bytes and lines, never more of them in memory than one line.

gzip and zip are unpacked while they are read. What a compressed file may become is bounded, so that a zip bomb ends in
a sentence.
"""

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, Final

from tictally_recorder.imports.errors import ImportFileError, ImportProblem
from tictally_shared.phrase import Phrase

_HEAD_BYTES: Final = 1 << 16
_CHUNK: Final = 1 << 20
_MOST_BYTES: Final = 16 << 30
# Text compresses a few dozen times, the emptiest of our files about a hundred times.
_MOST_RATIO: Final = 500
_ALWAYS_ALLOWED_BYTES: Final = 256 << 20
_MOST_LINE_BYTES: Final = 1 << 16
_ENCRYPTED: Final = 1
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_UTF8_BOM: Final = b"\xef\xbb\xbf"
_UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Attributes:
        number: from 1.
        text: without its end.
    """

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file, or a member of an archive.

    Attributes:
        path: of the file or the archive.
        member: name in a zip archive; None for the file itself.
    """

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """For people: the path, with the member behind it."""
        return str(self.path) if self.member is None else f"{self.path}, {self.member}"

    @property
    def is_packed(self) -> bool:
        """True for a member of an archive, and for a file that gzip packed. Raises OSError."""
        if self.member is not None:
            return True
        with self.path.open("rb") as raw:
            return raw.read(len(_GZIP)) == _GZIP

    @contextmanager
    def open(self) -> Iterator[BufferedReader]:
        """The unpacked content.

        Raises:
            ImportFileError: it cannot be read, ends early, or unpacks to more than any history has.
        """
        try:
            with self.path.open("rb") as raw:
                if self.member is not None:
                    with zipfile.ZipFile(raw) as archive:
                        info = archive.getinfo(self.member)
                        if info.flag_bits & _ENCRYPTED:
                            raise self.error(0, ImportProblem.ENCRYPTED)
                        with archive.open(info) as content:
                            yield BufferedReader(_Bounded(content, info.compress_size, self.name))
                elif raw.peek(len(_GZIP))[: len(_GZIP)] == _GZIP:
                    with gzip.open(raw) as content:
                        yield BufferedReader(_Bounded(content, self.path.stat().st_size, self.name))
                else:
                    yield raw
        except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile):
            raise self.error(0, ImportProblem.TRUNCATED) from None
        except OSError as error:
            raise self.error(0, ImportProblem.UNREADABLE, detail=error.strerror or str(error)) from None

    def head(self) -> bytes:
        """Its first 64 KiB. Raises as `open` does."""
        with self.open() as content:
            return content.read(_HEAD_BYTES)

    def hash(self) -> str:
        """SHA-256 of its content, hexadecimal. Raises as `open` does."""
        digest = hashlib.sha256()
        with self.open() as content:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    def lines(self) -> Iterator[Line]:
        """Its lines: UTF-8, UTF-16 with its mark, or else Latin-1.

        Raises:
            ImportFileError: as `open`, or a line has more than 64 KiB.
        """
        with self.open() as content:
            start = content.read(len(_UTF8_BOM))
            if start[:2] in _UTF16_BOMS:
                yield from self._wide_lines(start, content)
                return
            rest = b"" if start == _UTF8_BOM else start
            number = 0
            while line := _next_line(rest, content):
                rest = rest[len(line) :]
                number += 1
                if len(line) >= _MOST_LINE_BYTES:
                    raise self.error(number, ImportProblem.LINE_TOO_LONG)
                yield Line(number, decoded(line).rstrip("\r\n"))

    def _wide_lines(self, start: bytes, content: BufferedReader) -> Iterator[Line]:
        data = start + content.read(_ALWAYS_ALLOWED_BYTES)
        for number, text in enumerate(data.decode("utf-16", errors="replace").splitlines(), 1):
            yield Line(number, text)

    def error(self, line: int, code: ImportProblem, **parameters: str | int | tuple[str, ...]) -> ImportFileError:
        """An error about it, to be raised."""
        return ImportFileError(self.name, line, Phrase(code, dict(parameters)))


def _next_line(rest: bytes, content: BufferedReader) -> bytes:
    """The next line of what has been read already and of what has not."""
    end = rest.find(b"\n") + 1
    return rest[:end] if end else rest + content.readline(_MOST_LINE_BYTES)


class _Bounded(RawIOBase):
    """What a compressed file unpacks to, as long as that is plausible."""

    def __init__(self, content: IO[bytes] | gzip.GzipFile, packed: int, name: str) -> None:
        super().__init__()
        self._content = content
        self._most = min(max(packed * _MOST_RATIO, _ALWAYS_ALLOWED_BYTES), _MOST_BYTES)
        self._name = name
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._content.read(len(buffer))
        self._read += len(data)
        if self._read > self._most:
            raise ImportFileError(self._name, 0, Phrase(ImportProblem.TOO_LARGE, {"size": self._most}))
        buffer[: len(data)] = data
        return len(data)


def decoded(data: bytes) -> str:
    """A line's text: UTF-8, or else Latin-1 as Windows has it."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def source_files(path: Path) -> list[SourceFile]:
    """The files of a path: of a zip archive its members, but a spreadsheet is one file.

    Raises:
        ImportFileError: it cannot be read, or is no intact archive.
    """
    whole = SourceFile(path)
    if not whole.head().startswith(_ZIP):
        return [whole]
    try:
        with zipfile.ZipFile(path) as archive:
            names = [each.filename for each in archive.infolist() if not each.is_dir()]
    except (zipfile.BadZipFile, OSError):
        raise whole.error(0, ImportProblem.TRUNCATED) from None
    if is_spreadsheet(names):
        return [whole]
    return [SourceFile(path, name) for name in sorted(names) if not name.startswith("__MACOSX/")]


def is_spreadsheet(names: list[str]) -> bool:
    """True for the members of an Excel file."""
    return "[Content_Types].xml" in names and "xl/workbook.xml" in names
