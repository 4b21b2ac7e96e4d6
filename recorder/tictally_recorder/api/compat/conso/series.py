"""Energy as Enedis publishes it: days in Wh, half-hours in W dated by their end, maximum power of the day. Pure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.register_totals import Counted
from tictally_recorder.ledger import Quarter
from tictally_shared.calendar import QUARTER_MS

HALF_HOUR_MS: Final = 2 * QUARTER_MS
_POWERS: Final = ("SINSTS", "PAPP")
_PER_HOUR: Final = 2

Total = Callable[[Iterable[EnergyRow]], Counted]
"""Adds up rows of all registers, each kWh once."""


def daily(rows: Iterable[EnergyRow], total: Total, tz: ZoneInfo) -> Iterator[dict[str, str]]:
    """The energy of each day, in Wh.

    Args:
        rows: by day.
        total: of consumption, or of injection.
        tz: time zone of the days.
    """
    for start_ms, of_day in groupby(rows, key=lambda row: row.start_ms):
        counted = total(of_day)
        if counted.parts:
            yield {"value": str(counted.energy_wh), "date": str(_local(start_ms, tz).date())}


def load_curve(rows: Iterable[EnergyRow], total: Total, tz: ZoneInfo, until_ms: int) -> Iterator[dict[str, str]]:
    """Mean power of each half-hour, in W, dated by its end in local time without offset.

    Args:
        rows: by quarter-hour.
        total: of consumption, or of injection.
        tz: time zone of the half-hours.
        until_ms: half-hours that end later are not complete yet, in milliseconds since 1970.
    """
    for start_ms, group in groupby(rows, key=lambda row: _half_hour_ms(row.start_ms, tz)):
        of_half = list(group)
        counted, end_ms = total(of_half), start_ms + HALF_HOUR_MS
        quarters = {row.start_ms for row in of_half}
        if counted.parts and len(quarters) == HALF_HOUR_MS // QUARTER_MS and end_ms <= until_ms:
            yield {
                "value": str(counted.energy_wh * _PER_HOUR),
                "date": _local(end_ms, tz).strftime("%Y-%m-%d %H:%M:%S"),
                "interval_length": "PT30M",
                "measure_type": "B",
            }


def max_power(quarters: Iterable[Quarter], tz: ZoneInfo) -> Iterator[dict[str, str]]:
    """The maximum power of each day, in VA, dated by its quarter-hour.

    Args:
        quarters: in order of time.
        tz: time zone of the days.
    """
    best: dict[date, tuple[int, int]] = {}
    for quarter in quarters:
        powers = [quarter.live[label].max for label in _POWERS if label in quarter.live]
        day = _local(quarter.start_ms, tz).date()
        if powers and (day not in best or max(powers) > best[day][0]):
            best[day] = max(powers), quarter.start_ms
    for power, start_ms in best.values():
        yield {"value": str(power), "date": _local(start_ms, tz).strftime("%Y-%m-%d %H:%M:%S")}


def _half_hour_ms(time_ms: int, tz: ZoneInfo) -> int:
    # By the local clock: some zones have an offset that is not a multiple of half an hour.
    minute = _local(time_ms, tz).minute
    return time_ms - minute % 30 * 60_000


def _local(time_ms: int, tz: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz)
