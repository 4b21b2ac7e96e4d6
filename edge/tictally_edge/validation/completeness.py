"""Which frames show all that their meter sends, so that what they lack may be taken for gone. Pure.

Noise must take nothing away. But some meters send a group in every frame that has to be refused, and some ports swallow
the end of every frame: what is the same in many frames in a row is not noise.
"""

from typing import Final

from tictally_edge.validation.validator import BelievedFrame
from tictally_shared.labels import Mode

# Enedis-NOI-CPT_54E §5.3: what a three-phase meter sends, again and again, while a phase is overloaded.
_SHORT_FRAME: Final = frozenset({"ADIR1", "ADIR2", "ADIR3", "IINST1", "IINST2", "IINST3"})
_UNTIL_NO_NOISE: Final = 20

Fault = tuple[frozenset[str], bool, tuple[tuple[str, int], ...]]


def labels_of(believed: BelievedFrame) -> frozenset[str]:
    """The labels that a frame shows to be there: what they say may have to wait, or be refused by physics."""
    return frozenset({*believed.frame.values, *believed.frame.dated, *believed.unconfirmed})


class Wholeness:
    """Looks at one meter's frames, one after another."""

    def __init__(self) -> None:
        self._fault: Fault | None = None
        self._times = 0

    def of(self, believed: BelievedFrame) -> bool:
        """True for a frame that shows all that its meter sends.

        It is complete, no group of it is refused for what came over the line, and it is not one of the short frames
        that overloaded meters send; or it lacks the same as all of the last twenty.
        """
        frame = believed.frame
        if frame.mode is Mode.HISTORIQUE and frame.values.keys() <= _SHORT_FRAME:
            return False
        if frame.complete and not frame.refused:
            self._fault = None
            return True
        fault = labels_of(believed), frame.complete, tuple(sorted(frame.refused.items()))
        self._times = self._times + 1 if fault == self._fault else 1
        self._fault = fault
        return self._times >= _UNTIL_NO_NOISE
