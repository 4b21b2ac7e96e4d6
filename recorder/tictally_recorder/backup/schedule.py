"""When a nightly backup is due. Pure: the clock is a parameter."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_AHEAD_MS: Final = 5 * 60_000


def last_due_ms(now_ms: int, hour: int, tz: ZoneInfo) -> int:
    """When the last one was due, milliseconds since 1970.

    Args:
        now_ms: milliseconds since 1970.
        hour: local; where the clocks go forward over it, an hour later.
        tz: whose hour.
    """
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    today = now.astimezone(tz).date()
    hours = (datetime.combine(day, datetime.min.time().replace(hour=hour), tz) for day in (today, today - timedelta(1)))
    due = next(each for each in (hour_.astimezone(UTC) for hour_ in hours) if each <= now)
    return int(due.timestamp() * 1000)


def is_due(created_ms: Iterable[int], now_ms: int, hour: int, tz: ZoneInfo) -> bool:
    """True if none was created since the last one was due, also after a night without a recorder."""
    due_ms = last_due_ms(now_ms, hour, tz)
    return not any(due_ms <= each for each in not_ahead_of(created_ms, now_ms))


def not_ahead_of(created_ms: Iterable[int], now_ms: int) -> set[int]:
    """The backups that are not dated ahead of the clock.

    One dated minutes ahead was made under a wrong clock, then or now, and does not count for this night.

    Args:
        created_ms: when each was created, milliseconds since 1970.
        now_ms: the clock.
    """
    return {each for each in created_ms if each <= now_ms + _AHEAD_MS}
