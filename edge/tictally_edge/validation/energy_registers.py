"""Energy registers: they never fall, and rise no faster than physics; a rise needs a witness, or a second sighting.

The checksum has six bits, and two digits damaged the opposite way pass it. A wrong register spoils every statistic made
of it, for good. So a rise is believed at once only where something else in the frame bears it out: in standard mode the
total and the supplier's registers that moved together, else the power that is shown (which says nothing of the time
before the first frame after a start). A rise that nothing bears out, but that is possible, waits for a second sighting
that agrees; one that is impossible for a third, which then overrules the baseline, so that a wrong first value never
refuses for ever.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.validation.plausibility import Verdict, most_energy_wh, shown_power_va
from tictally_shared.labels import LABELS, Kind, Mode

REGISTERS: Final = frozenset(label.name for label in LABELS.values() if label.kind is Kind.REGISTER)
_SUPPLIER: Final = tuple(f"EASF{n:02d}" for n in range(1, 11))
_DISTRIBUTOR: Final = tuple(f"EASD{n:02d}" for n in range(1, 5))
_TOTAL: Final = "EAST"
# Total and parts are rounded one by one.
_ROUNDING_WH: Final = 1
# The shown power is a second or two old, and loads switch in between.
_POWER_MARGIN: Final = 1.5
# A power bears witness only this far back. A source whose frames are all further apart (a thinned recording, a slow
# simulation) has no such witness at all; there physics alone decides.
_WITNESS_REACH_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """A register's value and when it was seen, in seconds; None where nobody knows how long ago."""

    value: int
    at: float | None

    def allows(self, later: int, at: float) -> bool:
        """True where a meter could have gone on from here to `later`."""
        return self.value <= later and (self.at is None or later - self.value <= most_energy_wh(at - self.at))


@dataclass(slots=True)
class _Chain:
    """Sightings that contradict the baseline, or have none, and agree with one another."""

    last: Sighting
    length: int


class Registers:
    """The registers of one meter.

    Args:
        baseline: label → what was believed last, from the journal.
        first_sights: True to believe at once what is possible, for decoding a file.
    """

    def __init__(self, baseline: dict[str, Sighting] | None = None, *, first_sights: bool = False) -> None:
        self.baseline: dict[str, Sighting] = dict(baseline or {})
        self._first_sights = first_sights
        self._chains: dict[str, _Chain] = {}
        self._power_va: int | None = None
        self._frame_at: float | None = None
        self._since_s: float | None = None  # from the frame before the last one to the last one

    def prime(self, frames: tuple[DecodedFrame, ...]) -> None:
        """Takes baselines from frames that waited together: the first sighting with which the next one agrees."""
        for name in REGISTERS:
            seen = [(value, frame.at) for frame in frames if isinstance(value := frame.values.get(name), int)]
            for (value, at), later in pairwise(seen):
                if (sighting := Sighting(value, at)).allows(*later):
                    self.baseline.setdefault(name, sighting)
                    break

    def judge(self, frame: DecodedFrame) -> dict[str, Verdict]:
        """A verdict for each register in a frame; what is believed becomes the baseline."""
        present = {name: value for name, value in frame.values.items() if name in REGISTERS and isinstance(value, int)}
        power_va = shown_power_va(frame)
        since_s = None if self._frame_at is None else frame.at - self._frame_at
        gaps = [gap_s for gap_s in (since_s, self._since_s) if gap_s is not None]
        is_thinned = bool(gaps) and min(gaps) > _WITNESS_REACH_S
        witness = _Witness(frame, present, self.baseline, self._power_bound(power_va, since_s), is_thinned=is_thinned)
        verdicts = {name: self._weigh(name, value, frame.at, witness) for name, value in present.items()}
        for name, verdict in verdicts.items():
            if verdict is Verdict.BELIEVED:
                self.baseline[name] = Sighting(present[name], frame.at)
                self._chains.pop(name, None)
        self._power_va = power_va if power_va is not None else self._power_va
        self._frame_at, self._since_s = frame.at, since_s
        return verdicts

    def _power_bound(self, power_va: int | None, since_s: float | None) -> float | None:
        """The most that was consumed since the frame before, as far as both show; None after a start, or a gap."""
        if self._power_va is None or since_s is None or since_s > _WITNESS_REACH_S:
            return None
        return max(self._power_va, power_va or 0) * _POWER_MARGIN

    def _weigh(self, name: str, value: int, at: float, witness: "_Witness") -> Verdict:
        base = self.baseline.get(name)
        possible = base is None or base.allows(value, at)
        if not possible:
            needed = 3
        elif self._first_sights:
            needed = 1
        elif base is None:
            needed = 2
        else:
            needed = 1 if value == base.value or witness.bears_out(name, value, at) else 2
        if self._lengthen(name, value, at) >= needed:
            return Verdict.BELIEVED
        return Verdict.UNCONFIRMED if possible else Verdict.REFUSED

    def _lengthen(self, name: str, value: int, at: float) -> int:
        chain = self._chains.get(name)
        agrees = chain is not None and chain.last.allows(value, at)
        length = chain.length + 1 if chain is not None and agrees else 1
        self._chains[name] = _Chain(Sighting(value, at), length)
        return length


class _Witness:
    """What in a frame bears a register's rise out."""

    def __init__(
        self,
        frame: DecodedFrame,
        present: dict[str, int],
        baseline: dict[str, Sighting],
        power_va: float | None,
        *,
        is_thinned: bool,
    ) -> None:
        self._is_thinned = is_thinned
        self._power_va = power_va
        self._baseline = baseline
        self._rises = {name: value - baseline[name].value for name, value in present.items() if name in baseline}
        self._has_parts = frame.mode is Mode.STANDARD and all(name in self._rises for name in (_TOTAL, *_SUPPLIER))

    def bears_out(self, name: str, value: int, at: float) -> bool:
        base = self._baseline[name]
        if self._has_parts and name in (_TOTAL, *_SUPPLIER, *_DISTRIBUTOR):
            return self._moves_with_total(name)
        if self._is_thinned:
            return True  # its bound was physics alone, and that has been looked at
        if base.at is None or self._power_va is None:
            return False
        return value - base.value <= most_energy_wh(at - base.at, self._power_va)

    def _moves_with_total(self, name: str) -> bool:
        """EAST is the sum of the EASFnn since installation, and one EASD moves with it."""
        total = self._rises[_TOTAL]
        rises = [self._rises[part] for part in _SUPPLIER]
        blur = max(sum(rise != 0 for rise in rises), 1) * _ROUNDING_WH
        if name in _DISTRIBUTOR:
            return abs(self._rises[name] - total) <= _ROUNDING_WH and abs(total - sum(rises)) <= blur
        return abs(total - sum(rises)) <= blur and self._rises[name] <= total + _ROUNDING_WH
