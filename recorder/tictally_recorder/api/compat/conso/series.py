"""Energy as Enedis publishes it: days in Wh, half-hours in W dated by their end, maximum power of the day. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.register_totals import Counted
from tictally_recorder.ledger import DailyMaximum, Quarter
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms, local_day

HALF_HOUR_MS: Final = 2 * QUARTER_MS
_POWERS: Final = ("SINSTS", "PAPP")
_PER_HOUR: Final = 2
_RAW, _ESTIMATED = "B", "E"

Total = Callable[[Iterable[EnergyRow]], Counted]
"""Adds up rows of all registers, each kWh once."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value of a series.

    Attributes:
        value: in the unit of the series.
        date: as Enedis writes it.
        length: ISO 8601; None where the series has one length.
        is_estimated: a gap was divided by time, or the power was integrated.
    """

    value: int
    date: str
    length: str | None = None
    is_estimated: bool = False

    def record(self) -> dict[str, str]:
        """As Conso API returns it: strings. Only intervals of a length, and estimated ones, have a type."""
        found = {"value": str(self.value), "date": self.date}
        if self.length is not None:
            found["interval_length"] = self.length
        if self.length is not None or self.is_estimated:
            found["measure_type"] = _ESTIMATED if self.is_estimated else _RAW
        return found


def daily(rows: Iterable[EnergyRow], total: Total, tz: ZoneInfo, heard_ms: tuple[int, int]) -> Iterator[Interval]:
    """The energy of each whole day, in Wh: one in which hearing began or ended, and today, has no value.

    Args:
        rows: by day.
        total: of consumption, or of injection.
        tz: time zone of the days.
        heard_ms: the first and the last frame of the site, in milliseconds since 1970.
    """
    for start_ms, of_day in groupby(rows, key=lambda row: row.start_ms):
        counted = total(of_day)
        day = local_day(start_ms, tz)
        begin_ms, end_ms = day_bounds_ms(day, tz)
        if counted.parts and counted.incomplete is None and heard_ms[0] <= begin_ms and end_ms <= heard_ms[1]:
            yield Interval(counted.energy_wh, str(day), is_estimated=counted.estimated)


def load_curve(rows: Iterable[EnergyRow], total: Total, tz: ZoneInfo, heard_ms: tuple[int, int]) -> Iterator[Interval]:
    """Mean power of each half-hour, in W, dated by its end in local time without offset.

    Args:
        rows: by quarter-hour.
        total: of consumption, or of injection.
        tz: time zone of the half-hours.
        heard_ms: the first and the last frame of the site, in milliseconds since 1970; a half-hour in which hearing
            began or ended has no value.
    """
    for start_ms, group in groupby(rows, key=lambda row: _half_hour_ms(row.start_ms, tz)):
        of_half = list(group)
        counted, end_ms = total(of_half), start_ms + HALF_HOUR_MS
        quarters = {row.start_ms for row in of_half}
        is_whole = len(quarters) == HALF_HOUR_MS // QUARTER_MS and heard_ms[0] <= start_ms and end_ms <= heard_ms[1]
        if is_whole and counted.parts and counted.incomplete is None:
            power_w, end = counted.energy_wh * _PER_HOUR, _local(end_ms, tz)
            yield Interval(power_w, _second(end), "PT30M", is_estimated=counted.estimated)


def max_power(
    quarters: Iterable[Quarter], maxima: Iterable[DailyMaximum], days: Collection[date], tz: ZoneInfo
) -> Iterator[Interval]:
    """The maximum power of each day, in VA: the meter's own with its second, else that of its quarter-hours.

    A day has one once it is over and was heard throughout, or the meter sent it on the day after.

    Args:
        quarters: in order of time.
        maxima: that meters reported.
        days: that are over.
        tz: time zone of the days.
    """
    best: dict[date, tuple[int, int]] = {}
    heard: dict[date, set[int]] = {}
    for quarter in quarters:
        powers = [quarter.live[label].max for label in _POWERS if label in quarter.live]
        day = local_day(quarter.start_ms, tz)
        if powers:
            heard.setdefault(day, set()).add(quarter.start_ms)
            if day not in best or max(powers) > best[day][0]:
                best[day] = max(powers), quarter.start_ms
    whole = {day for day, starts in heard.items() if len(starts) * QUARTER_MS >= _length_ms(day, tz)}
    reported: dict[date, DailyMaximum] = {}
    for each in maxima:
        if each.day not in reported or (each.is_final, each.va) > (reported[each.day].is_final, reported[each.day].va):
            reported[each.day] = each
    for day in sorted(days):
        own = reported.get(day)
        if own is not None and (own.is_final or day in whole):
            yield Interval(own.va, _second(_local(own.time_ms, tz)))
        elif own is None and day in whole:
            yield Interval(best[day][0], _second(_local(best[day][1], tz)))


def _length_ms(day: date, tz: ZoneInfo) -> int:
    begin_ms, end_ms = day_bounds_ms(day, tz)
    return end_ms - begin_ms


def _half_hour_ms(time_ms: int, tz: ZoneInfo) -> int:
    # By the local clock: some zones have an offset that is not a multiple of half an hour.
    minute = _local(time_ms, tz).minute
    return time_ms - minute % 30 * 60_000


def _local(time_ms: int, tz: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz)


def _second(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
