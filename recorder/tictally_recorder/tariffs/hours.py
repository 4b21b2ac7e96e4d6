"""Hours of the day, seasons of the year and days of the week, as people write them in files. Pure."""

import re
from collections.abc import Iterable
from datetime import date, time
from typing import Final, TypeAlias

Hours: TypeAlias = tuple[time, time]
"""Hours of each local day, from and to (excluded); over midnight where the first is the later one."""
MonthDay: TypeAlias = tuple[int, int]
Season: TypeAlias = tuple[MonthDay, MonthDay]
"""First and last day, both included, as (month, day); over the year's end where the first is the later one."""

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As files name them; the number of a day is that of `date.weekday`."""
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_LATEST: Final = "-24:00"


def parse_hours(text: str) -> Hours:
    """From and to; over midnight where the first is the later one. `24:00` is the midnight that ends a day.

    Raises:
        ValueError: it is something else, or no time at all.
    """
    match = _HOURS.fullmatch(text.removesuffix(_LATEST) + "-00:00" if text.endswith(_LATEST) else text)
    if match is None or match.group(1, 2) == match.group(3, 4):
        raise ValueError(f"{text[:40]!r} are not hours of the day")
    begin_hour, begin_minute, end_hour, end_minute = map(int, match.groups())
    return time(begin_hour, begin_minute), time(end_hour, end_minute)


def is_within(at: time, hours: Iterable[Hours]) -> bool:
    """True if a local time is in one of the hours; their end is excluded."""
    return any(begin <= at < end if begin < end else at >= begin or at < end for begin, end in hours)


def is_in_season(day: date, season: Season) -> bool:
    """True if a local day is in a season."""
    (first, last), here = season, (day.month, day.day)
    return first <= here <= last if first <= last else here >= first or here <= last
