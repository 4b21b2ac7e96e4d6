"""Query parameters: their models, and the time ranges that they stand for. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from tictally_recorder.api.problem_details import Problem, invalid_parameter
from tictally_shared.calendar import By, CalendarError, local_midnight, parse_moment, period_start

_CENTURY: Final = 36_525
# Bounds the work of one request to a few seconds.
MAX_DAYS: Final[Mapping[By, int]] = {
    By.QUARTER: 32,
    By.HOUR: 100,
    By.DAY: 1200,
    By.WEEK: 1200,
    By.MONTH: _CENTURY,
    By.YEAR: _CENTURY,
}
BILL_DAYS: Final = 1200
REPLAY_DAYS: Final = 400
"""For requests that read every quarter-hour: comparisons, profiles."""
YEAR_DAYS: Final = 365
# In a query a plus sign stands for a space, and people write the offset of a time with one.
_PLUS_AS_SPACE: Final = re.compile(r"([T ]\d{2}:?\d{2}[\d:.,]*) (\d{2}(?::?\d{2})?)$", re.ASCII)


class ListFormat(StrEnum):
    """The format of a list."""

    JSON = "json"
    CSV = "csv"


class DayBy(StrEnum):
    """A period of whole days."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class SiteParams(BaseModel):
    """Selects sites."""

    model_config = ConfigDict(frozen=True)

    site: str | None = Field(
        None, max_length=64, description="A site's id, or the key of one of its meters; default: every site."
    )


class FormatParams(BaseModel):
    """Selects the format of the list."""

    model_config = ConfigDict(frozen=True)

    format: ListFormat | None = Field(None, description="Default: by the Accept header.")


class LanguageParams(BaseModel):
    """Selects the language of names."""

    model_config = ConfigDict(frozen=True)

    language: str | None = Field(None, max_length=8, description="Of names: fr or en; default: the recorder's.")


class LanguageListParams(LanguageParams, FormatParams):
    """Selects the language of names and the format of the list."""


class SiteListParams(SiteParams, FormatParams):
    """Selects sites and the format of the list."""


class RangeParams(SiteParams):
    """Selects sites and a time range."""

    start: str | None = Field(
        None, alias="from", max_length=40, description="Start: a local date, a local time, or a time with offset."
    )
    end: str | None = Field(None, alias="to", max_length=40, description="End, excluded.")


class ListParams(RangeParams, FormatParams):
    """Selects sites, a time range and the format of the list."""


class PageParams(ListParams):
    """Selects sites, a time range and a page of the list."""

    limit: int = Field(
        2000, ge=1, le=5000, description="Maximum number of rows of a page; rows of one period stay together."
    )


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A range of time.

    Attributes:
        start: aware.
        end: aware, excluded.
    """

    start: datetime
    end: datetime

    @property
    def bounds_ms(self) -> tuple[int, int]:
        """Start and end in milliseconds since 1970."""
        return _ms(self.start), _ms(self.end)


@dataclass(frozen=True, slots=True)
class DayRange:
    """A range of local days.

    Attributes:
        first: the first day.
        until: the day after the last.
    """

    first: date
    until: date


def time_range(params: RangeParams, now: datetime, tz: ZoneInfo, *, max_days: int, days_back: int = 0) -> TimeRange:
    """The time range of a request.

    Args:
        params: of the request; without an end it is `now`.
        now: the current time, aware.
        tz: time zone of local dates.
        max_days: maximum length.
        days_back: without a start it is the start of the local day this many days ago.

    Raises:
        Problem: start or end cannot be parsed, are in the wrong order, or too far apart.
    """
    end = _moment("to", params.end, tz) if params.end else now
    start = (
        _moment("from", params.start, tz) if params.start else period_start(now - timedelta(days=days_back), By.DAY, tz)
    )
    if start >= end:
        raise invalid_parameter("from", f"{_local(start, tz)} is not before {_local(end, tz)}")
    # An hour more, for the day on which clocks go back.
    if end - start > timedelta(days=max_days, hours=1):
        raise _too_long(max_days)
    return TimeRange(start, end)


def day_range(params: RangeParams, now: datetime, tz: ZoneInfo, *, max_days: int, days_back: int = 0) -> DayRange:
    """The local days of a request.

    Args:
        params: of the request; without an end the range includes today.
        now: the current time, aware.
        tz: time zone of the days.
        max_days: maximum number of days.
        days_back: without a start the range starts this many days ago.

    Raises:
        Problem: start or end is not a day, they are in the wrong order, or too far apart.
    """
    today = now.astimezone(tz).date()
    first = _day("from", params.start, tz) if params.start else today - timedelta(days=days_back)
    until = _day("to", params.end, tz) if params.end else today + timedelta(days=1)
    if first >= until:
        raise invalid_parameter("from", f"{first} is not before {until}")
    if (until - first).days > max_days:
        raise _too_long(max_days)
    return DayRange(first, until)


def _too_long(max_days: int) -> Problem:
    return invalid_parameter("from", f"the range is longer than {max_days} days, the maximum for this request")


def _moment(parameter: str, text: str, tz: ZoneInfo) -> datetime:
    try:
        return parse_moment(_PLUS_AS_SPACE.sub(r"\1+\2", text), tz)
    except (CalendarError, OverflowError) as error:
        raise invalid_parameter(parameter, str(error)) from None


def _day(parameter: str, text: str, tz: ZoneInfo) -> date:
    moment = _moment(parameter, text, tz)
    day = moment.astimezone(tz).date()
    if moment != local_midnight(day, tz):
        raise invalid_parameter(parameter, f"{text[:40]!r} is within a day; this request takes whole days")
    return day


def _local(moment: datetime, tz: ZoneInfo) -> str:
    return moment.astimezone(tz).isoformat(timespec="seconds")


def _ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
