"""EDF's CSV of half-hourly powers (`mes-puissances-atteintes-30min-….csv`).

A row with a day, `05/01/2026`, then the rows of that day, `23:30;410;Réelle`: mean power in W of the half-hour that
ends then, backwards in time; 00:00 is the day's end. Rows may stand twice.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.fields import LocalClock, number
from tictally_recorder.imports.load_curve import check_power
from tictally_recorder.imports.protocol import Head, Reading
from tictally_recorder.ledger import CONSUMPTION, IntervalEnergy, Observation
from tictally_shared.calendar import day_bounds_ms

_DAY: Final = re.compile(r'\s*"?(\d\d/\d\d/\d{4})"?[\s;,"]*')
_ROW: Final = re.compile(
    r'\s*"?(\d\d):(\d\d)"?\s*[;,\t]\s*"?([^";\t]*?)"?\s*[;,\t]\s*"?(R.elle|Estim.e|R..elle|Estim..e)"?[\s;,"]*'
)
_NOTHING: Final = ' \t;,"'
_STEP_MS: Final = 1_800_000
_MINUTES: Final = 30

_Row = tuple[time, int, int]


class Edf:
    """See the module."""

    name = "edf"
    title = "EDF"
    settings = None
    form = "CSV of half-hourly powers (mes-puissances-atteintes-30min)"
    requires = None

    def recognizes(self, head: Head, /) -> bool:
        """A day, and the rows of a day."""
        lines = head.text.splitlines()[:60]
        return any(map(_DAY.fullmatch, lines)) and any(map(_ROW.fullmatch, lines))

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        """See `Importer.read`."""
        file = reading.file
        days: dict[date, list[_Row]] = {}
        day: date | None = None
        for line in file.lines():
            if match := _DAY.fullmatch(line.text):
                try:
                    day = datetime.strptime(match[1], "%d/%m/%Y").date()  # noqa: DTZ007 - local
                except ValueError:
                    raise file.error(line.number, ImportProblem.NOT_A_TIME, text=match[1]) from None
            elif day is not None and line.text.strip(_NOTHING):
                days.setdefault(day, []).append(_row(reading, line.text, line.number))
        for each in sorted(days):
            yield from _of_day(reading, each, days[each])


def _row(reading: Reading, text: str, line: int) -> _Row:
    match = _ROW.fullmatch(text)
    if match is None:
        raise reading.file.error(line, ImportProblem.NOT_A_TIME, text=text[:40])
    value = number(match[3])
    if value is None:
        raise reading.file.error(line, ImportProblem.NOT_A_NUMBER, text=match[3][:40])
    check_power(reading.file, line, round(value))
    try:
        return time(int(match[1]), int(match[2])), round(value), line
    except ValueError:
        raise reading.file.error(line, ImportProblem.NOT_A_TIME, text=text[:40]) from None


def _of_day(reading: Reading, day: date, rows: Sequence[_Row]) -> Iterator[Observation]:
    """The intervals of a day, whose rows run backwards; the same row twice in a row counts once."""
    clock = LocalClock(reading.tz)
    start_ms, end_ms = day_bounds_ms(day, reading.tz)
    newest: _Row | None = None
    known: dict[int, _Row] = {}
    for row in reversed(rows):
        at, watts, line = row
        if newest is not None and row[:2] == newest[:2]:
            continue
        newest = row
        naive = datetime.combine(day + timedelta(days=at == time()), at)
        time_ms = clock.end(naive)
        if time_ms is None:
            raise reading.file.error(line, ImportProblem.TIME_SKIPPED, text=str(naive))
        if not start_ms < time_ms <= end_ms:
            raise reading.file.error(line, ImportProblem.NOT_A_TIME, text=str(naive))
        before = known.setdefault(time_ms, row)
        if before[1] != watts:
            raise reading.file.error(line, ImportProblem.TIME_TWICE, other=before[2])
        if before is row:
            yield IntervalEnergy(CONSUMPTION, time_ms - _STEP_MS, time_ms, watts * _MINUTES)
