"""Live values: powers, currents and voltages that may differ in every frame.

A value is accepted when it is close to the one before or agrees with a second sighting. A jump is accepted at once
where the frame supports it: a power and its currents moved together. One that fits its currents but moved alone is
accepted when the value before it had to wait too, so that a restless load never lacks values for long. One that its own
currents contradict grossly is rejected, however often it comes: meters have sent 48 kVA on a phase that carried 2 A.
"""

from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame
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

Band = tuple[float, float]


class LiveValues:
    """The live values of one meter.

    Args:
        accepts_first: True to accept at once what is not contradicted, for decoding a file.
    """

    def __init__(self, *, accepts_first: bool = False) -> None:
        self._accepts_first = accepts_first
        self._accepted: dict[str, int] = {}
        self._candidates: dict[str, int] = {}

    def decide(self, frame: DecodedFrame) -> dict[str, Decision]:
        """Decide on each live value of a frame."""
        present = {
            name: value for name, value in frame.values.items() if name in LIVE_LABELS and isinstance(value, int)
        }
        moved = {name for name, value in present.items() if self._has_moved(name, value)}
        return {name: self._decide(name, value, present, moved) for name, value in present.items()}

    def _decide(self, name: str, value: int, present: dict[str, int], moved: set[str]) -> Decision:
        band = _power_band(name, present)
        if not is_within_limits(name, value) or (band is not None and value > _GROSS_FACTOR * band[1] + _GROSS_VA):
            return Decision.REJECTED
        before = self._accepted.get(name)
        candidate = self._candidates.pop(name, None)
        together = before is None or candidate is not None or not moved.isdisjoint(_related_labels(name))
        if (
            self._accepts_first
            or (before is not None and _is_close(name, before, value))
            or (candidate is not None and _is_close(name, candidate, value))
            or (together and _is_supported(name, value, present))
        ):
            self._accepted[name] = value
            return Decision.ACCEPTED
        self._candidates[name] = value
        return Decision.UNCONFIRMED

    def _has_moved(self, name: str, value: int) -> bool:
        before = self._accepted.get(name)
        if before is None:
            return False
        return abs(value - before) >= (_MOVED_VA if LABELS[name].kind is Kind.APPARENT_POWER else _CLOSE_A)


def _is_close(name: str, before: int, value: int) -> bool:
    kind = LABELS[name].kind
    if kind is Kind.CURRENT:
        return abs(value - before) <= _CLOSE_A
    if kind is Kind.VOLTAGE:
        return abs(value - before) <= _CLOSE_V
    return abs(value - before) <= max(_CLOSE_VA, before // _CLOSE_SHARE_VA)


def _related_labels(name: str) -> set[str]:
    """Return the labels that move when this one does."""
    if name in _CURRENTS_OF:
        return {current for group in _CURRENTS_OF[name] for current in group}
    return {power for power, groups in _CURRENTS_OF.items() if any(name in group for group in groups)}


def _is_supported(name: str, value: int, present: dict[str, int]) -> bool:
    if name in _CURRENTS_OF:
        return _is_within(value, _power_band(name, present))
    if LABELS[name].kind is Kind.VOLTAGE:
        return _LOWEST_RATIO * _NOMINAL_V <= value <= _HIGHEST_RATIO * _NOMINAL_V
    return any(_carries(power, name, value, present) for power in _related_labels(name) & present.keys())


def _carries(power: str, current: str, amperes: int, present: dict[str, int]) -> bool:
    """Return True if a current fits a power: not above it, and not below it where no other current adds to it."""
    alone = any(group == (current,) and group[0] in present for group in _CURRENTS_OF[power])
    shared = any(len(group) > 1 and set(group) <= present.keys() for group in _CURRENTS_OF[power])
    if alone and not shared:
        return _is_within(present[power], _power_band(power, present))
    return max(amperes - 1, 0) * _NOMINAL_V * _LOWEST_RATIO - _ROUNDING_VA <= present[power]


def _is_within(value: int, band: Band | None) -> bool:
    return band is not None and band[0] <= value <= band[1]


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
