"""Which backups stay: the newest of each of the last seven days, four weeks and twelve months that have one. Pure."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.backup.schedule import made_by

_DAYS, _WEEKS, _MONTHS = 7, 4, 12
_PERIODS: Final[tuple[tuple[int, Callable[[date], object]], ...]] = (
    (_DAYS, lambda day: day),
    (_WEEKS, lambda day: day.isocalendar()[:2]),
    (_MONTHS, lambda day: (day.year, day.month)),
)


def kept(made_ms: Iterable[int], now_ms: int, tz: ZoneInfo) -> set[int]:
    """Those of some backups that stay, each told by when it was made.

    Days without one do not count: after months in which no recorder ran, what it made before is still there.
    Those dated ahead of the clock take no places of the others. Either may be the right ones, as the clock was wrong
    then or is wrong now: the same rule holds for each of the two kinds by itself.

    Args:
        made_ms: milliseconds since 1970.
        now_ms: this machine's clock.
        tz: whose days, weeks (from Monday) and months.
    """
    there = set(made_ms)
    by_now = made_by(there, now_ms)
    return _thinned(by_now, tz) | _thinned(there - by_now, tz)


def _thinned(made_ms: set[int], tz: ZoneInfo) -> set[int]:
    newest_first = sorted(made_ms, reverse=True)
    found: set[int] = set()
    for most, period_of in _PERIODS:
        periods: set[object] = set()
        for each in newest_first:
            period = period_of(datetime.fromtimestamp(each / 1000, UTC).astimezone(tz).date())
            if period not in periods and len(periods) < most:
                periods.add(period)
                found.add(each)
    return found
