"""Times as answers tell them: local, with offset. Pure."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from tictally_recorder.cost.engine import day_bounds_ms


def told(time_ms: int, tz: ZoneInfo) -> str:
    """Milliseconds since 1970 as a local time with offset; milliseconds where there are any."""
    moment = datetime.fromtimestamp(time_ms // 1000, UTC).replace(microsecond=time_ms % 1000 * 1000)
    return moment.astimezone(tz).isoformat(timespec="milliseconds" if time_ms % 1000 else "seconds")


def local_day(time_ms: int, tz: ZoneInfo) -> date:
    """The local day of a moment."""
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz).date()


def midnight_ms(day: date, tz: ZoneInfo) -> int:
    """When a local day begins, in milliseconds since 1970."""
    return day_bounds_ms(day, tz)[0]
