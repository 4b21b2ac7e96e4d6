"""A file to import, whatever it is packed in: bytes and lines, never more of them in memory than one line.

gzip and zip are unpacked while they are read. What a compressed file may become is bounded, so that a zip bomb ends in
a sentence.
"""

import codecs
import gzip
import hashlib
import stat
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
_UTF16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROTECTED: Final = "EncryptedPackage".encode("utf-16-le")
# 7z, RAR, xz, bzip2, zstd.
_OTHER_ARCHIVES: Final = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xfd7zXZ\x00", b"BZh", b"\x28\xb5\x2f\xfd")
_HIDDEN: Final = (".", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Attributes:
        number: from 1.
        text: without its end.
        is_ended: False for the last line of a file that ends without a line end.
    """

    number: int
    text: str
    is_ended: bool = True


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
            self._check_kind()
            with self.path.open("rb") as raw:
                if self.member is not None:
                    with zipfile.ZipFile(raw) as archive:
                        info = archive.getinfo(self.member)
                        if info.flag_bits & _ENCRYPTED:
                            raise self.error(0, ImportProblem.ENCRYPTED)
                        with archive.open(info) as content:
                            yield _as_utf8(BufferedReader(_Bounded(content, info.compress_size, self.name)))
                elif raw.peek(len(_GZIP))[: len(_GZIP)] == _GZIP:
                    with gzip.open(raw) as content:
                        yield _as_utf8(BufferedReader(_Bounded(content, self.path.stat().st_size, self.name)))
                else:
                    yield _as_utf8(raw)
        except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile):
            raise self.error(0, ImportProblem.TRUNCATED) from None
        except FileNotFoundError:
            raise self.error(0, ImportProblem.MISSING) from None
        except OSError as error:
            raise self.error(0, ImportProblem.UNREADABLE, detail=error.strerror or str(error)) from None

    def _check_kind(self) -> None:
        """Reject what is no file: a pipe would be waited for without end. Raises OSError where there is nothing."""
        mode = self.path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise self.error(0, ImportProblem.IS_A_FOLDER, example=str(self.path / "*"))
        if not stat.S_ISREG(mode):
            raise self.error(0, ImportProblem.NO_FILE)

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
        """Its lines, whatever ends them: UTF-8, UTF-16 with its mark, or else Latin-1.

        Raises:
            ImportFileError: as `open`, or a line has more than 64 KiB, or zero bytes.
        """
        with self.open() as content:
            start = content.peek(_HEAD_BYTES)[:_HEAD_BYTES]
            if start.startswith(_UTF8_BOM):
                content.read(len(_UTF8_BOM))
            end = b"\r" if b"\r" in start and b"\n" not in start else b"\n"
            for number, (line, is_ended) in enumerate(_split(content, end), 1):
                if len(line) >= _MOST_LINE_BYTES:
                    raise self.error(number, ImportProblem.LINE_TOO_LONG)
                if b"\0" in line:
                    raise self.error(number, ImportProblem.TRUNCATED)
                yield Line(number, decoded(line).rstrip("\r"), is_ended)

    def error(self, line: int, code: ImportProblem, **parameters: str | int | tuple[str, ...]) -> ImportFileError:
        """An error about it, to be raised."""
        return ImportFileError(self.name, line, Phrase(code, dict(parameters)))


def _split(content: BufferedReader, end: bytes) -> Iterator[tuple[bytes, bool]]:
    """Lines, and whether they have an end; one that is too long, as far as it was read."""
    pending = b""
    while chunk := content.read(_MOST_LINE_BYTES):
        *whole, pending = (pending + chunk).split(end)
        for line in whole:
            yield line, True
        if len(pending) >= _MOST_LINE_BYTES:
            yield pending, False
            return
    if pending:
        yield pending, False


def _as_utf8(content: BufferedReader) -> BufferedReader:
    """The same, UTF-16 with its mark as UTF-8."""
    encoding = _UTF16.get(content.peek(2)[:2])
    return content if encoding is None else BufferedReader(_Recoded(content, encoding))


class _Recoded(RawIOBase):
    """Text of another encoding as UTF-8, without its mark."""

    def __init__(self, content: BufferedReader, encoding: str) -> None:
        super().__init__()
        content.read(2)
        self._content = content
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._pending = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._pending and (data := self._content.read(len(buffer))):
            self._pending = self._decoder.decode(data).encode()
        count = min(len(buffer), len(self._pending))
        buffer[:count], self._pending = self._pending[:count], self._pending[count:]
        return count


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
    if not whole.head().startswith(_ZIP) or whole.is_packed:
        return [whole]
    try:
        with zipfile.ZipFile(path) as archive:
            names = [each.filename for each in archive.infolist() if not each.is_dir()]
    except (zipfile.BadZipFile, OSError):
        raise whole.error(0, ImportProblem.TRUNCATED) from None
    if is_spreadsheet(names):
        return [whole]
    if "mimetype" in names and "content.xml" in names:
        raise whole.error(0, ImportProblem.OTHER_SPREADSHEET)
    return [SourceFile(path, name) for name in sorted(names) if not _is_hidden(name)]


def check_packing(file: SourceFile, head: bytes) -> None:
    """Reject an archive within an archive, an archive of another kind, and spreadsheets that are not XLSX.

    Args:
        file: that no importer recognizes.
        head: its beginning.

    Raises:
        ImportFileError: it is one of these.
    """
    if head.startswith(_OLE):
        with file.open() as content:
            is_protected = _PROTECTED in content.read(_ALWAYS_ALLOWED_BYTES)
        raise file.error(0, ImportProblem.ENCRYPTED if is_protected else ImportProblem.OTHER_SPREADSHEET)
    if head.startswith((_ZIP, _GZIP, *_OTHER_ARCHIVES)):
        raise file.error(0, ImportProblem.UNPACK_FIRST)


def _is_hidden(name: str) -> bool:
    """True for what operating systems add to archives."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(_HIDDEN)


def is_spreadsheet(names: list[str]) -> bool:
    """True for the members of an Excel file."""
    return "[Content_Types].xml" in names and "xl/workbook.xml" in names
