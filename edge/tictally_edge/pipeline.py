"""Pipeline: bytes to validated frames of a known meter. Pure: time comes in with the bytes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame, Decoder
from tictally_edge.validation.energy_registers import RegisterValue
from tictally_edge.validation.meter_identity import MeterIdentity
from tictally_edge.validation.validator import FrameValidator, ValidatedFrame

_MIN_GOOD_GROUPS: Final = 3


@dataclass(frozen=True, slots=True)
class MeterFrame:
    """A validated frame whose meter is known.

    Attributes:
        number: the meter's own number.
        is_new: True for the first frame of a meter that was just accepted.
        validated: what of the frame may be published.
    """

    number: str
    is_new: bool
    validated: ValidatedFrame


class Pipeline:
    """Turns the bytes of one line into frames.

    Attributes:
        last_good: the latest good frame, for whoever searches the line's speed; reset by that caller.

    Args:
        number: the meter accepted last, from the journal, or None.
        registers: its registers accepted last, their times on the clock of `at`.
    """

    def __init__(self, number: str | None = None, registers: Mapping[str, RegisterValue] | None = None) -> None:
        self._decoder = Decoder()
        self._identity = MeterIdentity(number)
        self._validator = FrameValidator(dict(registers or {}))
        self.last_good: DecodedFrame | None = None

    @property
    def pending(self) -> int:
        """Frames that wait for their meter's number."""
        return self._identity.pending

    @property
    def dropped(self) -> int:
        """Frames dropped because no number could be read in time."""
        return self._identity.dropped

    def feed(self, chunk: bytes, at: float) -> Iterator[MeterFrame]:
        """Yield the frames that a chunk completes or attributes.

        Args:
            chunk: bytes as they came.
            at: when its last byte arrived, in seconds on a clock that never steps.
        """
        for frame in self._decoder.feed(chunk, at):
            if is_good(frame):
                self.last_good = frame
            yield from self._validate(frame)

    def interrupt(self) -> None:
        """Discard the frame that is open: the line was interrupted."""
        self._decoder.interrupt()

    def _validate(self, frame: DecodedFrame) -> Iterator[MeterFrame]:
        for attributed in self._identity.add(frame):
            if attributed.is_new:
                self._validator = FrameValidator()
                self._validator.prime(attributed.frames)
            for i, each in enumerate(attributed.frames):
                yield MeterFrame(attributed.number, attributed.is_new and i == 0, self._validator.validate(each))


def is_good(frame: DecodedFrame) -> bool:
    """Return True for a frame that proves a meter at this speed: more than chance lets through."""
    return len(frame.values) >= _MIN_GOOD_GROUPS and sum(frame.rejected.values()) * 2 <= frame.groups
