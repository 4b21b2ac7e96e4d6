"""What the days until an end will come to, from the days before, and how far off that has been so far. Pure.

The days ahead are like the last two weeks, changed as the same days changed a year earlier: days are short and cold
later in autumn. Without a year to look back to they are like the last seven. The range is from the past: the same
forecast is made on each earlier day of this time of year, and eight of ten of them ended within it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Final

RECENT_DAYS: Final = 14
"""Whose mean is taken; without a year before, that of half of them."""
YEAR_DAYS: Final = 364
"""Whole weeks, so that weekdays stay what they are."""
_SEASON_DAYS: Final = 28
# So many of those days have to be known.
_ENOUGH_SHARE: Final = 0.5
_LEAST_CHANGE, _MOST_CHANGE = 0.5, 2.0
_REPLAYED_DAYS: Final = 60
_ENOUGH_REPLAYS: Final = 20
_LOW, _HIGH = 0.1, 0.9
HISTORY_DAYS: Final = 2 * YEAR_DAYS + _REPLAYED_DAYS + _SEASON_DAYS
"""How far back the days reach that a forecast with its range takes."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The sum of some days ahead.

    Attributes:
        value: what is likely.
        low: in one of ten cases it was less; None where too little is known.
        high: in one of ten cases it was more; None likewise.
        replays: on how many earlier days low and high rest.
    """

    value: float
    low: float | None = None
    high: float | None = None
    replays: int = 0


def forecast(known: Mapping[date, float], today: date, days: int) -> Forecast | None:
    """The sum of today and the days after it, without its range; None where too few of the days before are known.

    Args:
        known: local day → its figure, also of days that are not taken.
        today: the first day that is foretold.
        days: how many are.
    """
    value = _Series(known).expected(today.toordinal(), days)
    return None if value is None else Forecast(value)


def forecast_with_range(known: Mapping[date, float], today: date, days: int) -> Forecast | None:
    """The same with its range. Arguments as of `forecast`."""
    series, day = _Series(known), today.toordinal()
    value = series.expected(day, days)
    if value is None:
        return None
    errors = sorted(
        true / expected
        for origin in _origins(day, days)
        if (expected := series.expected(origin, days)) and (true := series.total(origin, days)) is not None
    )
    if len(errors) < _ENOUGH_REPLAYS:
        return Forecast(value)
    low, high = (errors[round(share * (len(errors) - 1))] for share in (_LOW, _HIGH))
    low, high = sorted((value * min(low, 1), value * max(high, 1)))
    return Forecast(value, low, high, len(errors))


def _origins(day: int, days: int) -> list[int]:
    """Earlier days of this time of year whose days ahead have all passed: just before, and around a year ago."""
    year_ago = day - YEAR_DAYS
    return [
        *range(year_ago - _REPLAYED_DAYS, year_ago + _REPLAYED_DAYS + 1),
        *range(day - days - _REPLAYED_DAYS, day - days + 1),
    ]


class _Series:
    """Figures of days by ordinal, with the sum of any of them in a row at once."""

    def __init__(self, known: Mapping[date, float]) -> None:
        days = [day.toordinal() for day in known]
        self._first, end = min(days, default=0), max(days, default=-1) + 1
        by_day = {day.toordinal(): figure for day, figure in known.items()}
        found = [by_day.get(day) for day in range(self._first, end)]
        self._sums = list(accumulate((each or 0.0 for each in found), initial=0.0))
        self._counts = list(accumulate((each is not None for each in found), initial=0))

    def expected(self, day: int, days: int) -> float | None:
        """The sum of so many days from a day on, from those before it."""
        recent = self._mean(day - RECENT_DAYS, RECENT_DAYS)
        # Means of four weeks: around a week before, and around the middle of the days ahead, both a year ago.
        before = self._mean(day - YEAR_DAYS - RECENT_DAYS // 2 - _SEASON_DAYS // 2, _SEASON_DAYS)
        then = self._mean(day - YEAR_DAYS + days // 2 - _SEASON_DAYS // 2, _SEASON_DAYS)
        if recent is not None and before is not None and then is not None and before > 0:
            return days * recent * min(max(then / before, _LEAST_CHANGE), _MOST_CHANGE)
        week = self._mean(day - RECENT_DAYS // 2, RECENT_DAYS // 2, share=3 / 7)
        return None if week is None else days * week

    def total(self, day: int, days: int) -> float | None:
        """The sum of so many days from a day on; None where one is unknown."""
        count, total = self._of(day, days)
        return total if count == days else None

    def _mean(self, day: int, days: int, share: float = _ENOUGH_SHARE) -> float | None:
        count, total = self._of(day, days)
        return total / count if count and count >= share * days else None

    def _of(self, day: int, days: int) -> tuple[int, float]:
        most = len(self._sums) - 1
        low, high = (min(max(each - self._first, 0), most) for each in (day, day + days))
        return self._counts[high] - self._counts[low], self._sums[high] - self._sums[low]
