"""Which label topics a frame moves: changes, powers no oftener than hubs need, alarms at once, away when gone. Pure.

Retained topics are what a hub shows, also days later: one that the meter no longer sends must go, and must not go
because of a damaged group or of the short frames that three-phase meters send while overloaded.
"""

from dataclasses import dataclass
from typing import Final

from tictally_edge.topics.retained_message import NOTHING, RetainedMessage
from tictally_edge.validation.completeness import labels_of
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.frames import iso_utc
from tictally_shared.labels import LABELS, Kind
from tictally_shared.topics import Topics

_UNSTEADY: Final = frozenset({Kind.CURRENT, Kind.VOLTAGE, Kind.APPARENT_POWER, Kind.ACTIVE_POWER, Kind.CLOCK})
_FRAMES_UNTIL_GONE: Final = 3


@dataclass(frozen=True, slots=True)
class _Shown:
    value: int | str | None
    horodate: str | None
    at: float


class LabelTopics:
    """The label topics of one meter.

    Attributes:
        present: label → value that stands on its topic; not cleared by another connection.

    Args:
        topics: below which base.
        meter: its number or key.
        every_s: least time between two changes of a power, current, voltage or of the meter's clock.
        all_every_s: after this time a value is published again although it did not change.
    """

    def __init__(self, topics: Topics, meter: str, *, every_s: float, all_every_s: float = 300.0) -> None:
        self._topics, self._meter = topics, meter
        self._every_s, self._all_every_s = every_s, all_every_s
        self.present: dict[str, int | str] = {}
        self._shown: dict[str, _Shown] = {}
        self._left: set[str] = set()
        self._lacking: dict[str, int] = {}

    def connected(self) -> None:
        """The broker is another one, or knows nothing: everything is published again with the next frame."""
        self._left |= self._shown.keys()
        self._shown.clear()

    def found(self, label: str) -> None:
        """A topic of this meter stands retained on the broker; it is cleared if the meter does not send it."""
        self._left.add(label)

    def publish(
        self, validated: ValidatedFrame, at: float, time_ms: int | None, *, is_complete: bool
    ) -> list[RetainedMessage]:
        """What a frame changes.

        Args:
            validated: the frame.
            at: seconds on a clock that never steps.
            time_ms: when the frame's end arrived, or None where no clock is known to be right.
            is_complete: True where the frame shows all that its meter sends.
        """
        time = None if time_ms is None else iso_utc(time_ms)
        changes: list[RetainedMessage] = []
        for label in [*validated.values, *(name for name in validated.dated if name not in validated.values)]:
            said = _Shown(validated.values.get(label), validated.dated.get(label), at)
            before = self._shown.get(label)
            if before is None or self._is_due(label, before, said):
                self._shown[label] = said
                if said.value is not None:
                    self.present[label] = said.value
                changes += self._tell(label, before, said, time)
        return changes + self._clear(self._gone(validated, is_complete=is_complete))

    def _is_due(self, label: str, before: _Shown, said: _Shown) -> bool:
        elapsed_s = said.at - before.at
        if elapsed_s >= self._all_every_s:
            return True
        if (said.value, said.horodate) == (before.value, before.horodate):
            return False
        known = LABELS.get(label)
        return known is None or known.kind not in _UNSTEADY or elapsed_s >= self._every_s

    def _tell(self, label: str, before: _Shown | None, said: _Shown, time: str | None) -> list[RetainedMessage]:
        changes = []
        if said.value is not None:
            payload = NOTHING if said.value == "" else str(said.value)
            changes.append(RetainedMessage(self._topics.label(self._meter, label), payload, time))
        if said.horodate is not None:
            changes.append(RetainedMessage(self._topics.label_time(self._meter, label), said.horodate, time))
        elif before is not None and before.horodate is not None:
            changes.append(RetainedMessage(self._topics.label_time(self._meter, label), ""))
        return changes

    def _gone(self, validated: ValidatedFrame, *, is_complete: bool) -> list[str]:
        """Labels that this frame shows to be gone."""
        seen = labels_of(validated)
        for label in seen & self._lacking.keys():
            del self._lacking[label]
        if not is_complete:
            return []
        gone = []
        for label in (self._shown.keys() | self._left) - seen:
            self._lacking[label] = self._lacking.get(label, 0) + 1
            known = LABELS.get(label)
            until = 1 if known is not None and known.kind is Kind.ALARM else _FRAMES_UNTIL_GONE
            if self._lacking[label] >= until:
                gone.append(label)
        return sorted(gone)

    def _clear(self, labels: list[str]) -> list[RetainedMessage]:
        for label in labels:
            self._shown.pop(label, None)
            self.present.pop(label, None)
            self._left.discard(label)
            self._lacking.pop(label, None)
        both = (self._topics.label, self._topics.label_time)
        return [RetainedMessage(topic(self._meter, label), "") for label in labels for topic in both]
