"""Pipeline: decoded frames to validated frames of a known meter. Pure: time comes in with the frames."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.validation.energy_registers import RegisterValue
from tictally_edge.validation.meter_identity import MeterIdentity
from tictally_edge.validation.validator import FrameValidator, ValidatedFrame


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
    """Attributes the frames of one source to meters and validates them.

    Args:
        number: the meter accepted last, from the journal, or None.
        registers: its registers accepted last, their times on the clock of `at`.
    """

    def __init__(self, number: str | None = None, registers: Mapping[str, RegisterValue] | None = None) -> None:
        self._identity = MeterIdentity(number)
        self._validator = FrameValidator(dict(registers or {}))

    @property
    def pending(self) -> int:
        """Frames that wait for their meter's number."""
        return self._identity.pending

    @property
    def dropped(self) -> int:
        """Frames dropped because no number could be read in time."""
        return self._identity.dropped

    def add(self, frame: DecodedFrame) -> Iterator[MeterFrame]:
        """Yield the frames whose meter is known with this one: it, those that waited for it, or none."""
        for attributed in self._identity.add(frame):
            if attributed.is_new:
                self._validator = FrameValidator()
                self._validator.prime(attributed.frames)
            for i, each in enumerate(attributed.frames):
                yield MeterFrame(attributed.number, attributed.is_new and i == 0, self._validator.validate(each))
