"""Validates a meter's frames against its earlier ones: the last step before a frame is published."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.decoding.groups import Fault, GroupRejection
from tictally_edge.validation.energy_registers import EnergyRegisters, RegisterValue
from tictally_edge.validation.fault_watch import FaultWatch
from tictally_edge.validation.live_values import LiveValues
from tictally_edge.validation.plausibility import Decision, is_within_limits
from tictally_edge.validation.text_values import TextValue, TextValues
from tictally_shared.labels import LABELS, Kind

_DATE: Final = "DATE"
# The meter's clock runs with the line; frames that arrive in one piece, and its whole seconds, blur it.
_CLOCK_TOLERANCE_S: Final = 5.0
# A frame that lost its end was hit, unless every frame loses it.
_CUT_OFF: Final = Fault("incomplete", "")


@dataclass(frozen=True, slots=True)
class ValidatedFrame:
    """What of a frame is published.

    Attributes:
        frame: the frame as decoded.
        values: label → value.
        dated: label → horodate, ISO 8601 with offset.
        rejected: reason → groups, by decoding and by plausibility.
        unconfirmed: labels left out until another frame agrees; neither rejected nor missing.
        faults: the rejected groups, by decoding and by plausibility.
        repeated: the faults that repeat identically in every frame: the meter's or the adapter's, no noise.
        deviations: from the specification, in every frame.
    """

    frame: DecodedFrame
    values: dict[str, int | str]
    dated: dict[str, str]
    rejected: dict[str, int]
    unconfirmed: frozenset[str]
    faults: frozenset[Fault] = frozenset()
    repeated: frozenset[Fault] = frozenset()
    deviations: frozenset[str] = frozenset()

    @property
    def rejected_by_noise(self) -> int:
        """The groups that were rejected although their like is accepted in other frames."""
        return sum(self.rejected.values()) - len(self.faults & self.repeated)


class FrameValidator:
    """Validates the frames of one meter, in their order.

    Args:
        baseline: registers accepted last, from the journal; their times on the clock of the frames' `at`.
        accepts_first: True to accept first sightings, for decoding a file.
    """

    def __init__(self, baseline: dict[str, RegisterValue] | None = None, *, accepts_first: bool = False) -> None:
        self.registers = EnergyRegisters(baseline, accepts_first=accepts_first)
        self._live = LiveValues(accepts_first=accepts_first)
        self._texts = TextValues(accepts_first=accepts_first)
        self._clock = _MeterClock(accepts_first=accepts_first)
        self._line, self._implausible, self._deviations = FaultWatch(), FaultWatch(), FaultWatch()

    def prime(self, frames: tuple[DecodedFrame, ...]) -> None:
        """Take the registers' baselines from frames that waited together."""
        self.registers.prime(frames)

    def validate(self, frame: DecodedFrame) -> ValidatedFrame:
        """Decide on every value of a frame."""
        is_cut_off = not frame.complete and frame.relay is None  # a relay's frames grow until all fields have come
        faults = frame.faults | {_CUT_OFF} if is_cut_off else frame.faults
        self._line.add(faults, frame.groups)
        self._deviations.add(frozenset(Fault(each.value, "") for each in frame.deviations), frame.groups)
        decisions = {**self.registers.decide(frame), **self._live.decide(frame, self._line)}
        values: dict[str, int | str] = {}
        dated: dict[str, str] = {}
        for name, value in frame.values.items():
            decision = decisions.get(name)
            published = TextValue(value, frame.dated.get(name))
            if decision is None:
                decision, published = self._decide_steady(name, published)
                decisions[name] = decision
            if decision is Decision.ACCEPTED:
                values[name] = published.value
                if published.horodate is not None:
                    dated[name] = published.horodate
        if _DATE in frame.dated:
            decisions[_DATE] = self._clock.decide(frame.dated[_DATE], frame.at)
            if decisions[_DATE] is Decision.ACCEPTED:
                dated[_DATE] = frame.dated[_DATE]
        implausible = frozenset(
            Fault(GroupRejection.PLAUSIBILITY.value, name)
            for name, each in decisions.items()
            if each is Decision.REJECTED
        )
        self._implausible.add(implausible, frame.groups)
        rejected = Counter(frame.rejected)
        rejected[GroupRejection.PLAUSIBILITY.value] = len(implausible)
        return ValidatedFrame(
            frame=frame,
            values=values,
            dated=dated,
            rejected={reason: count for reason, count in rejected.items() if count},
            unconfirmed=frozenset(name for name, each in decisions.items() if each is Decision.UNCONFIRMED),
            faults=frame.faults | implausible,
            repeated=(self._line.repeated - {_CUT_OFF}) | self._implausible.repeated,
            deviations=frozenset(each.reason for each in self._deviations.repeated),
        )

    def _decide_steady(self, name: str, value: TextValue) -> tuple[Decision, TextValue]:
        if isinstance(value.value, int) and not is_within_limits(name, value.value):
            return Decision.REJECTED, value
        label = LABELS.get(name)
        if label is not None and label.kind is Kind.ALARM:
            return Decision.ACCEPTED, value
        return self._texts.decide(name, value, self._line)


class _MeterClock:
    """The meter's DATE: accepted where it continues the one before, else when two in a row agree."""

    def __init__(self, *, accepts_first: bool) -> None:
        self._accepts_first = accepts_first
        self._accepted: tuple[datetime, float] | None = None
        self._candidate: tuple[datetime, float] | None = None

    def decide(self, horodate: str, at: float) -> Decision:
        current = (datetime.fromisoformat(horodate), at)
        candidate, self._candidate = self._candidate, None
        agrees = candidate is not None and _continues(candidate, current)
        if self._accepted is None or self._accepts_first or agrees or _continues(self._accepted, current):
            self._accepted = current
            return Decision.ACCEPTED
        self._candidate = current
        return Decision.UNCONFIRMED


def _continues(before: tuple[datetime, float], current: tuple[datetime, float]) -> bool:
    drift = current[0] - before[0] - timedelta(seconds=current[1] - before[1])
    return abs(drift) <= timedelta(seconds=_CLOCK_TOLERANCE_S)
