"""Moments as milliseconds since 1970, and the clock on the wall: French legal time, or another zone's."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tictally_shared.calendar import is_french_summer, meter_local

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_HOUR_MS: Final = 3_600_000


def to_ms(moment: datetime) -> int:
    """An aware time as milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // _MS


def from_ms(moment_ms: int) -> datetime:
    """Milliseconds since 1970 as a time in UTC."""
    return _EPOCH + moment_ms * _MS


def local(moment_ms: int, tz: ZoneInfo | None = None) -> datetime:
    """Milliseconds since 1970 in a zone, or in French legal time."""
    return meter_local(from_ms(moment_ms), tz)


def wall_ms(day: date, minute: int, tz: ZoneInfo | None = None) -> int:
    """When the clock on the wall shows so many minutes after midnight of a day, 1440 being the next midnight.

    An hour shown twice means the first; one that is left out goes on from the hour before it.
    """
    shown = datetime.combine(day, time()) + timedelta(minutes=minute)
    if tz is not None:
        return to_ms(shown.replace(tzinfo=tz))
    return to_ms(shown.replace(tzinfo=UTC)) - (2 if is_french_summer(shown) else 1) * _HOUR_MS
