"""The base load of nights without frames, from what imports show of them.

Load curves have means of half-hours or hours, in which the quiet minutes between two cycles of a fridge do not stand
out: such a night's base load is above what frames would have shown. It is in W, too, not in VA. So these nights are
marked, and never compared with the others.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.standby.base_load import BaseLoad, base_load_of, night_of_day
from tictally_recorder.energy.register_totals import is_period_register
from tictally_recorder.ledger import CONSUMPTION, LedgerReader, Meter, Night, Site
from tictally_shared.calendar import QUARTER_MS, local_day
from tictally_shared.interval_set import IntervalSet

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000
_DAY: Final = timedelta(days=1)
_Points = list[tuple[int, int]]


def all_nights_of(reader: LedgerReader, site: Site, days: tuple[date, date], tz: ZoneInfo) -> list[Night]:
    """The nights of some local days, in order: those of frames, and those that only imports show.

    Args:
        reader: of the ledger.
        site: whose nights.
        days: the first one, and the one after the last.
        tz: of the days.
    """
    found = {night.day: night for night in reader.standby(site, *days)}
    for meter in site.meters:
        for night in _of_meter(reader, meter, days, tz):
            found.setdefault(night.day, night)
    return [found[day] for day in sorted(found)]


def _of_meter(reader: LedgerReader, meter: Meter, days: tuple[date, date], tz: ZoneInfo) -> Iterator[Night]:
    imported = reader.imported_quarters(meter.id)
    if not imported:
        return
    breaks = reader.register_breaks(meter.id)
    for day in _days_of(imported, days, tz):
        start_ms, end_ms = night_of_day(day, tz)
        quarters = IntervalSet([(start_ms // QUARTER_MS, end_ms // QUARTER_MS - 1)])
        if quarters - imported:
            continue
        series = _series(reader, meter, start_ms, end_ms)
        powers = _minute_powers(series, breaks, start_ms, end_ms)
        load: BaseLoad | None = base_load_of(powers)
        if load is not None:
            yield Night(meter.id, day, load.va, load.minutes, is_imported=True)


def _days_of(imported: IntervalSet, days: tuple[date, date], tz: ZoneInfo) -> Iterator[date]:
    """The days whose nights may be imported, each once."""
    newest = date.min
    for first, last in imported:
        day = max(local_day(first * QUARTER_MS, tz), days[0], newest)
        end = min(local_day(last * QUARTER_MS, tz) + _DAY, days[1])
        while day < end:
            yield day
            day = newest = day + _DAY


def _series(reader: LedgerReader, meter: Meter, start_ms: int, end_ms: int) -> Mapping[str, _Points]:
    """Register → its readings in and around a night: the total's, or else those of the periods."""
    found: dict[str, _Points] = {}
    for quarter in reader.registers(meter.id, start_ms - _HOUR_MS, end_ms + _HOUR_MS):
        for register, runs in quarter.registers.items():
            if register == CONSUMPTION or is_period_register(register):
                points = found.setdefault(register, [])
                points += [point for run in runs for point in ((run.first_ms, run.first), (run.last_ms, run.last))]
    return {CONSUMPTION: found[CONSUMPTION]} if CONSUMPTION in found else found


def _minute_powers(
    series: Mapping[str, _Points], breaks: set[tuple[str, int]], start_ms: int, end_ms: int
) -> list[int]:
    """The mean power of each minute that every register shows to the hour, W."""
    sums: dict[int, float] = {}
    counts: dict[int, int] = {}
    for register, points in series.items():
        for (low_ms, low), (high_ms, high) in pairwise(sorted(set(points))):
            if not 0 < high_ms - low_ms <= _HOUR_MS or high < low or (register, low_ms) in breaks:
                continue
            power = (high - low) * _HOUR_MS / (high_ms - low_ms)
            for minute in range(max(low_ms, start_ms) // _MINUTE_MS, min(high_ms, end_ms) // _MINUTE_MS):
                sums[minute] = sums.get(minute, 0.0) + power
                counts[minute] = counts.get(minute, 0) + 1
    return [round(power) for minute, power in sums.items() if counts[minute] == len(series)]
