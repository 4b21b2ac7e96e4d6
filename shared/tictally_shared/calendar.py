"""Local calendar: days of 23, 24 and 25 hours, the periods of an answer, and the meter's horodates.

The recorder's answers use any zone of the tz database, and so do the horodates of overseas meters. Those of mainland
France are French legal time, whose rule stands here, so that an edge there needs no zone file.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

FRENCH_LEGAL_TIME: Final = "Europe/Paris"
QUARTER_MS: Final = 15 * 60 * 1000
_WINTER: Final = timezone(timedelta(hours=1))
_SUMMER: Final = timezone(timedelta(hours=2))
_HORODATE: Final = re.compile(r"([EHeh ])(\d{12})", re.ASCII)
_MARCH, _OCTOBER, _DECEMBER = 3, 10, 12
FIRST_YEAR, LAST_YEAR = 1971, 2999
_OFFSETS_SAMPLED: Final = range(1970, 2040)


class By(StrEnum):
    """The periods that energy and cost are summed by. Weeks begin on Monday (ISO 8601)."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class CalendarError(ValueError):
    """A zone, a date or a time that cannot be used; the message states why."""


class DateFormatError(CalendarError):
    """A text that is neither a date nor a time."""


class SkippedTimeError(CalendarError):
    """A local time that the spring change leaves out."""


class DistantYearError(CalendarError):
    """A year that cannot be asked for."""


def meter_zone(name: str) -> ZoneInfo | None:
    """The zone of a meter's clock; None for French legal time, Europe/Paris.

    Raises:
        CalendarError: as `zone`.
    """
    return None if name == FRENCH_LEGAL_TIME else zone(name)


def parse_horodate(text: str, tz: ZoneInfo | None = None) -> datetime:
    """The meter's `SAAMMJJhhmmss` as a time with offset.

    S is H (winter), E (summer), lower case while the meter's clock runs degraded, or a space (DPMn, FPMn), where legal
    time decides. In a zone without summer time it means nothing. Source: Enedis-NOI-CPT_54E §6.2.

    Args:
        text: the horodate.
        tz: of the meter's clock, as `meter_zone` has it.

    Raises:
        CalendarError: it is not a horodate, or not a date that exists.
    """
    match = _HORODATE.fullmatch(text)
    if match is None:
        raise CalendarError(f"{text[:20]!r} is not a horodate")
    try:
        naive = datetime.strptime(match[2], "%y%m%d%H%M%S")  # noqa: DTZ007 - its offset follows
    except ValueError:
        raise CalendarError(f"{text!r} is not a date that exists") from None
    season = match[1].upper()
    if tz is not None:
        return _in_season(naive.replace(tzinfo=tz), is_summer=season == "E" if season != " " else None)
    if season == " ":
        return naive.replace(tzinfo=_SUMMER if is_french_summer(naive) else _WINTER)
    return naive.replace(tzinfo=_SUMMER if season == "E" else _WINTER)


def _in_season(first: datetime, *, is_summer: bool | None) -> datetime:
    """The first or the second of two equal local times, whichever is in that season; legal time where none is."""
    both = (first, first.replace(fold=1))
    return next((each for each in both if is_summer is None or bool(each.dst()) is is_summer), first)


def format_horodate(moment: datetime, *, season: bool = True, tz: ZoneInfo | None = None) -> str:
    """A moment as the meter writes it, in its legal time.

    Args:
        moment: an aware time.
        season: False for the space that stands there in DPMn and FPMn.
        tz: of the meter's clock, as `meter_zone` has it.
    """
    local = meter_local(moment, tz)
    is_summer = local.utcoffset() == timedelta(hours=2) if tz is None else bool(local.dst())
    letter = " " if not season else "E" if is_summer else "H"
    return f"{letter}{local:%y%m%d%H%M%S}"


def meter_local(moment: datetime, tz: ZoneInfo | None) -> datetime:
    """An aware time in the legal time of a meter, whose zone is as `meter_zone` has it."""
    return french_local(moment) if tz is None else moment.astimezone(tz)


def french_local(moment: datetime) -> datetime:
    """An aware time in French legal time (directive 2000/84/EC: changes at 01:00 UTC on the last Sundays)."""
    utc = moment.astimezone(UTC)
    start, end = _summer_bounds(utc.year)
    return utc.astimezone(_SUMMER if start <= utc < end else _WINTER)


def is_french_summer(naive: datetime) -> bool:
    """True if a local time without offset is summer time; the ambiguous hour of October means the first, summer."""
    start, end = _summer_bounds(naive.year)
    return start <= naive.replace(tzinfo=_SUMMER).astimezone(UTC) < end


def _summer_bounds(year: int) -> tuple[datetime, datetime]:
    return _last_sunday(year, _MARCH), _last_sunday(year, _OCTOBER)


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


@cache
def zone(name: str) -> ZoneInfo:
    """A zone of the tz database whose offsets are whole quarter-hours since 1970.

    Raises:
        CalendarError: it is unknown, or a day there does not begin with a quarter.
    """
    try:
        found = ZoneInfo(name)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        raise CalendarError(f"{name[:60]!r} is not a time zone of the tz database, such as Europe/Paris") from None
    except KeyError:
        raise CalendarError(f"{name[:60]!r} is not a time zone of the tz database, such as Europe/Paris") from None
    for year in _OFFSETS_SAMPLED:
        for month in range(1, _DECEMBER + 1):
            offset = datetime(year, month, 1, tzinfo=UTC).astimezone(found).utcoffset()
            if offset is None or offset % timedelta(minutes=15):
                raise CalendarError(f"{name}: its offset in {year} is not whole quarters of an hour")
    return found


def local_midnight(day: date, tz: ZoneInfo) -> datetime:
    """The first moment of a local day, in UTC; where midnight does not exist, the first that does."""
    return local_time(day, time(), tz)


def day_bounds_ms(day: date, tz: ZoneInfo) -> tuple[int, int]:
    """The first moment of a local day and of the next one, milliseconds since 1970."""
    return midnight_ms(day, tz), midnight_ms(day + timedelta(days=1), tz)


@lru_cache(maxsize=8192)  # days of two decades: each is asked for again and again, and the end of one begins the next
def midnight_ms(day: date, tz: ZoneInfo) -> int:
    """The first moment of a local day, milliseconds since 1970."""
    return int(local_midnight(day, tz).timestamp()) * 1000


def local_day(time_ms: int, tz: ZoneInfo) -> date:
    """The local day of a moment in milliseconds since 1970."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(tz).date()


def days_between(first: date, last: date) -> list[date]:
    """The days from one to another, both included; none where `last` is before `first`."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def runs_of_days(days: Iterable[date]) -> list[tuple[date, date]]:
    """The first and the last day of each run of consecutive days; the days may be in any order."""
    ordered = sorted(days)
    numbers = [day.toordinal() for day in ordered]
    starts = [at for at, (before, here) in enumerate(pairwise(numbers), 1) if here != before + 1]
    return [(ordered[first], ordered[end - 1]) for first, end in pairwise([0, *starts, len(ordered)]) if first < end]


def local_time(day: date, clock: time, tz: ZoneInfo) -> datetime:
    """When the clocks show a time on a local day, in UTC: the first of two; one that does not exist is put off."""
    return _to_utc(datetime.combine(day, clock), tz)


def _to_utc(naive: datetime, tz: ZoneInfo) -> datetime:
    # fold=0: an ambiguous time means the first. A time inside the spring gap is moved forward by the gap's length.
    return naive.replace(tzinfo=tz, fold=0).astimezone(UTC)


def parse_moment(text: str, tz: ZoneInfo) -> datetime:
    """A user's `--from` or `--to`: a local date, a local time, or a time with offset; in UTC.

    Raises:
        DateFormatError: it is none of them.
        CalendarError: it is a local time that the spring change leaves out, or too far away.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise DateFormatError(f"{text[:40]!r} is neither a date (2026-11-21) nor a time (2026-11-21T20:00)") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise DistantYearError(f"{text[:40]!r}: years {FIRST_YEAR} to {LAST_YEAR} can be asked for")
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    utc = _to_utc(moment, tz)
    if moment.time() != time() and utc.astimezone(tz).replace(tzinfo=None) != moment:
        raise SkippedTimeError(f"{text[:40]} does not exist in {tz.key}: the clocks go forward over it")
    return utc


def period_start(moment: datetime, by: By, tz: ZoneInfo) -> datetime:
    """The start, in UTC, of the period that holds a moment."""
    utc = moment.astimezone(UTC)
    if by is By.QUARTER:
        return utc.replace(minute=utc.minute // 15 * 15, second=0, microsecond=0)
    local = utc.astimezone(tz)
    if by is By.HOUR:
        # Offsets are whole quarters: the local hour began this long ago, also on the days when the clocks change.
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return utc - into
    if by is By.DAY:
        return local_midnight(local.date(), tz)
    if by is By.WEEK:
        return local_midnight(local.date() - timedelta(days=local.weekday()), tz)
    if by is By.MONTH:
        return local_midnight(local.date().replace(day=1), tz)
    return local_midnight(local.date().replace(month=1, day=1), tz)


def next_period(start: datetime, by: By, tz: ZoneInfo) -> datetime:
    """The start, in UTC, of the period after the one that starts at `start`."""
    if by is By.QUARTER:
        return start + timedelta(minutes=15)
    if by is By.HOUR:
        return start + timedelta(hours=1)
    day = start.astimezone(tz).date()
    if by is By.DAY:
        return local_midnight(day + timedelta(days=1), tz)
    if by is By.WEEK:
        return local_midnight(day + timedelta(days=7 - day.weekday()), tz)
    if by is By.MONTH:
        return local_midnight((day.replace(day=1) + timedelta(days=32)).replace(day=1), tz)
    return local_midnight(date(day.year + 1, 1, 1), tz)


def periods(start: datetime, end: datetime, by: By, tz: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The periods that meet [start, end), each [from, to) in UTC, the first and last cut to the window.

    None if the window is empty.
    """
    here = period_start(start, by, tz) if start < end else end
    while here < end:
        after = next_period(here, by, tz)
        yield max(here, start), min(after, end)
        here = after
