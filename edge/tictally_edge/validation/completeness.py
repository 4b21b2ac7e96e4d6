"""Completeness: which frames show everything their meter sends, so that a label they lack may be removed. Pure.

Noise must remove nothing. But some meters send, in every frame, a group that has to be rejected, and some ports cut off
the end of every frame: a fault that repeats identically in many frames is not noise.
"""

from typing import Final

from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.labels import Mode

# Enedis-NOI-CPT_54E §5.3: what a three-phase meter sends, again and again, while a phase is overloaded.
_SHORT_FRAME: Final = frozenset({"ADIR1", "ADIR2", "ADIR3", "IINST1", "IINST2", "IINST3"})
_UNTIL_SYSTEMATIC: Final = 20

Fault = tuple[frozenset[str], bool, tuple[tuple[str, int], ...]]


def labels_of(validated: ValidatedFrame) -> frozenset[str]:
    """Return the labels that a frame contains, also where a value is unconfirmed or rejected as implausible."""
    return frozenset({*validated.frame.values, *validated.frame.dated, *validated.unconfirmed})


class Completeness:
    """Watches one meter's frames, one after another."""

    def __init__(self) -> None:
        self._fault: Fault | None = None
        self._times = 0

    def check(self, validated: ValidatedFrame) -> bool:
        """Return True for a frame that shows everything its meter sends.

        It is complete, none of its groups was rejected by the decoder, and it is not one of the short frames of an
        overloaded meter; or it has the same fault as each of the last twenty.
        """
        frame = validated.frame
        if frame.mode is Mode.HISTORIQUE and frame.values.keys() <= _SHORT_FRAME:
            return False
        if frame.complete and not frame.rejected:
            self._fault = None
            return True
        fault = labels_of(validated), frame.complete, tuple(sorted(frame.rejected.items()))
        self._times = self._times + 1 if fault == self._fault else 1
        self._fault = fault
        return self._times >= _UNTIL_SYSTEMATIC
