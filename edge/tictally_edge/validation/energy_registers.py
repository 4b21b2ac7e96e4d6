"""Energy registers: they never fall, and rise no faster than is plausible; a rise needs corroboration.

The checksum has six bits, and two digits damaged in opposite directions pass it. A wrong register spoils for good every
statistic computed from it. So a rise is accepted at once only where something else in the frame corroborates it: in
standard mode the total and the supplier's registers that moved together, else the power shown (which shows nothing of
the time before the first frame after a start). A plausible rise without corroboration waits for a second sighting that
agrees; an implausible one for a third, which then overrules the baseline, so that a wrong first value does not reject
right ones for ever.

What another program read and published has its own faults: it repeats values that it read earlier, and shows zeros
while it starts. There an equal value is no second sighting of a contradiction, which overrules the baseline only once
it has risen twice; a zero is never accepted after another value, and first only where it lasts an hour beside a
register that has counted. Parts that are more than their total wait for it.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame, Relay
from tictally_edge.validation.plausibility import Decision, max_energy_wh, shown_power_va
from tictally_shared.labels import LABELS, Kind, Mode

REGISTERS: Final = frozenset(label.name for label in LABELS.values() if label.kind is Kind.REGISTER)
_SUPPLIER: Final = tuple(f"EASF{n:02d}" for n in range(1, 11))
_DISTRIBUTOR: Final = tuple(f"EASD{n:02d}" for n in range(1, 5))
_TOTAL: Final = "EAST"
# Total and parts are rounded one by one.
_ROUNDING_WH: Final = 1
# The power shown is a second or two old, and loads switch in between.
_POWER_MARGIN: Final = 1.5
# What contradicts the baseline of a relay's register must have risen so often to overrule it.
_RISES: Final = 2
# What a total that is reported after its parts may lack.
_LATE_WH: Final = 2000
# So long a register of a relay must be zero before it counts as one that has never counted.
_ZERO_S: Final = 3600.0
# A power corroborates only this far back. A source whose frames are all further apart (a thinned recording, a slow
# simulation) has no such corroboration at all; there plausibility alone decides.
_REACH_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class RegisterValue:
    """A register's value and when it was read, in seconds; None if its age is unknown."""

    value: int
    at: float | None

    def is_plausible(self, later: int, at: float, step_wh: int = 1) -> bool:
        """Return True if a meter could have counted from here to `later`, both shown in steps."""
        if later < self.value:
            return False
        return self.at is None or later - self.value <= max_energy_wh(at - self.at) + step_wh - 1


@dataclass(slots=True)
class _Chain:
    """Readings that contradict the baseline, or have none, and agree with one another."""

    last: RegisterValue
    length: int


@dataclass(frozen=True, slots=True)
class _RelayContext:
    """A frame of a relay: whether a register of it has counted, and whether its parts are more than their total."""

    relay: Relay
    has_counted: bool
    exceeds_total: bool


def _exceeds_total(present: dict[str, int], relay: Relay) -> bool:
    """Whether the supplier's registers are more than EAST, their sum, can be: it may come a report later."""
    total, parts = present.get(_TOTAL, 0), [present[name] for name in _SUPPLIER if name in present]
    return total > 0 and sum(parts) > total + _LATE_WH + len(parts) * relay.step_wh


class EnergyRegisters:
    """The registers of one meter.

    Args:
        baseline: label → the value accepted last, from the journal.
        accepts_first: True to accept what is plausible at once, for decoding a file.
    """

    def __init__(self, baseline: dict[str, RegisterValue] | None = None, *, accepts_first: bool = False) -> None:
        self.baseline: dict[str, RegisterValue] = dict(baseline or {})
        self._accepts_first = accepts_first
        self._chains: dict[str, _Chain] = {}
        self._power_va: int | None = None
        self._frame_at: float | None = None
        self._interval_s: float | None = None  # between the last two frames
        self._zero_since: dict[str, float] = {}

    def prime(self, frames: tuple[DecodedFrame, ...]) -> None:
        """Take baselines from frames that waited together: the first value with which the next one agrees."""
        for name in REGISTERS:
            seen = [
                (value, frame.at)
                for frame in frames
                if isinstance(value := frame.values.get(name), int) and (value or frame.relay is None)
            ]
            for (value, at), later in pairwise(seen):
                if (reading := RegisterValue(value, at)).is_plausible(*later):
                    self.baseline.setdefault(name, reading)
                    break

    def decide(self, frame: DecodedFrame) -> dict[str, Decision]:
        """Decide on each register of a frame; what is accepted becomes the baseline."""
        present = {name: value for name, value in frame.values.items() if name in REGISTERS and isinstance(value, int)}
        power_va = shown_power_va(frame)
        interval_s = None if self._frame_at is None else frame.at - self._frame_at
        intervals = [each for each in (interval_s, self._interval_s) if each is not None]
        is_thinned = bool(intervals) and min(intervals) > _REACH_S
        limit_va = self._power_limit(power_va, interval_s)
        if frame.relay is None:
            corroboration = _Corroboration(frame, present, self.baseline, limit_va, is_thinned=is_thinned)
            decisions = {name: self._decide(name, value, frame.at, corroboration) for name, value in present.items()}
        else:
            context = _RelayContext(frame.relay, any(present.values()), _exceeds_total(present, frame.relay))
            decisions = {
                name: self._decide_relayed(name, RegisterValue(value, frame.at), context)
                for name, value in present.items()
            }
        for name, decision in decisions.items():
            if decision is Decision.ACCEPTED:
                self._accept(name, RegisterValue(present[name], frame.at), frame.relay)
        self._power_va = power_va if power_va is not None else self._power_va
        self._frame_at, self._interval_s = frame.at, interval_s
        return decisions

    def _power_limit(self, power_va: int | None, interval_s: float | None) -> float | None:
        """The highest power since the frame before, as far as both show it; None after a start, or a gap."""
        if self._power_va is None or interval_s is None or interval_s > _REACH_S:
            return None
        return max(self._power_va, power_va or 0) * _POWER_MARGIN

    def _decide(self, name: str, value: int, at: float, corroboration: "_Corroboration") -> Decision:
        base = self.baseline.get(name)
        is_plausible = base is None or base.is_plausible(value, at)
        if not is_plausible:
            needed = 3
        elif self._accepts_first:
            needed = 1
        elif base is None:
            needed = 2
        else:
            needed = 1 if value == base.value or corroboration.supports(name, value, at) else 2
        if self._extend_chain(name, value, at) >= needed:
            return Decision.ACCEPTED
        return Decision.UNCONFIRMED if is_plausible else Decision.REJECTED

    def _decide_relayed(self, name: str, reading: RegisterValue, context: _RelayContext) -> Decision:
        value, at, base = reading.value, reading.at or 0.0, self.baseline.get(name)
        if value == 0 and (base is None or base.value):
            since = self._zero_since.setdefault(name, at) if context.has_counted else at
            is_settled = base is None and at - since >= _ZERO_S
            if is_settled or self._accepts_first:
                return Decision.ACCEPTED
            return Decision.UNCONFIRMED if base is None else Decision.REJECTED
        self._zero_since.pop(name, None)
        if base is None or (base.at is None and base.value < value):
            is_enough = self._accepts_first or self._extend_chain(name, value, at) > 1
            return Decision.ACCEPTED if is_enough else Decision.UNCONFIRMED
        is_plausible = base.is_plausible(value, at, context.relay.step_wh)
        is_beyond = context.exceeds_total and name in _SUPPLIER and value > base.value
        if is_plausible and not is_beyond:
            return Decision.ACCEPTED
        chain = self._chains.get(name)
        length = (
            chain.length if chain is not None and chain.last.value == value else self._extend_chain(name, value, at)
        )
        if length > _RISES:
            return Decision.ACCEPTED
        return Decision.UNCONFIRMED if is_plausible else Decision.REJECTED

    def _accept(self, name: str, reading: RegisterValue, relay: Relay | None) -> None:
        base = self.baseline.get(name)
        is_repeated = relay is not None and relay.repeats and base is not None and base.value == reading.value
        if not is_repeated:  # else it is as old as its first sighting, and a rise may be larger than one since the last
            self.baseline[name] = reading
        self._chains.pop(name, None)

    def _extend_chain(self, name: str, value: int, at: float) -> int:
        chain = self._chains.get(name)
        agrees = chain is not None and chain.last.is_plausible(value, at)
        length = chain.length + 1 if chain is not None and agrees else 1
        self._chains[name] = _Chain(RegisterValue(value, at), length)
        return length


class _Corroboration:
    """What in a frame corroborates the rise of a register."""

    def __init__(
        self,
        frame: DecodedFrame,
        present: dict[str, int],
        baseline: dict[str, RegisterValue],
        power_va: float | None,
        *,
        is_thinned: bool,
    ) -> None:
        self._is_thinned = is_thinned
        self._power_va = power_va
        self._baseline = baseline
        self._rises = {name: value - baseline[name].value for name, value in present.items() if name in baseline}
        self._has_parts = frame.mode is Mode.STANDARD and all(name in self._rises for name in (_TOTAL, *_SUPPLIER))

    def supports(self, name: str, value: int, at: float) -> bool:
        base = self._baseline[name]
        if self._has_parts and name in (_TOTAL, *_SUPPLIER, *_DISTRIBUTOR):
            return self._moves_with_total(name)
        if self._is_thinned:
            return True  # plausibility is its only limit, and has been checked
        if base.at is None or self._power_va is None:
            return False
        return value - base.value <= max_energy_wh(at - base.at, self._power_va)

    def _moves_with_total(self, name: str) -> bool:
        """EAST is the sum of the EASFnn since installation, and one EASD moves with it."""
        total = self._rises[_TOTAL]
        rises = [self._rises[part] for part in _SUPPLIER]
        tolerance = max(sum(rise != 0 for rise in rises), 1) * _ROUNDING_WH
        if name in _DISTRIBUTOR:
            return abs(self._rises[name] - total) <= _ROUNDING_WH and abs(total - sum(rises)) <= tolerance
        return abs(total - sum(rises)) <= tolerance and self._rises[name] <= total + _ROUNDING_WH
