"""Which fault comes when: a plan out of a seed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from chaos.fault_kinds import FaultKind

_MEAN_GAP_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that will be, in seconds from the beginning."""

    at_s: float
    until_s: float
    kind: FaultKind


def plan(seed: int, duration_s: float, kinds: Sequence[FaultKind]) -> list[Fault]:
    """Faults in order, all over by the end; what two of them touch at the same time differs.

    The kinds are dealt like cards, so that each comes once before one comes again, as far as their places are free.
    """
    rng = Random(seed)
    faults: list[Fault] = []
    deck: list[FaultKind] = []
    at_s = 0.0
    while kinds and (at_s := at_s + rng.expovariate(1 / _MEAN_GAP_S)) < duration_s:
        deck = deck or rng.sample(kinds, len(kinds))
        held = {what for fault in faults if fault.until_s > at_s for what in fault.kind.holds}
        left_s = duration_s - at_s
        kind = next((each for each in deck if each.holds.isdisjoint(held) and each.lasts_s[0] <= left_s), None)
        if kind is not None:
            deck.remove(kind)
            least_s, most_s = kind.lasts_s
            faults.append(Fault(at_s, at_s + rng.uniform(least_s, min(most_s, left_s)), kind))
    return faults
