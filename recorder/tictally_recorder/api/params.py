"""From when to when a question asks: parsed, checked and bounded. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import Query

from tictally_recorder.api.problem_details import Problem, wrong
from tictally_shared.calendar import By, CalendarError, local_midnight, parse_moment, period_start

Site = Annotated[
    str | None,
    Query(alias="site", max_length=64, description="A site's id or a meter of it; without it every site."),
]
From = Annotated[
    str | None,
    Query(alias="from", max_length=40, description="Where it begins: a local date, local time, or time with offset."),
]
To = Annotated[str | None, Query(alias="to", max_length=40, description="Where it ends, excluded.")]
Format = Annotated[
    str | None, Query(alias="format", max_length=20, description="json or csv; without it as Accept has it.")
]
Limit = Annotated[
    int, Query(ge=1, le=5000, description="Rows of a page at most, but for those of one period, which stay together.")
]


_CENTURY: Final = 36_525
# What an answer may be reckoned from, so that none takes longer than a few seconds.
MOST_DAYS: Final[Mapping[By, int]] = {
    By.QUARTER: 32,
    By.HOUR: 100,
    By.DAY: 1200,
    By.MONTH: _CENTURY,
    By.YEAR: _CENTURY,
}
BILL_DAYS: Final = 1200
REPLAY_DAYS: Final = 400
"""For what goes through every quarter: comparisons, profiles."""


@dataclass(frozen=True, slots=True)
class Times:
    """A window of time, its end excluded."""

    start: datetime
    end: datetime

    @property
    def bounds_ms(self) -> tuple[int, int]:
        """In milliseconds since 1970."""
        return _ms(self.start), _ms(self.end)


@dataclass(frozen=True, slots=True)
class Days:
    """Local days, the last excluded."""

    first: date
    until: date


def times(start: str | None, end: str | None, tz: ZoneInfo, now: datetime, *, most_days: int, days: int = 0) -> Times:  # noqa: PLR0913 - a question has this many parts
    """The window of two texts.

    Args:
        start: or None: the start of the local day so many days ago.
        end: or None: now.
        tz: whose days are meant.
        now: the present.
        most_days: how long it may be.
        days: see `start`.

    Raises:
        Problem: one is no moment, they are in the wrong order, or too far apart.
    """
    ends = _moment("to", end, tz) if end else now
    begins = _moment("from", start, tz) if start else period_start(now - timedelta(days=days), By.DAY, tz)
    if begins >= ends:
        raise wrong("from", f"{_told(begins, tz)} is not before {_told(ends, tz)}")
    # An hour for days on which clocks go back.
    if ends - begins > timedelta(days=most_days, hours=1):
        raise _too_long(most_days)
    return Times(begins, ends)


def days(start: str | None, end: str | None, tz: ZoneInfo, today: date, *, most_days: int, back: int = 0) -> Days:  # noqa: PLR0913 - a question has this many parts
    """The days of two texts.

    Args:
        start: or None: so many days before today.
        end: or None: tomorrow.
        tz: whose days are meant.
        today: local.
        most_days: how many.
        back: see `start`.

    Raises:
        Problem: one is no day, they are in the wrong order, or too far apart.
    """
    first = _day("from", start, tz) if start else today - timedelta(days=back)
    until = _day("to", end, tz) if end else today + timedelta(days=1)
    if first >= until:
        raise wrong("from", f"{first} is not before {until}")
    if (until - first).days > most_days:
        raise _too_long(most_days)
    return Days(first, until)


def _too_long(most_days: int) -> Problem:
    return wrong("from", f"at most {most_days} days can be asked for at once in this form")


def _moment(parameter: str, text: str, tz: ZoneInfo) -> datetime:
    try:
        return parse_moment(text, tz)
    except (CalendarError, OverflowError) as error:
        raise wrong(parameter, str(error)) from None


def _day(parameter: str, text: str, tz: ZoneInfo) -> date:
    moment = _moment(parameter, text, tz)
    day = moment.astimezone(tz).date()
    if moment != local_midnight(day, tz):
        raise wrong(parameter, f"{text[:40]!r} is inside a day, and here whole days are meant")
    return day


def _told(moment: datetime, tz: ZoneInfo) -> str:
    return moment.astimezone(tz).isoformat(timespec="seconds")


def _ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
