"""Live values: powers, currents and voltages that may differ in every frame.

A value is accepted at once when it is close to the one before, by the meter's own rounding, or when the rest of its
frame bears it out: a power fits its currents, each rounded to whole amperes. While the line is noisy, that is not
enough, since a damaged value may fit as well: then power and currents must have moved together, or a second sighting
agrees. A value that the frame contradicts waits for a second sighting too, unless the line has been clean for long: a
power may lag behind its currents. One that its own currents contradict grossly is rejected, however often it comes:
meters have sent 48 kVA on a phase that carried 2 A.
"""

from collections import deque
from dataclasses import dataclass, field
from math import gcd
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.validation.fault_watch import FaultWatch
from tictally_edge.validation.plausibility import Decision, is_within_limits
from tictally_shared.labels import LABELS, Kind

LIVE_LABELS: Final = frozenset(label.name for label in LABELS.values() if label.live)

_PHASES: Final = ("IRMS1", "IRMS2", "IRMS3")
# Power → the currents that make it, the first set that the frame has whole.
_CURRENTS_OF: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "PAPP": (("IINST",), ("IINST1", "IINST2", "IINST3")),
    "SINSTS": (_PHASES, ("IRMS1",)),
    "SINSTI": (_PHASES, ("IRMS1",)),
    "SINSTS1": (("IRMS1",),),
    "SINSTS2": (("IRMS2",),),
    "SINSTS3": (("IRMS3",),),
}
_VOLTAGE_OF: Final = {"IRMS1": "URMS1", "IRMS2": "URMS2", "IRMS3": "URMS3"}
# Zero while more is injected than consumed, whatever the currents are: they carry injection too.
_ZERO_WHILE_INJECTING: Final = frozenset({"PAPP"})
_INJECTION: Final = "SINSTI"
_NOMINAL_V: Final = 230
# French low voltage is 230 V ± 10 %; a few per cent more for the rounding of both figures.
_LOWEST_RATIO, _HIGHEST_RATIO = 0.85, 1.15
_ROUNDING_VA: Final = 60
# A power beyond three times what its currents carry, and more than any load that the meter's values may lag behind.
_GROSS_FACTOR: Final = 3
_GROSS_VA: Final = 9000
# How much a value moves from frame to frame while nothing is switched.
_CLOSE_A: Final = 1
_CLOSE_V: Final = 2
_CLOSE_VA: Final = 30
_CLOSE_SHARE_VA: Final = 50  # one part in
_MOVED_VA: Final = 100
# Of a power's changes, so many show the step in which its meter rounds.
_CHANGES_KEPT: Final = 16
_CHANGES_UNTIL_KNOWN: Final = 8

Band = tuple[float, float]


@dataclass(slots=True)
class _Rounding:
    """The step in which a meter rounds one power: every change is a multiple of it, in what was seen of late.

    Values that were not accepted count as well: a damaged one only makes the step finer, and so the check stricter.
    """

    step_va: int = 0  # 0: not known yet
    _changes: deque[int] = field(default_factory=lambda: deque(maxlen=_CHANGES_KEPT))
    _last: int | None = None

    def note(self, value: int) -> None:
        if self._last is not None and value != self._last:
            self._changes.append(abs(value - self._last))
            self.step_va = gcd(*self._changes) if len(self._changes) >= _CHANGES_UNTIL_KNOWN else 0
        self._last = value

    def is_close(self, before: int, value: int) -> bool:
        change = abs(value - before)
        if self.step_va and change % self.step_va:
            return False
        return change <= max(_CLOSE_VA, before // _CLOSE_SHARE_VA, self.step_va)


class LiveValues:
    """The live values of one meter.

    Args:
        accepts_first: True to accept at once what is not contradicted, for decoding a file.
    """

    def __init__(self, *, accepts_first: bool = False) -> None:
        self._accepts_first = accepts_first
        self._accepted: dict[str, int] = {}
        self._candidates: dict[str, int] = {}
        self._roundings: dict[str, _Rounding] = {}

    def decide(self, frame: DecodedFrame, line: FaultWatch) -> dict[str, Decision]:
        """Decide on each live value of a frame.

        Args:
            frame: the frame.
            line: has watched it and those before it.
        """
        present = {
            name: value for name, value in frame.values.items() if name in LIVE_LABELS and isinstance(value, int)
        }
        moved = {name for name, value in present.items() if self._has_moved(name, value)}
        decisions = {}
        for name, value in present.items():
            decisions[name] = self._decide(name, present, moved, line)
            if decisions[name] is Decision.ACCEPTED:
                self._accepted[name] = value
            elif decisions[name] is Decision.UNCONFIRMED:
                self._candidates[name] = value
            if decisions[name] is not Decision.REJECTED and LABELS[name].kind is Kind.APPARENT_POWER:
                self._roundings.setdefault(name, _Rounding()).note(value)
        return decisions

    def _decide(self, name: str, present: dict[str, int], moved: set[str], line: FaultWatch) -> Decision:
        value, band = present[name], _power_band(name, present)
        if not is_within_limits(name, value) or (band is not None and value > _GROSS_FACTOR * band[1] + _GROSS_VA):
            return Decision.REJECTED
        before, candidate = self._accepted.get(name), self._candidates.pop(name, None)
        related = _related_labels(name)
        together = candidate is not None or not moved.isdisjoint(related)
        is_alone = related.isdisjoint(present) and LABELS[name].kind is not Kind.VOLTAGE
        if (
            self._accepts_first
            or line.is_clean_for_long
            or (before is not None and self._is_close(name, before, value))
            or (candidate is not None and self._is_close(name, candidate, value))
            or ((together or not line.is_noisy) and _is_supported(name, value, present))
            or (is_alone and not line.noise)
        ):
            return Decision.ACCEPTED
        return Decision.UNCONFIRMED

    def _has_moved(self, name: str, value: int) -> bool:
        before = self._accepted.get(name)
        if before is None:
            return False
        return abs(value - before) >= (_MOVED_VA if LABELS[name].kind is Kind.APPARENT_POWER else _CLOSE_A)

    def _is_close(self, name: str, before: int, value: int) -> bool:
        kind = LABELS[name].kind
        if kind is Kind.CURRENT:
            return abs(value - before) <= _CLOSE_A
        if kind is Kind.VOLTAGE:
            return abs(value - before) <= _CLOSE_V
        return self._roundings.get(name, _Rounding()).is_close(before, value)


def _related_labels(name: str) -> set[str]:
    """Return the labels that move when this one does."""
    if name in _CURRENTS_OF:
        return {current for group in _CURRENTS_OF[name] for current in group}
    return {power for power, groups in _CURRENTS_OF.items() if any(name in group for group in groups)}


def _is_supported(name: str, value: int, present: dict[str, int]) -> bool:
    if name in _CURRENTS_OF:
        return _fits(name, value, present)
    if LABELS[name].kind is Kind.VOLTAGE:
        return _LOWEST_RATIO * _NOMINAL_V <= value <= _HIGHEST_RATIO * _NOMINAL_V
    return any(_carries(power, name, value, present) for power in _related_labels(name) & present.keys())


def _carries(power: str, current: str, amperes: int, present: dict[str, int]) -> bool:
    """Return True if a current fits a power: not above it, and not below it where no other current adds to it."""
    if _is_injecting(power, present[power]):
        return True
    alone = any(group == (current,) and group[0] in present for group in _CURRENTS_OF[power])
    shared = any(len(group) > 1 and set(group) <= present.keys() for group in _CURRENTS_OF[power])
    if alone and not shared:
        return _fits(power, present[power], present)
    return max(amperes - 1, 0) * _NOMINAL_V * _LOWEST_RATIO - _ROUNDING_VA <= present[power]


def _fits(power: str, value: int, present: dict[str, int]) -> bool:
    band = _power_band(power, present)
    return band is not None and (band[0] <= value <= band[1] or _is_injecting(power, value))


def _is_injecting(power: str, value: int) -> bool:
    return value == 0 and power in _ZERO_WHILE_INJECTING


def _power_band(name: str, present: dict[str, int]) -> Band | None:
    """Return the least and most apparent power that a frame's currents carry, each rounded to whole amperes."""
    for group in _CURRENTS_OF.get(name, ()):
        if not all(current in present for current in group):
            continue
        volts = [present.get(_VOLTAGE_OF.get(current, ""), _NOMINAL_V) for current in group]
        low = sum(max(present[current] - 1, 0) * volt for current, volt in zip(group, volts, strict=True))
        high = sum((present[current] + 1) * volt for current, volt in zip(group, volts, strict=True))
        # A producer's currents carry injection too.
        least = 0.0 if _INJECTION in present else low * _LOWEST_RATIO - _ROUNDING_VA
        return least, high * _HIGHEST_RATIO + _ROUNDING_VA
    return None
