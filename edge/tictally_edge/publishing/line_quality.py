"""Quality of the line over the last minutes and the last hour, for people and for alarms. Pure."""

from collections import deque
from dataclasses import dataclass
from math import floor
from typing import Final

from tictally_edge.validation.validator import ValidatedFrame

_MINUTE_S: Final = 60.0
_HOUR: Final = 60
# Long enough that one bad frame is no alarm, short enough that somebody who moves a wire sees what it does.
_RECENT_MINUTES: Final = 5


@dataclass(slots=True)
class _Minute:
    number: int
    groups: int = 0
    rejected: int = 0
    by_noise: int = 0


class LineQuality:
    """Groups seen and rejected, a sum for each minute of the last sixty.

    Times are seconds on a clock that never steps, that of the frames' `at`.
    """

    def __init__(self) -> None:
        self._minutes: deque[_Minute] = deque(maxlen=_HOUR)

    def add(self, validated: ValidatedFrame) -> None:
        """Count one frame."""
        number = int(validated.frame.at // _MINUTE_S)
        if not self._minutes or self._minutes[-1].number != number:
            self._minutes.append(_Minute(number))
        self._minutes[-1].groups += validated.frame.groups
        self._minutes[-1].rejected += sum(validated.rejected.values())
        self._minutes[-1].by_noise += validated.rejected_by_noise

    def rejected(self, now_s: float) -> int:
        """Return the groups rejected in the last hour, or since the start where that is more recent."""
        return sum(minute.rejected for minute in self._since(now_s, _HOUR))

    def quality_percent(self, now_s: float) -> float | None:
        """Return the percentage of groups accepted in the last five minutes; None if none came.

        A group that is rejected in every frame alike shows nothing of the signal. In tenths, rounded down: 100 means
        that nothing else was rejected.
        """
        minutes = self._since(now_s, _RECENT_MINUTES)
        groups = sum(minute.groups for minute in minutes)
        if not groups:
            return None
        accepted = groups - sum(minute.by_noise for minute in minutes)
        return floor(1000 * accepted / groups) / 10

    def _since(self, now_s: float, minutes: int) -> list[_Minute]:
        first = int(now_s // _MINUTE_S) - minutes + 1
        return [minute for minute in self._minutes if minute.number >= first]
