"""Distinguishes a fault that repeats identically in every frame from noise. Pure.

Some meters and adapters spoil the same group in each frame: its checksum, a separator, a value out of range. That is
not noise, and no better cable helps. What is left after it shows how clean the line is.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tictally_edge.decoding.groups import Fault

_WINDOW_FRAMES: Final = 20
# Of the frames watched, at least so many and such a share have a fault that is no noise. Not all: noise hits them too,
# and the short frames of an overloaded three-phase meter lack most groups.
_LEAST_FRAMES: Final = 5
_REPEATED_PERCENT: Final = 80
# Share of groups rejected by noise from which a value may be damaged although it passed; doctor calls it a fair signal.
_NOISY: Final = 0.01


def repeated_faults(sightings: Mapping[Fault, int], frames: int) -> frozenset[Fault]:
    """Return the faults that repeat identically.

    Args:
        sightings: fault → the frames that had it.
        frames: the frames watched.
    """
    return frozenset(
        fault
        for fault, count in sightings.items()
        if count >= _LEAST_FRAMES and count * 100 >= frames * _REPEATED_PERCENT
    )


@dataclass(slots=True)
class FaultWatch:
    """Watches the faults of the latest frames of one meter.

    Attributes:
        repeated: faults that repeat identically.
        noise: other faults, as a share of the groups: 0 on a clean line.
    """

    repeated: frozenset[Fault] = frozenset()
    noise: float = 0.0
    _latest: deque[tuple[frozenset[Fault], int]] = field(default_factory=deque)
    _sightings: Counter[Fault] = field(default_factory=Counter)
    _groups: int = 0

    @property
    def is_noisy(self) -> bool:
        """True while a value may be damaged although it passed the checks of its group.

        Not before some frames have shown whether what is rejected is noise at all.
        """
        return self.noise >= _NOISY and len(self._latest) >= _LEAST_FRAMES

    @property
    def is_clean_for_long(self) -> bool:
        """True if all of the latest frames came without noise, and there are enough of them to prove it."""
        return not self.noise and len(self._latest) >= _WINDOW_FRAMES

    def add(self, faults: frozenset[Fault], groups: int) -> None:
        """Take a frame.

        Args:
            faults: its faults.
            groups: its groups, rejected ones among them.
        """
        self._latest.append((faults, groups))
        self._sightings.update(faults)
        self._groups += groups
        if len(self._latest) > _WINDOW_FRAMES:
            gone, groups_gone = self._latest.popleft()
            self._sightings.subtract(gone)
            self._groups -= groups_gone
            self._sightings = +self._sightings
        self.repeated = repeated_faults(self._sightings, len(self._latest))
        noise = sum(count for fault, count in self._sightings.items() if fault not in self.repeated)
        self.noise = noise / max(self._groups, 1)
