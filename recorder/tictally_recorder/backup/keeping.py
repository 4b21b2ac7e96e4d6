"""Which backups stay: the newest of each of the last seven days, four weeks and twelve months that have one. Pure."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

_DAYS, _WEEKS, _MONTHS = 7, 4, 12
_PERIODS: Final[tuple[tuple[int, Callable[[date], object]], ...]] = (
    (_DAYS, lambda day: day),
    (_WEEKS, lambda day: day.isocalendar()[:2]),
    (_MONTHS, lambda day: (day.year, day.month)),
)


def kept(made_ms: Iterable[int], tz: ZoneInfo) -> set[int]:
    """Those of some backups that stay, each told by when it was made.

    Days without one do not count: after months in which no recorder ran, what it made before is still there.

    Args:
        made_ms: milliseconds since 1970.
        tz: whose days, weeks (from Monday) and months.
    """
    newest_first = sorted(set(made_ms), reverse=True)
    found: set[int] = set()
    for most, period_of in _PERIODS:
        periods: set[object] = set()
        for each in newest_first:
            period = period_of(datetime.fromtimestamp(each / 1000, UTC).astimezone(tz).date())
            if period not in periods and len(periods) < most:
                periods.add(period)
                found.add(each)
    return found
