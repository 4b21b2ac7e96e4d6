"""Kinds of day: workdays, Saturdays, and Sundays with public holidays. Pure.

Public holidays are those of French labour law (code du travail, article L3133-1), in time zones of France; without the
two of Alsace and Moselle, and the day of each overseas department.
"""

from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_FIXED: Final = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
# Easter Monday, Ascension Day and Whit Monday.
_AFTER_EASTER: Final = (1, 39, 50)
_FRENCH: Final = frozenset(
    {
        "Europe/Paris",
        *(f"America/{place}" for place in ("Cayenne", "Guadeloupe", "Marigot", "Martinique", "Miquelon")),
        "America/St_Barthelemy",
        *("Indian/Mayotte", "Indian/Reunion", "Pacific/Gambier", "Pacific/Marquesas", "Pacific/Noumea"),
        *("Pacific/Tahiti", "Pacific/Wallis"),
    }
)
_SATURDAY, _SUNDAY = 6, 7


class DayKind(StrEnum):
    """A kind of day."""

    WORKDAY = "workday"
    SATURDAY = "saturday"
    REST = "rest"
    """Sundays and public holidays."""


def has_holidays(tz: ZoneInfo) -> bool:
    """Whether the public holidays of a time zone are known."""
    return tz.key in _FRENCH


def kind_of(day: date, tz: ZoneInfo) -> DayKind:
    """The kind of a local day; a public holiday on a Saturday is one."""
    if day.isoweekday() == _SUNDAY or (has_holidays(tz) and day in french_holidays(day.year)):
        return DayKind.REST
    return DayKind.SATURDAY if day.isoweekday() == _SATURDAY else DayKind.WORKDAY


@lru_cache
def french_holidays(year: int) -> frozenset[date]:
    """The eleven public holidays of a year."""
    easter = easter_sunday(year)
    fixed = (date(year, month, day) for month, day in _FIXED)
    return frozenset((*fixed, *(easter + timedelta(days=after) for after in _AFTER_EASTER)))


def easter_sunday(year: int) -> date:
    """Easter of the Gregorian calendar (the method of Meeus, Jones and Butcher)."""
    golden, century, of_century = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    to_sunday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (golden + 11 * moon + 22 * to_sunday) // 451
    month, day = divmod(moon + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
