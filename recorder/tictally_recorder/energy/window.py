"""The window of an energy question, in whole quarters, and the periods of its rows. Pure."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from tictally_shared.calendar import QUARTER_MS, By, next_period, period_start, periods

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER: Final = timedelta(milliseconds=QUARTER_MS)


class Window:
    """Quarters numbered first <= number < end, cut into periods.

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
    def of(cls, start: datetime, end: datetime, by: By, tz: ZoneInfo, data_ms: tuple[int, int]) -> Self:
        """The window that a person asked for.

        A bound inside a quarter is moved outwards. Periods before the first and after the last frame are left out.

        Args:
            start: aware.
            end: aware, excluded.
            by: how long a period is.
            tz: whose days and months.
            data_ms: the times of the first and the last frame.
        """
        first, last = (_EPOCH + timedelta(milliseconds=each) for each in data_ms)
        begin = max(period_start(start, By.QUARTER, tz), period_start(first, by, tz))
        until = min(_EPOCH + -((_EPOCH - end) // _QUARTER) * _QUARTER, next_period(period_start(last, by, tz), by, tz))
        if begin >= until:
            return cls([])
        return cls([(_number(low), _number(high)) for low, high in periods(begin, until, by, tz)])

    def period(self, quarter: int) -> int:
        """Which period holds a quarter of the window."""
        return bisect_right(self._firsts, quarter) - 1


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _QUARTER
