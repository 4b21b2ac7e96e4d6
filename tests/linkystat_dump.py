"""LinkyStat's dump in its own form, made by the tests: an hourly history of registers, and the truth that it shows."""

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from imported_files import PARIS

HOUR = timedelta(hours=1)
_EXCHANGED_TO = (17, 43)


def history(rows: Iterable[str]) -> str:
    return f"USE `linky`;\nINSERT IGNORE INTO `linky_history` VALUES {','.join(rows)};\n"


def realtime(rows: Sequence[str]) -> str:
    return f"INSERT IGNORE INTO `linky_realtime` VALUES {','.join(rows)};\n"  # noqa: S608 - a file


def dump(path: Path, *parts: str) -> Path:
    """A compressed dump in a folder."""
    file = path / "linkystat_mysql_backup.sql.gz"
    file.write_bytes(gzip.compress("".join(parts).encode(), 6))
    return file


def local_end(start: datetime) -> str:
    """The end of an hour as LinkyStat has it: its local start, and an hour on the clock's face."""
    return f"{start.astimezone(PARIS).replace(tzinfo=None) + HOUR:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class YearsOfHours:
    """Hours of a meter in HP/HC, one after another.

    Attributes:
        start: of the first hour, UTC.
        registers: (HCHC, HCHP) at the start and after each hour.
        exchanged: the hour at whose start the meter is another one.
        lost: hours of which there is no row.
    """

    start: datetime
    registers: list[tuple[int, int]]
    exchanged: int
    lost: frozenset[int]

    @property
    def hours(self) -> int:
        return len(self.registers) - 1

    def at(self, hour: int) -> int:
        """The start of an hour, milliseconds since 1970."""
        return round((self.start + hour * HOUR).timestamp()) * 1000

    @property
    def rows(self) -> list[str]:
        """Rows of the history: of two hours with one local time the later one remains, as a primary key has it."""
        rows: dict[str, str] = {}
        for hour in range(self.hours):
            if hour not in self.lost:
                off_peak, peak = self.registers[hour + 1]
                rows[local_end(self.start + hour * HOUR)] = f"{off_peak},{peak},{7 + hour % 24 / 2}"
        return [f"('{time}',{values})" for time, values in rows.items()]

    @property
    def known(self) -> list[int]:
        """The hours before and after which there are rows."""
        times = [local_end(self.start + hour * HOUR) for hour in range(self.hours)]
        last = {time: hour for hour, time in enumerate(times) if hour not in self.lost}
        there = {last[times[hour]] for hour in range(self.hours) if times[hour] in last}
        return [hour for hour in there if hour - 1 in there and hour != self.exchanged]


def years_of_hours(first: str, end: str, *, exchanged: int, lost: Iterable[int] = ()) -> YearsOfHours:
    """A meter from one local day to another, the end excluded; by day in peak hours, by night in off-peak ones."""
    start, until = (datetime.fromisoformat(each).replace(tzinfo=PARIS).astimezone(UTC) for each in (first, end))
    registers = [(1_000_000, 2_000_000)]
    for hour in range((until - start) // HOUR):
        off_peak, peak = _EXCHANGED_TO if hour == exchanged else registers[-1]
        is_peak = 6 <= (start + hour * HOUR).astimezone(PARIS).hour < 22
        wh = 150 + hour * 7919 % 1850
        registers.append((off_peak + wh * (not is_peak), peak + wh * is_peak))
    return YearsOfHours(start, registers, exchanged, frozenset(lost))


def seven_years() -> YearsOfHours:
    """61 368 hours with an exchange, missing hours and seven times both clock changes."""
    return years_of_hours("2019-11-01", "2026-11-01", exchanged=30_000, lost={500, 501, 6000, *range(41_000, 41_030)})
