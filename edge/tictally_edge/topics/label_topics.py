"""Label topics: publishes changes, powers at most every few seconds, alarms at once; clears what is gone. Pure.

Hubs show retained topics also days later: one that the meter no longer sends must be cleared, and must not be cleared
because of a damaged group or of the short frames that three-phase meters send while overloaded.
"""

from dataclasses import dataclass
from typing import Final

from tictally_edge.topics.naming import NOTHING, RetainedMessage
from tictally_edge.validation.completeness import labels_of
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.frames import iso_utc
from tictally_shared.labels import LABELS, Kind
from tictally_shared.topics import Topics

_UNSTEADY: Final = frozenset({Kind.CURRENT, Kind.VOLTAGE, Kind.APPARENT_POWER, Kind.ACTIVE_POWER, Kind.CLOCK})
_FRAMES_UNTIL_GONE: Final = 3


@dataclass(frozen=True, slots=True)
class _Published:
    value: int | str | None
    horodate: str | None
    at: float


class LabelTopics:
    """The label topics of one meter.

    Attributes:
        present: label → value on its topic; another connection does not clear it.

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
        self._shown: dict[str, _Published] = {}
        self._retained: set[str] = set()
        self._missing: dict[str, int] = {}

    def reset(self) -> None:
        """Publish everything again with the next frame: the broker may have nothing."""
        self._retained |= self._shown.keys()
        self._shown.clear()

    def note_retained(self, label: str) -> None:
        """Note a retained topic of this meter; it is cleared where the meter does not send the label."""
        self._retained.add(label)

    def publish(
        self, validated: ValidatedFrame, at: float, time_ms: int | None, *, is_complete: bool
    ) -> list[RetainedMessage]:
        """Return the messages that a frame changes.

        Args:
            validated: the frame.
            at: seconds on a clock that never steps.
            time_ms: when the frame's end arrived, or None if no clock is proved.
            is_complete: whether the frame shows everything that its meter sends.
        """
        time = None if time_ms is None else iso_utc(time_ms)
        changes: list[RetainedMessage] = []
        for label in [*validated.values, *(name for name in validated.dated if name not in validated.values)]:
            shown = _Published(validated.values.get(label), validated.dated.get(label), at)
            before = self._shown.get(label)
            if before is None or self._is_due(label, before, shown):
                self._shown[label] = shown
                if shown.value is not None:
                    self.present[label] = shown.value
                changes += self._messages(label, before, shown, time)
        return changes + self._clear(self._gone(validated, is_complete=is_complete))

    def _is_due(self, label: str, before: _Published, shown: _Published) -> bool:
        elapsed_s = shown.at - before.at
        if elapsed_s >= self._all_every_s:
            return True
        if (shown.value, shown.horodate) == (before.value, before.horodate):
            return False
        known = LABELS.get(label)
        return known is None or known.kind not in _UNSTEADY or elapsed_s >= self._every_s

    def _messages(
        self, label: str, before: _Published | None, shown: _Published, time: str | None
    ) -> list[RetainedMessage]:
        changes = []
        if shown.value is not None:
            payload = NOTHING if shown.value == "" else str(shown.value)
            changes.append(RetainedMessage(self._topics.label(self._meter, label), payload, time))
        if shown.horodate is not None:
            changes.append(RetainedMessage(self._topics.label_time(self._meter, label), shown.horodate, time))
        elif before is not None and before.horodate is not None:
            changes.append(RetainedMessage(self._topics.label_time(self._meter, label), ""))
        return changes

    def _gone(self, validated: ValidatedFrame, *, is_complete: bool) -> list[str]:
        """The labels that are gone, as this frame confirms."""
        seen = labels_of(validated)
        for label in seen & self._missing.keys():
            del self._missing[label]
        if not is_complete:
            return []
        gone = []
        for label in (self._shown.keys() | self._retained) - seen:
            self._missing[label] = self._missing.get(label, 0) + 1
            known = LABELS.get(label)
            until = 1 if known is not None and known.kind is Kind.ALARM else _FRAMES_UNTIL_GONE
            if self._missing[label] >= until:
                gone.append(label)
        return sorted(gone)

    def _clear(self, labels: list[str]) -> list[RetainedMessage]:
        for label in labels:
            self._shown.pop(label, None)
            self.present.pop(label, None)
            self._retained.discard(label)
            self._missing.pop(label, None)
        both = (self._topics.label, self._topics.label_time)
        return [RetainedMessage(topic(self._meter, label), "") for label in labels for topic in both]
