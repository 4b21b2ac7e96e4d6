"""Cells, numbers and times as files have them: quoted, with a decimal comma or point, local or with offset. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.source_file import Line, SourceFile

_DELIMITERS: Final = ";,\t"
_PLAIN = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u202f']\d{3})+(?:[.,]\d+)?")


class Cells(NamedTuple):
    """A row of a CSV.

    Attributes:
        line: of the file, from 1.
        cells: stripped.
    """

    line: int
    cells: list[str]


def rows(file: SourceFile, lines: Iterable[Line]) -> Iterator[Cells]:
    """The rows of a CSV that have anything in them; a heading that stands again is left out.

    Commas, semicolons or tabs separate the cells: what the first row has most of.

    Raises:
        ImportFileError: a cell has no end.
    """
    reader: Any = None
    first: list[str] | None = None
    number = 0
    texts = _Numbered(lines)
    try:
        for text in texts:
            if reader is None and text.strip():
                delimiter = max(_DELIMITERS, key=text.count)
                reader = csv.reader(chain([text], texts), delimiter=delimiter, skipinitialspace=True)
                break
        for found in reader or ():
            number = texts.number
            cells = [each.strip() for each in found]
            if any(cells) and cells != first:
                first = cells if first is None else first
                yield Cells(number, cells)
    except csv.Error:
        raise file.error(texts.number, ImportProblem.LINE_TOO_LONG) from None


class _Numbered:
    """The texts of lines, with the number of the one that was taken last."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number = line.number
        return line.text


def number(text: str) -> Decimal | None:
    """A decimal number, or None. Groups of thousands are separated by spaces or apostrophes only."""
    text = text.strip()
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[ \u00a0\u202f']", "", text)
    if not _PLAIN.fullmatch(text):
        return None
    return Decimal(text.replace(",", "."))


def to_ms(moment: datetime) -> int:
    """An aware time in milliseconds since 1970."""
    return round(moment.timestamp()) * 1000


class LocalClock:
    """Turns local times without offset, in the order of time, into moments.

    The hour that a clock change repeats stands twice: what does not follow the time before it is of the second one.

    Args:
        tz: whose times.
    """

    def __init__(self, tz: ZoneInfo) -> None:
        self._tz = tz
        self._newest_ms: int | None = None

    def moment(self, naive: datetime) -> int | None:
        """Milliseconds since 1970, or None for a time that a clock change skips."""
        local = naive.replace(tzinfo=self._tz)
        if local.astimezone(UTC).astimezone(self._tz).replace(tzinfo=None) != naive:
            return None
        found = to_ms(local)
        if self._newest_ms is not None and found <= self._newest_ms:
            found = to_ms(local.replace(fold=1))
        self._newest_ms = found
        return found

    def end(self, naive: datetime) -> int | None:
        """The same for the end of an interval: the end at which clocks go forward has a time that is skipped."""
        found = self.moment(naive)
        if found is not None:
            return found
        local = naive.replace(tzinfo=self._tz)
        skipped = to_ms(local)
        after = local.astimezone(UTC).astimezone(self._tz)
        is_change = (after.replace(tzinfo=None) - naive).seconds // 3600 == 1 and naive.minute == 0
        if not is_change:
            return None
        self._newest_ms = skipped
        return skipped
