"""The highest apparent power of each day: as the meter reports it, else from the powers of quarter-hours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.ledger import DailyMaximum, LedgerReader, Quarter, Site
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms, local_day, runs_of_days

POWERS: Final = ("SINSTS", "PAPP")
"""Labels of the apparent power that is consumed, in VA."""


@dataclass(frozen=True, slots=True)
class DayPower:
    """The highest power of a local day.

    Attributes:
        va: in VA.
        is_whole: False where a part of the day is not known: it may have been higher.
    """

    va: int
    is_whole: bool


def highest_powers(reader: LedgerReader, site: Site, days: Iterable[date], tz: ZoneInfo) -> dict[date, DayPower]:
    """The highest power of each day of which one is known.

    What a standard meter reports of a day once that is over (SMAXSN-1) is the highest of all of it. Other days have the
    highest power of frames, of all of the day where each quarter-hour has frames.

    Args:
        reader: the ledger.
        site: of it.
        days: local, that are over.
        tz: of the days.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    found: dict[date, DayPower] = {}
    for first, last in runs_of_days(days):
        reported = reader.daily_maxima(site, first, date.fromordinal(last.toordinal() + 1))
        of_run = _of_reports(reported)
        rest = [
            day
            for day in map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
            if day not in of_run or not of_run[day].is_whole
        ]
        for start, end in runs_of_days(rest):
            bounds = day_bounds_ms(start, tz)[0], day_bounds_ms(end, tz)[1]
            for day, power in _of_quarters(_quarters(reader, site, bounds), tz).items():
                known = of_run.get(day)
                of_run[day] = DayPower(max(power.va, known.va), power.is_whole) if known else power
        found |= of_run
    return found


def _of_reports(reported: Iterable[DailyMaximum]) -> dict[date, DayPower]:
    found: dict[date, DayPower] = {}
    for each in reported:
        known = found.get(each.day, DayPower(0, is_whole=False))
        found[each.day] = DayPower(max(known.va, each.va), known.is_whole or each.is_final)
    return found


def _of_quarters(quarters: Iterable[Quarter], tz: ZoneInfo) -> Mapping[date, DayPower]:
    highest: dict[date, int] = {}
    heard: dict[date, set[int]] = {}
    for quarter in quarters:
        powers = [quarter.live[label].max for label in POWERS if label in quarter.live]
        if powers:
            day = local_day(quarter.start_ms, tz)
            highest[day] = max(highest.get(day, 0), *powers)
            heard.setdefault(day, set()).add(quarter.start_ms)
    return {day: DayPower(va, is_whole=len(heard[day]) >= _quarters_of(day, tz)) for day, va in highest.items()}


def _quarters(reader: LedgerReader, site: Site, bounds_ms: tuple[int, int]) -> Iterable[Quarter]:
    for meter in site.meters:
        yield from reader.quarters(meter.id, *bounds_ms)


def _quarters_of(day: date, tz: ZoneInfo) -> int:
    start_ms, end_ms = day_bounds_ms(day, tz)
    return (end_ms - start_ms) // QUARTER_MS
