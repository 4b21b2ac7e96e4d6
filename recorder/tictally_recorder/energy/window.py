"""The window of an energy query, in whole quarters, and the periods of its rows. Pure."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, Self

from tictally_recorder.energy.query import EnergyQuery
from tictally_shared.calendar import QUARTER_MS, By, local_midnight, next_period, period_start, periods

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER: Final = timedelta(milliseconds=QUARTER_MS)


class QuarterWindow:
    """Quarters numbered first <= number < end, divided into periods.

    Attributes:
        bounds: (first, end) of each period in quarter numbers.
        first: the first quarter.
        end: the one after the last; equal to first where the window is empty.
    """

    def __init__(self, bounds: list[tuple[int, int]]) -> None:
        self.bounds = bounds
        self.first = bounds[0][0] if bounds else 0
        self.end = bounds[-1][1] if bounds else 0
        self._firsts = [first for first, _ in bounds]

    @classmethod
    def of(cls, query: EnergyQuery, data_ms: tuple[int, int]) -> Self:
        """The window of a query, without the periods before the first and after the last frame.

        Args:
            query: a bound inside a quarter is moved outwards.
            data_ms: the times of the first and the last frame.
        """
        by, tz = query.by, query.tz
        first, last = (_EPOCH + timedelta(milliseconds=each) for each in data_ms)
        start = period_start(query.start, By.QUARTER, tz)
        end = _EPOCH + -((_EPOCH - query.end) // _QUARTER) * _QUARTER
        if query.firsts:
            given = pairwise(each if isinstance(each, datetime) else local_midnight(each, tz) for each in query.firsts)
            found = [(max(low, start), min(high, end)) for low, high in given if low <= last and high > first]
            return cls([(_number(low), _number(high)) for low, high in found if low < high])
        begin = max(start, period_start(first, by, tz))
        until = min(end, next_period(period_start(last, by, tz), by, tz))
        if begin >= until:
            return cls([])
        return cls([(_number(low), _number(high)) for low, high in periods(begin, until, by, tz)])

    def cut_at(self, quarters: Iterable[int]) -> "QuarterWindow":
        """The same window with some of its quarters as periods of their own."""
        cuts = {each for number in quarters if self.first <= number < self.end for each in (number, number + 1)}
        edges = sorted(cuts.union(*self.bounds)) if cuts else []
        return QuarterWindow(list(pairwise(edges))) if cuts else self

    @property
    def start_ms(self) -> int:
        """The start of the first quarter, milliseconds since 1970."""
        return self.first * QUARTER_MS

    @property
    def end_ms(self) -> int:
        """The end of the last quarter, excluded."""
        return self.end * QUARTER_MS

    def period(self, quarter: int) -> int:
        """The index of the period that contains a quarter of the window."""
        return bisect_right(self._firsts, quarter) - 1


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _QUARTER
