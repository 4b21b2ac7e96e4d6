"""Bytes to frames that may be published: decoding, who speaks, what is believed. Pure: time comes in with the bytes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame, Decoder
from tictally_edge.validation.energy_registers import Sighting
from tictally_edge.validation.meter_identity import Identity
from tictally_edge.validation.validator import BelievedFrame, Believer

_FEWEST_GOOD_GROUPS: Final = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """A frame whose meter is known.

    Attributes:
        number: the meter's own number.
        is_new: True for the first frame of a meter that was not believed before.
        believed: what of the frame is believed.
    """

    number: str
    is_new: bool
    believed: BelievedFrame


class Reader:
    """One line's frames.

    Args:
        number: the meter that spoke last, from the journal, or None.
        registers: what was believed of its registers, their times on the clock of `at`.
    """

    def __init__(self, number: str | None = None, registers: Mapping[str, Sighting] | None = None) -> None:
        self._decoder = Decoder()
        self._identity = Identity(believed=number)
        self._believer = Believer(dict(registers or {}))
        self.last_good: DecodedFrame | None = None

    @property
    def waiting(self) -> int:
        """Frames that wait for their meter's number."""
        return self._identity.waiting

    @property
    def dropped(self) -> int:
        """Frames given up because no number could be read in time."""
        return self._identity.dropped

    def feed(self, chunk: bytes, at: float) -> Iterator[Reading]:
        """Yields the frames that a chunk makes known.

        Args:
            chunk: bytes as they came.
            at: when its last byte arrived, in seconds on a clock that never steps.
        """
        for frame in self._decoder.feed(chunk, at):
            if is_good(frame):
                self.last_good = frame
            yield from self._hear(frame)

    def interrupt(self) -> None:
        """The line was interrupted: what comes next begins somewhere else."""
        self._decoder.interrupt()

    def _hear(self, frame: DecodedFrame) -> Iterator[Reading]:
        for known in self._identity.hear(frame):
            if known.is_new:
                self._believer = Believer()
                self._believer.prime(known.frames)
            for i, each in enumerate(known.frames):
                yield Reading(known.number, known.is_new and i == 0, self._believer.weigh(each))


def is_good(frame: DecodedFrame) -> bool:
    """True for a frame that shows that a meter is heard at this speed: more than chance lets through."""
    return len(frame.values) >= _FEWEST_GOOD_GROUPS and sum(frame.refused.values()) * 2 <= frame.groups
