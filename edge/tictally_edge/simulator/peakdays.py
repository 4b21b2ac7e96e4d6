"""Expensive days: Tempo's colours and EJP's peak days, chosen by a seed within the rules of their seasons.

Rules: 22 red days from 1 November to 31 March, never at a weekend; 43 white days, never on a Sunday; EJP has 22 days
from 1 November to 31 March (EDF, general conditions of the Tarif Bleu; the season is 1 September to 31 August).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import IntEnum
from functools import lru_cache
from random import Random
from typing import Final

_RED_DAYS, _WHITE_DAYS, _EJP_DAYS = 22, 43, 22
_SATURDAY, _SUNDAY = 5, 6
_SEPTEMBER: Final = 9


class DayColour(IntEnum):
    """Tempo's colours by their number in STGE."""

    BLUE = 1
    WHITE = 2
    RED = 3


def tempo_colour(day: date, seed: int) -> DayColour:
    """The colour of the Tempo day that begins at 06:00 of a date."""
    return _season(_season_year(day), seed).get(day, DayColour.BLUE)


def is_ejp_day(day: date, seed: int) -> bool:
    """True if a mobile peak begins at 07:00 of a date."""
    return day in _ejp_days(_season_year(day), seed)


def _season_year(day: date) -> int:
    return day.year if day.month >= _SEPTEMBER else day.year - 1


@lru_cache(maxsize=32)
def _season(year: int, seed: int) -> dict[date, DayColour]:
    rng = Random(f"tempo {seed} {year}")
    red = rng.sample([day for day in _winter(year) if day.weekday() < _SATURDAY], _RED_DAYS)
    # White may fall on any month; as in real seasons, it comes with the cold.
    cold = _days(date(year, 10, 1), date(year + 1, 5, 31))
    taken = set(red)
    white = rng.sample([day for day in cold if day.weekday() != _SUNDAY and day not in taken], _WHITE_DAYS)
    return dict.fromkeys(red, DayColour.RED) | dict.fromkeys(white, DayColour.WHITE)


@lru_cache(maxsize=32)
def _ejp_days(year: int, seed: int) -> frozenset[date]:
    return frozenset(Random(f"ejp {seed} {year}").sample(list(_winter(year)), _EJP_DAYS))


def _winter(year: int) -> Iterator[date]:
    return _days(date(year, 11, 1), date(year + 1, 3, 31))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
