"""LinkyStat's backup: a dump of its MySQL tables.

`linky_history` has a row an hour: the registers and the temperature at the end of the hour, in local time without
offset; of the hour that a clock change repeats only the second is left. `linky_realtime` has the frames of two days, of
which the last of each quarter-hour is imported. The two tables have their columns in different orders. The history's
newest row is of the hour that was running: where the frames end before it, they have its registers.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.fields import LocalClock, number
from tictally_recorder.imports.protocol import Head, Reading
from tictally_recorder.imports.sql_dump import TableRow, rows_of
from tictally_recorder.ledger import Observation, RegisterReading
from tictally_shared.calendar import QUARTER_MS

_HISTORY: Final = "linky_history"
_REALTIME: Final = "linky_realtime"
_TEMPERATURE: Final = "temperature"
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    _HISTORY: ("time", "HCHC", "HCHP", _TEMPERATURE),
    _REALTIME: ("time", "PAPP", "HCHP", "HCHC", _TEMPERATURE, "libelle_tarif"),
}
_REGISTERS: Final = ("HCHC", "HCHP")
_HOUR_MS: Final = 3_600_000
# No place is colder or hotter.
_EXTREME_C: Final = 70
_MENTIONED: Final = re.compile(r"INSERT\s+(?:IGNORE\s+)?INTO\s+`?linky_(?:history|realtime)`?", re.IGNORECASE)


class LinkyStat:
    """See the module."""

    name = "linkystat"
    title = "LinkyStat"
    settings = None
    form = "backup of its MySQL database (mysqldump)"
    requires = None

    def recognizes(self, head: Head, /) -> bool:
        """By its tables."""
        return _MENTIONED.search(head.text) is not None

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        """See `Importer.read`."""
        clocks = {table: LocalClock(reading.tz) for table in _COLUMNS}
        newest: dict[str, int] = {}
        last_of_quarter: dict[int, list[RegisterReading]] = {}
        held: list[RegisterReading] = []
        for row in rows_of(reading.file, _COLUMNS):
            time_ms, found = _readings(reading, row, clocks[row.table])
            if time_ms <= newest.get(row.table, -1):
                raise reading.file.error(row.line, ImportProblem.TIMES_OUT_OF_ORDER)
            newest[row.table] = time_ms
            _note_temperature(reading, row, time_ms)
            if row.table == _REALTIME:
                last_of_quarter[time_ms // QUARTER_MS] = found
                continue
            yield from held
            held = found
        if newest.get(_HISTORY, 0) <= newest.get(_REALTIME, 2**62):
            yield from held
        for found in last_of_quarter.values():
            yield from found


def _note_temperature(reading: Reading, row: TableRow, time_ms: int) -> None:
    """Keep the outdoor temperature of a full hour; what is no temperature is none."""
    columns = row.columns or _COLUMNS[row.table]
    cell = dict(zip(columns, row.values, strict=False)).get(_TEMPERATURE)
    value = None if cell is None else number(cell)
    if value is not None and abs(value) <= _EXTREME_C and time_ms % _HOUR_MS == 0:
        reading.temperatures[time_ms // _HOUR_MS] = round(value * 100)


def _readings(reading: Reading, row: TableRow, clock: LocalClock) -> tuple[int, list[RegisterReading]]:
    file = reading.file
    columns = row.columns or _COLUMNS[row.table]
    cells = dict(zip(columns, row.values, strict=False))
    if missing := tuple(each for each in ("time", *_REGISTERS) if each not in cells):
        raise file.error(row.line, ImportProblem.COLUMN_MISSING, columns=missing)
    text = cells["time"] or ""
    try:
        naive = datetime.fromisoformat(text)
    except ValueError:
        raise file.error(row.line, ImportProblem.NOT_A_TIME, text=text[:40]) from None
    time_ms = clock.end(naive)
    if time_ms is None:
        raise file.error(row.line, ImportProblem.TIME_SKIPPED, text=text)
    found = []
    for register in _REGISTERS:
        cell = cells[register]
        if cell is None:
            continue
        value = number(cell)
        if value is None:
            raise file.error(row.line, ImportProblem.NOT_A_NUMBER, text=cell[:40])
        if value < 0:
            raise file.error(row.line, ImportProblem.NEGATIVE)
        found.append(RegisterReading(register, time_ms, int(value)))
    return time_ms, found
