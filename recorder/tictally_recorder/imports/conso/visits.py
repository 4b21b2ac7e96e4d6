"""When the service may be asked, and what for. Pure.

One visit a morning, at a second of this home's own between 6 and 10 h; one more try after 14 h where yesterday's figure
is still missing; none at other times. A ban is waited out. A visit asks for the days since the last one and for one
step of the past, newest first.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from tictally_recorder.imports.conso.answers import FigureKind

_MORNING: Final = range(6, 10)
_LATER_H: Final = 8
_MINUTES: Final = 60
_DAY: Final = timedelta(days=1)
# The most that the service answers at once.
_DAILY_STEP: Final = timedelta(days=180)
_CURVE_STEP: Final = timedelta(days=7)
_WITHOUT_CURVE: Final = timedelta(days=7)


def schedule_of(key: str) -> str:
    """A home's own time of day, as a cron expression: between 6 and 10 h, and eight hours later.

    Args:
        key: of the home.
    """
    minute = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % (len(_MORNING) * _MINUTES)
    hour = _MORNING.start + minute // _MINUTES
    return f"{minute % _MINUTES} {hour},{hour + _LATER_H} * * *"


@dataclass(slots=True)
class Memory:
    """What is kept from visit to visit.

    Attributes:
        key: of what is asked; what is known of another one does not count.
        asked_ms: when the service was asked last, milliseconds since 1970; 0 for never.
        banned_until_ms: until when it must not be asked.
        day: the newest day whose figure is known, or None.
        missing: days of the last week whose figure did not come although that of a later one did.
        past_day: the oldest day whose daily figure was asked for, or None.
        curve_day: the oldest day whose load curve was asked for, or None.
        curve_from: the day from which the load curve is asked for again, after there was none.
    """

    key: str = ""
    asked_ms: int = 0
    banned_until_ms: int = 0
    day: str | None = None
    missing: list[str] = field(default_factory=list)
    past_day: str | None = None
    curve_day: str | None = None
    curve_from: str | None = None

    @classmethod
    def read(cls, stored: dict[str, Any], key: str) -> Self:
        """As it was written last; a new one where that was about something else."""
        found = cls(**{each: stored[each] for each in cls.__slots__ if each in stored})
        return found if found.key == key else cls(key)

    def write(self, stored: dict[str, Any]) -> None:
        """Keep it."""
        stored.update(asdict(self))

    def is_complete(self, today: date) -> bool:
        """Whether yesterday's figure is known."""
        return self.day is not None and date.fromisoformat(self.day) >= today - _DAY


@dataclass(frozen=True, slots=True)
class VisitStep:
    """One request of a visit: what, and for which days, the end excluded."""

    kind: FigureKind
    start: date
    end: date


def is_due(memory: Memory, due_ms: int, now_ms: int, tz: ZoneInfo) -> bool:
    """Whether to ask now.

    Args:
        memory: of the visits so far.
        due_ms: when the schedule was last due, milliseconds since 1970.
        now_ms: the present, the same.
        tz: of the home.
    """
    now, due = (datetime.fromtimestamp(each // 1000, UTC).astimezone(tz) for each in (now_ms, due_ms))
    if memory.asked_ms >= due_ms or now_ms < memory.banned_until_ms or now.date() != due.date():
        return False
    if due.hour in _MORNING:
        return now.hour in _MORNING
    return not memory.is_complete(now.date())


def recent_steps(
    memory: Memory, today: date, *, injection: bool, has_gap: Callable[[date, date], bool]
) -> Iterator[VisitStep]:
    """The requests for the days since the last visit, a week at most.

    The load curve is asked for where frames are missing, once the daily figure is known.

    Args:
        memory: of the visits so far.
        today: local.
        injection: whether it is asked for, too.
        has_gap: whether frames are missing between two days, the end excluded.
    """
    unknown = [date.fromisoformat(each) for each in memory.missing]
    if memory.day is not None:
        unknown.append(date.fromisoformat(memory.day) + _DAY)
    elif memory.past_day is not None:
        unknown.append(date.fromisoformat(memory.past_day))
    start = min([each for each in unknown if today - _CURVE_STEP <= each] or [today - _DAY])
    if start >= today:
        return
    yield VisitStep(FigureKind.DAYS, start, today)
    if injection:
        yield VisitStep(FigureKind.INJECTED_DAYS, start, today)
    if not memory.is_complete(today) or (memory.curve_from and today < date.fromisoformat(memory.curve_from)):
        return
    if has_gap(start, today):
        yield VisitStep(FigureKind.CURVE, start, today)
        if injection:
            yield VisitStep(FigureKind.INJECTED_CURVE, start, today)


def past_steps(
    memory: Memory, first: date, today: date, *, injection: bool, has_gap: Callable[[date, date], bool]
) -> Iterator[VisitStep]:
    """The requests for one step of the past: half a year of daily figures, or then a week of the load curve.

    Args:
        memory: of the visits so far.
        first: the day that the user chose.
        today: local.
        injection: whether it is asked for, too.
        has_gap: as of `recent_steps`; weeks without a gap are skipped without a request.
    """
    end = today - _DAY if memory.past_day is None else date.fromisoformat(memory.past_day)
    if end > first:
        start = max(first, end - _DAILY_STEP)
        yield VisitStep(FigureKind.DAYS, start, end)
        if injection:
            yield VisitStep(FigureKind.INJECTED_DAYS, start, end)
        return
    end = today - _DAY if memory.curve_day is None else date.fromisoformat(memory.curve_day)
    while end > first:
        start = max(first, end - _CURVE_STEP)
        if has_gap(start, end):
            yield VisitStep(FigureKind.CURVE, start, end)
            if injection:
                yield VisitStep(FigureKind.INJECTED_CURVE, start, end)
            return
        end = start
        memory.curve_day = str(end)


def after_figures(memory: Memory, step: VisitStep, known: Collection[date]) -> None:
    """Note for which days a request for recent figures got one."""
    asked = [step.start + timedelta(days=n) for n in range((step.end - step.start).days)]
    newest = max(known)
    memory.day = max(memory.day or "", str(newest))
    memory.missing = [str(each) for each in asked if each < newest and each not in known]


def after_step(memory: Memory, step: VisitStep, today: date, *, has_data: bool) -> None:
    """Note what a request has answered.

    Args:
        memory: that is changed.
        step: of which there is an answer.
        today: local.
        has_data: False where the service has nothing for it.
    """
    is_recent = step.end == today
    if step.kind is FigureKind.CURVE and is_recent:
        memory.curve_from = None if has_data else str(today + _WITHOUT_CURVE)
    elif step.kind is FigureKind.CURVE:
        memory.curve_day = str(step.start)
    elif step.kind is FigureKind.DAYS and is_recent:
        memory.past_day = memory.past_day or str(step.start)
        memory.curve_day = memory.curve_day or str(step.start)
    elif step.kind is FigureKind.DAYS:
        memory.past_day = str(step.start)
