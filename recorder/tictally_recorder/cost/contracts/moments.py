"""When a contract begins and ends: a local day, or a moment within one, which changes of the clocks may skip or repeat.

Pure.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts.model import iso_text
from tictally_recorder.file_problem import FileProblem
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.phrase import Phrase, Value

_DAY: Final = timedelta(days=1)
_QUARTER_S: Final = QUARTER_MS // 1000
_FIRST_YEAR, _LAST_YEAR = 2, 9998  # of which every moment has a local time in every zone


class MomentError(ValueError):
    """What is no day and no moment at which a contract can begin or end.

    Attributes:
        problem: why.
    """

    def __init__(self, problem: Phrase) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class DayOrMoment:
    """A local day, or a moment within it.

    Attributes:
        day: local.
        at: aware, in the local zone; None where all of the day is meant.
    """

    day: date
    at: datetime | None = None

    @property
    def text(self) -> str:
        """In ISO 8601."""
        return iso_text(self.at or self.day)

    @property
    def toml(self) -> str:
        """As it stands in a file: a local time without offset, unless clocks show it twice."""
        if self.at is None:
            return str(self.day)
        is_shown_twice = self.at.replace(fold=0).utcoffset() != self.at.replace(fold=1).utcoffset()
        return self.at.isoformat() if is_shown_twice else f"{self.at:%Y-%m-%dT%H:%M:%S}"


def day_or_moment(key: str, value: object, tz: ZoneInfo) -> DayOrMoment:
    """What a user wrote as the begin of something.

    Args:
        key: where it stands.
        value: a date, a local time, or a time with an offset.
        tz: of local times.

    Raises:
        MomentError: it is none of these, does not exist, is not a whole quarter-hour, or two moments have it.
    """
    about: dict[str, Value] = {"key": key, "found": repr(value) if isinstance(value, str) else str(value)}
    if not isinstance(value, datetime):
        if isinstance(value, date):
            return DayOrMoment(value)
        raise MomentError(Phrase(FileProblem.DATE_WRONG, about))
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise MomentError(Phrase(FileProblem.DATE_WRONG, about))
    moment = _of_clock(about, value, tz) if value.tzinfo is None else value.astimezone(tz)
    if moment.microsecond or int(moment.timestamp()) % _QUARTER_S:
        raise MomentError(Phrase(FileProblem.MOMENT_NOT_A_QUARTER, about))
    return DayOrMoment(moment.date(), None if moment.time() == time() else moment)


def as_end(end: DayOrMoment, *, is_moment: bool) -> DayOrMoment:
    """The last day of what ends at a moment: of a midnight the day before.

    Args:
        end: as `day_or_moment` has it.
        is_moment: False for a date, which is itself the last day.
    """
    return DayOrMoment(end.day - _DAY) if is_moment and end.at is None else end


def _of_clock(about: dict[str, Value], local: datetime, tz: ZoneInfo) -> datetime:
    """The moment at which clocks show a time."""
    first, second = (local.replace(tzinfo=tz, fold=fold) for fold in (0, 1))
    about = about | {"zone": tz.key}
    if first.astimezone(UTC).astimezone(tz).replace(tzinfo=None) != local:
        raise MomentError(Phrase(FileProblem.MOMENT_SKIPPED, about))
    if first.utcoffset() != second.utcoffset():
        both: dict[str, Value] = {"first": first.isoformat(), "second": second.isoformat()}
        raise MomentError(Phrase(FileProblem.MOMENT_TWICE, about | both))
    return first
