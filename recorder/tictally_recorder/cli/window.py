"""`--from`, `--to` and `--site`: which time and which sites a question is about."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.cost.contracts.moments import DayOrMoment, MomentError, day_or_moment
from tictally_recorder.ledger import LedgerError, LedgerReader, Site
from tictally_recorder.problem import ProblemCode
from tictally_recorder.tariffs.hours import WEEKDAYS, Hours, parse_hours
from tictally_shared.calendar import (
    FIRST_YEAR,
    LAST_YEAR,
    By,
    CalendarError,
    DistantYearError,
    SkippedTimeError,
    local_midnight,
    next_period,
    parse_moment,
    period_start,
)
from tictally_shared.phrase import Phrase

FROM: Final = "--from"
TO: Final = "--to"
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
_YEAR: Final = re.compile(r"\d{4}")
# A word means the start of a period: of which kind, and how many periods from the current one.
_WORDS: Final = {
    "today": (By.DAY, 0),
    "yesterday": (By.DAY, -1),
    "tomorrow": (By.DAY, 1),
    "this-week": (By.WEEK, 0),
    "last-week": (By.WEEK, -1),
    "this-month": (By.MONTH, 0),
    "last-month": (By.MONTH, -1),
    "this-year": (By.YEAR, 0),
    "last-year": (By.YEAR, -1),
}

FromOption = Annotated[
    str | None,
    typer.Option(
        FROM,
        metavar="WHEN",
        help="Start: 2026-11-21, 2026-11, 2026, yesterday, last-week, last-month, last-year … (the first day of it). "
        "Default: the first of this month.",
    ),
]
ToOption = Annotated[
    str | None, typer.Option(TO, metavar="WHEN", help="End, excluded, in the same forms. Default: now, today included.")
]
SiteOption = Annotated[
    str | None, typer.Option("--site", metavar="SITE", help="One site, or a meter of it. Default: every site.")
]


@dataclass(frozen=True, slots=True)
class Window:
    """What a question is about, as the user wrote it.

    Attributes:
        start: `--from`, or None.
        end: `--to`, or None.
        site: `--site`, or None.
    """

    start: FromOption = None
    end: ToOption = None
    site: SiteOption = None

    def moments(self, tz: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
        """Start and end in UTC, the end excluded.

        Args:
            tz: the time zone of local dates.
            now: the present.

        Raises:
            WrongUse: one cannot be read, or the start is not before the end.
        """
        start = period_start(now, By.MONTH, tz) if self.start is None else moment_of(FROM, self.start, tz, now)
        end = now if self.end is None else moment_of(TO, self.end, tz, now)
        if start >= end:
            raise self.out_of_order(_local(start, tz), _local(end, tz))
        return start, end

    def days(self, tz: ZoneInfo, now: datetime) -> tuple[date, date]:
        """The first local day, and the day after the last.

        Args:
            tz: the time zone of local days.
            now: the present.

        Raises:
            WrongUse: one is no day, or the first is not before the end.
        """
        today = now.astimezone(tz).date()
        first = today.replace(day=1) if self.start is None else day_of(FROM, self.start, tz, now)
        until = today + timedelta(days=1) if self.end is None else day_of(TO, self.end, tz, now)
        if first >= until:
            raise self.out_of_order(f"{first}", f"{until}")
        return first, until

    def out_of_order(self, start: str, end: str) -> WrongUse:
        """The error of a start that is not before the end; each as the user wrote it, else its default."""
        return WrongUse("out_of_order", first=FROM, start=self.start or start, last=TO, end=self.end or end)

    def sites(self, reader: LedgerReader) -> list[Site]:
        """The sites that are meant: one by its id or a meter of it, or all.

        Raises:
            LedgerError: the ledger has no such site.
        """
        sites = reader.sites()
        if self.site is None:
            return sites
        found = [each for each in sites if self.site == each.id or self.site in {meter.key for meter in each.meters}]
        if not found:
            if any(self.site == each.site.id for each in reader.ignored_sites()):
                raise LedgerError(Phrase(ProblemCode.SITE_IGNORED, {"site": self.site}))
            known = tuple(each.id for each in sites)
            raise LedgerError(Phrase(ProblemCode.SITE_UNKNOWN, {"site": self.site[:40], "sites": known}))
        return found


def _local(moment: datetime, tz: ZoneInfo) -> str:
    return f"{moment.astimezone(tz):%Y-%m-%d %H:%M}"


def present() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def moment_of(option: str, text: str, tz: ZoneInfo, now: datetime) -> datetime:
    """The moment that a user wrote, in UTC; of a word, a month or a year its start.

    Args:
        option: that has it, for the error.
        text: a date, a time, a month, a year or a word.
        tz: the time zone of local dates.
        now: the present.

    Raises:
        WrongUse: it cannot be read.
    """
    if text == "now":
        return now
    if text in _WORDS:
        return _start_of(*_WORDS[text], tz, now)
    try:
        if month := _MONTH.fullmatch(text):
            return local_midnight(date(int(month[1]), int(month[2]), 1), tz)
        if _YEAR.fullmatch(text):
            return local_midnight(date(int(text), 1, 1), tz)
        return parse_moment(text, tz)
    except SkippedTimeError:
        raise WrongUse("time_skipped", option, text=text[:40], zone=tz.key) from None
    except DistantYearError:
        raise WrongUse("year_too_far", option, text=text[:40], first=FIRST_YEAR, last=LAST_YEAR) from None
    except CalendarError:
        pass
    except ValueError:  # of a month or a year
        pass
    raise WrongUse("not_a_date", option, text=text[:40])


def day_of(option: str, text: str, tz: ZoneInfo, now: datetime) -> date:
    """The local day that a user wrote.

    Raises:
        WrongUse: it cannot be read, or is a time inside a day.
    """
    moment = moment_of(option, text, tz, now)
    day = moment.astimezone(tz).date()
    if moment != local_midnight(day, tz):
        raise WrongUse("whole_days", option)
    return day


def read_day_or_moment(option: str, text: str, tz: ZoneInfo) -> DayOrMoment:
    """A local day, or a moment within one, that a user wrote.

    Raises:
        WrongUse: it cannot be read, does not exist, or two moments have it.
    """
    try:
        moment = datetime.fromisoformat(text) if ":" in text else None
    except ValueError:
        raise WrongUse("not_a_moment", option, text=text[:40]) from None
    if moment is None:
        return DayOrMoment(day_of(option, text, tz, present()))
    try:
        return day_or_moment(option, moment, tz)
    except MomentError as error:
        raise WrongUse("moment", option, problem=error.problem) from None


def read_hours(option: str, text: str) -> tuple[Hours, ...]:
    """Hours of the day that a user wrote, several separated by commas.

    Raises:
        WrongUse: they cannot be read.
    """
    found = []
    for each in text.split(","):
        try:
            found.append(parse_hours(each.strip()))
        except ValueError:
            raise WrongUse("not_hours", option, text=each.strip()[:40]) from None
    return tuple(found)


def read_weekday(option: str, text: str) -> int:
    """The number of a day of the week that a user wrote, Monday's is 0.

    Raises:
        WrongUse: there is no such day.
    """
    if text not in WEEKDAYS:
        raise WrongUse("not_weekday", option, text=text[:20], days=", ".join(WEEKDAYS))
    return WEEKDAYS.index(text)


def _start_of(by: By, offset: int, tz: ZoneInfo, now: datetime) -> datetime:
    start = period_start(now, by, tz)
    if offset < 0:
        return period_start(start - timedelta(seconds=1), by, tz)
    return next_period(start, by, tz) if offset else start
