"""meterit's history of powers: a dump of its table `meterlog` by pg_dump or mysqldump, or its rows as CSV.

A reading every few seconds, in W, with a time without offset in the server's zone, mostly UTC: a setting. There are no
registers: the powers are summed to quarter-hours, and the energies are marked as integrated. A silence of more than a
minute counts nothing. Prices are not imported: tariffs have them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from tictally_recorder.imports.errors import ImportProblem
from tictally_recorder.imports.fields import LocalClock, number, rows
from tictally_recorder.imports.load_curve import check_power
from tictally_recorder.imports.protocol import Head, Reading
from tictally_recorder.imports.sql_dump import rows_of
from tictally_recorder.ledger import CONSUMPTION, IntervalEnergy, Observation
from tictally_shared.calendar import QUARTER_MS, zone
from tictally_shared.settings.sections import SectionModel

_TABLE: Final = "meterlog"
_COLUMNS: Final = ("id", "time_created", "time_updated", "watts", "station_id", "price")
_TIME, _WATTS, _STATION = "time_created", "watts", "station_id"
_LONGEST_MS: Final = 60_000
_MINUTE_MS: Final = 60_000
_MENTIONED: Final = re.compile(
    r"(?:INSERT\s+(?:IGNORE\s+)?INTO|COPY)\s+[`\"]?(?:\w+[`\"]?\.[`\"]?)?meterlog\b", re.IGNORECASE
)


_DELIMITER: Final = re.compile(r"[,;\t]")


def _zone_name(text: str) -> str:
    return zone(text).key


class MeteritHistorySettings(SectionModel):
    """How its files are read."""

    timezone: Annotated[str, AfterValidator(_zone_name)] = Field(
        "UTC", description="Time zone of meterit's server, in which its history has its times."
    )
    station: int = Field(1, ge=0, description="Station whose history is imported.")


class Meterit:
    """See the module."""

    name = "meterit_history"
    title = "meterit"
    settings = MeteritHistorySettings
    form = "meterlog by pg_dump, by mysqldump or as CSV"
    requires = None

    def recognizes(self, head: Head, /) -> bool:
        """By its table or its columns."""
        first = head.text.partition("\n")[0]
        return _MENTIONED.search(head.text) is not None or {_TIME, _WATTS} <= {
            each.strip(' "') for each in _DELIMITER.split(first)
        }

    def read(self, reading: Reading, /) -> Iterator[Observation]:
        """See `Importer.read`."""
        settings = reading.settings.section(MeteritHistorySettings)
        clock = LocalClock(ZoneInfo(settings.timezone))
        sums: dict[int, tuple[int, int]] = {}
        before: tuple[int, int] | None = None
        for line, cells in _cells(reading):
            station = cells.get(_STATION)
            if station not in {None, "", str(settings.station)}:
                continue
            time_ms, milliwatts = _reading(reading, clock, line, cells)
            if before is not None and 0 < time_ms - before[0] <= _LONGEST_MS:
                _add(sums, *before, time_ms)
            elif before is not None and time_ms < before[0]:
                raise reading.file.error(line, ImportProblem.TIMES_OUT_OF_ORDER)
            before = time_ms, milliwatts
        for quarter, (energy, covered_ms) in sums.items():
            # What is known of a quarter-hour stands for all of it where little is missing, else for nothing.
            if covered_ms >= QUARTER_MS * 9 // 10:
                start_ms = quarter * QUARTER_MS
                watt_minutes = round(Decimal(energy * QUARTER_MS) / (covered_ms * 1000 * _MINUTE_MS))
                yield IntervalEnergy(CONSUMPTION, start_ms, start_ms + QUARTER_MS, watt_minutes, is_integrated=True)


def _add(sums: dict[int, tuple[int, int]], start_ms: int, milliwatts: int, end_ms: int) -> None:
    """Add a power over a time to the quarter-hours, as milliwatts times milliseconds, and the time."""
    while start_ms < end_ms:
        quarter = start_ms // QUARTER_MS
        until_ms = min(end_ms, (quarter + 1) * QUARTER_MS)
        energy, covered_ms = sums.get(quarter, (0, 0))
        sums[quarter] = energy + milliwatts * (until_ms - start_ms), covered_ms + until_ms - start_ms
        start_ms = until_ms


def _cells(reading: Reading) -> Iterator[tuple[int, Mapping[str, str | None]]]:
    if _MENTIONED.search(reading.file.head().decode(errors="replace")):
        for row in rows_of(reading.file, {_TABLE}):
            yield row.line, _named(reading, row.line, row.columns or _COLUMNS, row.values)
        return
    found = rows(reading.file, reading.file.lines())
    columns = next(found).cells
    for line, values in found:
        yield line, _named(reading, line, columns, values)


def _named(
    reading: Reading, line: int, columns: Sequence[str], values: Sequence[str | None]
) -> Mapping[str, str | None]:
    cells = dict(zip(columns, values, strict=False))
    if missing := tuple(each for each in (_TIME, _WATTS) if not cells.get(each)):
        raise reading.file.error(line, ImportProblem.COLUMN_MISSING, columns=missing)
    return cells


def _reading(reading: Reading, clock: LocalClock, line: int, cells: Mapping[str, str | None]) -> tuple[int, int]:
    """Time and power in milliwatts."""
    text, watts = cells[_TIME] or "", cells[_WATTS] or ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise reading.file.error(line, ImportProblem.NOT_A_TIME, text=text[:40]) from None
    value = number(watts)
    if value is None:
        raise reading.file.error(line, ImportProblem.NOT_A_NUMBER, text=watts[:40])
    check_power(reading.file, line, round(value))
    if moment.tzinfo is not None:
        return round(moment.timestamp() * 1000), round(value * 1000)
    time_ms = clock.moment(moment.replace(microsecond=0))
    if time_ms is None:
        raise reading.file.error(line, ImportProblem.TIME_SKIPPED, text=text[:40])
    return time_ms + moment.microsecond // 1000, round(value * 1000)
