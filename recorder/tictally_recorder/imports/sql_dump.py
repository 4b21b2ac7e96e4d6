"""Rows of tables in a dump by mysqldump or pg_dump, while it is read: INSERT statements, and COPY with its lines."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Final

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.source_file import SourceFile, decoded

_CHUNK: Final = 1 << 20
# A statement's beginning, or a row, is far shorter.
_MOST_PENDING: Final = 4 << 20
_NAME: Final = r"[`\"]?(?:\w+[`\"]?\.[`\"]?)?(\w+)[`\"]?"
_BEGIN: Final = re.compile(
    rf"INSERT\s+(?:IGNORE\s+)?INTO\s+{_NAME}\s*(?:\(([^()]*)\))?\s*VALUES|COPY\s+{_NAME}\s*\(([^()]*)\)\s*FROM\s+stdin;\r?\n",
    re.IGNORECASE,
)
_ROW: Final = re.compile(r"\s*\(((?:[^'()]|'(?:[^'\\]|\\.|'')*')*)\)\s*([,;])", re.DOTALL)
_VALUE: Final = re.compile(r"\s*(?:'((?:[^'\\]|\\.|'')*)'|([^,']*))\s*(?:,|$)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)|''", re.DOTALL)
# As much of a statement's beginning may be at the end of a chunk.
_OVERLAP: Final = 4096


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row.

    Attributes:
        table: its table.
        columns: their names, or None where the dump has none.
        values: the texts of the values, None for NULL.
        line: of the dump.
    """

    table: str
    columns: Sequence[str] | None
    values: Sequence[str | None]
    line: int


def rows_of(file: SourceFile, tables: Collection[str]) -> Iterator[TableRow]:
    """The rows of some tables, in the order of the dump.

    Raises:
        ImportFileError: it ends within a statement, or cannot be read.
    """
    with file.open() as content:
        text = _Text(file, content)
        while (begin := text.find(_BEGIN)) is not None:
            table, columns = (begin[1], begin[2]) if begin[1] else (begin[3], begin[4])
            names = None if columns is None else [each.strip(' `"\n\r') for each in columns.split(",")]
            rows = _inserted(text) if begin[1] else _copied(text)
            for line, values in rows:
                if table in tables:
                    yield TableRow(table, names, values, line)


class _Text:
    """The dump's text with a position in it; only a part of it is in memory."""

    def __init__(self, file: SourceFile, content: IO[bytes]) -> None:
        self._file = file
        self._content = content
        self._pending = b""
        self.text = ""
        self.at = 0
        self.line = 1

    def more(self) -> bool:
        """Read on; False at the end."""
        chunk = self._content.read(_CHUNK)
        if not chunk:
            rest, self._pending = self._pending, b""
            self.text = self.text[self.at :] + decoded(rest)
            self.at = 0
            return bool(rest)
        if b"\0" in chunk:  # dumps escape it
            raise self.truncated()
        data = self._pending + chunk
        cut = data.rfind(b"\n") + 1 or max(data.rfind(b","), 0)
        self._pending = data[cut:]
        self.text = self.text[self.at :] + decoded(data[:cut])
        self.at = 0
        if len(self.text) > _MOST_PENDING + _CHUNK or len(self._pending) > _MOST_PENDING:
            raise self.truncated()
        return True

    def find(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Move behind the next match; None if there is none up to the end."""
        while True:
            match = pattern.search(self.text, self.at)
            if match is not None:
                self.advance(match.end())
                return match
            self.advance(max(self.at, len(self.text) - _OVERLAP))
            if not self.more():
                return None

    def match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Move behind a match that must be here.

        Raises:
            ImportFileError: the dump ends before it.
        """
        while True:
            match = pattern.match(self.text, self.at)
            if match is not None:
                self.advance(match.end())
                return match
            if not self.more():
                raise self.truncated()

    def advance(self, to: int) -> None:
        """Move to a position of the text."""
        self.line += self.text.count("\n", self.at, to)
        self.at = to

    def truncated(self) -> Exception:
        """The error of a dump that ends here."""
        return self._file.error(self.line, ImportProblem.TRUNCATED)


def _inserted(text: _Text) -> Iterator[tuple[int, list[str | None]]]:
    while True:
        match = text.match(_ROW)
        yield text.line, _values(match[1])
        if match[2] == ";":
            return


def _values(row: str) -> list[str | None]:
    found: list[str | None] = []
    at = 0
    while at < len(row):
        match = _VALUE.match(row, at)
        if match is None or match.end() == at:
            break
        at = match.end()
        if match[1] is not None:
            found.append(_ESCAPED.sub(lambda escaped: escaped[1] or "'", match[1]))
        else:
            bare = match[2].strip()
            found.append(None if bare.upper() == "NULL" else bare)
    return found


_LINE: Final = re.compile(r"([^\n]*)\n")


def _copied(text: _Text) -> Iterator[tuple[int, list[str | None]]]:
    while (row := text.match(_LINE)[1].rstrip("\r")) != "\\.":
        yield text.line - 1, [None if each == "\\N" else each for each in row.split("\t")]
