"""The days of a file of the CRE, whose dates have had several forms. Pure.

DD/MM/YYYY is the usual one. A rendition of the same data has served dates whose year comes first and whose day stands
in the middle, for all of them or only where that gives a date (which is one way to read: day in the middle where
possible). A form with the year first is accepted only where the other way to read the file contradicts itself.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from tictally_recorder.tariffs.errors import TariffError

_DAY_FIRST: Final = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)
_YEAR_FIRST: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Written:
    """The two dates of a row as they are written.

    Attributes:
        line: of the file, from 1.
        start: the first day.
        end: the last day; empty if the row is in force.
    """

    line: int
    start: str
    end: str


Span = tuple[date, date | None]
"""First and last day; None: in force."""
_Reading = Callable[[str], date | None]


def read_days(rows: Sequence[Written], file: str) -> tuple[list[Span], list[TariffError]]:
    """The days of each row, in the order of the rows.

    Args:
        rows: in any order.
        file: its name, for people.

    Returns:
        The days, and nothing wrong; or no day, and everything that is wrong.
    """
    if wrong := [error for row in rows for error in _impossible(row, file)]:
        return [], wrong
    doubtful = [row for row in rows if any(_YEAR_FIRST.fullmatch(text) for text in (row.start, row.end))]
    if not doubtful:
        spans = [span for row in rows if (span := _span(row, _month_in_the_middle)) is not None]
        wrong = _out_of_order(rows, spans, file)
        return ([], wrong) if wrong else (spans, [])
    found: list[list[Span]] = []
    for reading in (_month_in_the_middle, _day_in_the_middle_where_possible):
        spans = [span for row in rows if (span := _span(row, reading)) is not None]
        if len(spans) == len(rows) and not _out_of_order(rows, spans, file) and spans not in found:
            found.append(spans)
    if len(found) == 1:
        return found[0], []
    if not found:
        sentence = "read as YYYY-MM-DD or as YYYY-DD-MM, the dates of this file contradict one another"
        return [], [TariffError(file, doubtful[0].line, sentence)]
    at = next(number for number, (one, other) in enumerate(zip(*found, strict=True)) if one != other)
    readings = " or ".join(_days_text(each[at]) for each in found)
    sentence = f"this may be {readings}, and nothing in this file decides it; write the dates as DD/MM/YYYY"
    return [], [TariffError(file, rows[at].line, sentence)]


def _days_text(span: Span) -> str:
    start, end = span
    return f"{start:%d/%m/%Y}" + (f" to {end:%d/%m/%Y}" if end is not None else "")


def _impossible(row: Written, file: str) -> list[TariffError]:
    sentences = [] if row.start else ["DATE_DEBUT is empty"]
    sentences += [
        f"{text[:20]!r} is not a date: DD/MM/YYYY"
        for text in (row.start, row.end)
        if text and _day_in_the_middle_where_possible(text) is None
    ]
    return [TariffError(file, row.line, sentence) for sentence in sentences]


def _span(row: Written, reading: _Reading) -> Span | None:
    start, end = reading(row.start), reading(row.end) if row.end else None
    return None if start is None or (row.end and end is None) else (start, end)


def _out_of_order(rows: Sequence[Written], spans: Sequence[Span], file: str) -> list[TariffError]:
    """What cannot be: an end before its start, two ends of one tariff, two lists at the same time."""
    wrong = []
    ends: dict[date, tuple[date | None, int]] = {}
    for row, (start, end) in zip(rows, spans, strict=True):
        if end is not None and end < start:
            wrong.append(TariffError(file, row.line, f"it ends on {end}, before it begins on {start}"))
        known, line = ends.setdefault(start, (end, row.line))
        if known != end:
            sentence = f"prices from {start} end on {end or 'no day'} here and on {known or 'no day'} in line {line}"
            wrong.append(TariffError(file, row.line, sentence))
    for (start, (end, line)), (later, _) in pairwise(sorted(ends.items())):
        if end is None or end >= later:
            sentence = f"prices from {start} hold " + ("for ever" if end is None else f"until {end}")
            wrong.append(TariffError(file, line, f"{sentence}, and others begin on {later}"))
    return wrong


def _month_in_the_middle(text: str) -> date | None:
    if match := _DAY_FIRST.fullmatch(text):
        return _date(match[3], match[2], match[1])
    match = _YEAR_FIRST.fullmatch(text)
    return _date(match[1], match[2], match[3]) if match else None


def _day_in_the_middle(text: str) -> date | None:
    match = _YEAR_FIRST.fullmatch(text)
    return _date(match[1], match[3], match[2]) if match else _month_in_the_middle(text)


def _day_in_the_middle_where_possible(text: str) -> date | None:
    return _day_in_the_middle(text) or _month_in_the_middle(text)


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
