"""Which meter a frame comes from: its number is accepted after three equal sightings, and frames wait for it.

The number is the key of everything that is stored: a damaged one must change nothing, and an exchanged meter must be
recognised as another one.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame

SIGHTINGS: Final = 3
# Frames that wait while no number was ever accepted: some minutes of a line whose number cannot be read.
_MAX_PENDING: Final = 120
# Frames that wait while another number than the accepted one shows up, without settling, on a noisy line.
_MAX_DISPUTED: Final = 12


@dataclass(frozen=True, slots=True)
class AttributedFrames:
    """Frames whose meter is known.

    Attributes:
        number: the meter's number.
        frames: in their order.
        is_new: True if the number was accepted just now, with the first of these frames.
    """

    number: str
    frames: tuple[DecodedFrame, ...]
    is_new: bool = False


@dataclass(slots=True)
class MeterIdentity:
    """Attributes frames to meters.

    Attributes:
        number: the accepted number, or None; restored from the journal after a restart.
        dropped: frames dropped because no number was accepted in time.
    """

    number: str | None = None
    dropped: int = 0
    _pending: deque[DecodedFrame] = field(default_factory=deque)

    @property
    def pending(self) -> int:
        """Frames that wait for their number."""
        return len(self._pending)

    def add(self, frame: DecodedFrame) -> list[AttributedFrames]:
        """Take a frame; return those whose meter is now known: this one, more, or none."""
        if self.number is not None and (frame.number == self.number or (frame.number is None and not self._pending)):
            return [AttributedFrames(self.number, (*self._release(), frame))]
        self._pending.append(frame)
        sightings = Counter(pending.number for pending in self._pending if pending.number is not None)
        number, count = sightings.most_common(1)[0] if sightings else (None, 0)
        if number is not None and count >= SIGHTINGS:
            return self._accept(number)
        if self.number is not None and len(self._pending) > _MAX_DISPUTED:
            return [AttributedFrames(self.number, self._release())]
        if len(self._pending) > _MAX_PENDING:
            self._pending.popleft()
            self.dropped += 1
        return []

    def _accept(self, number: str) -> list[AttributedFrames]:
        before, self.number = self.number, number
        frames = self._release()
        first = next(i for i, frame in enumerate(frames) if frame.number == number)
        if before is None:
            return [AttributedFrames(number, frames, is_new=True)]
        earlier = [AttributedFrames(before, frames[:first])] if first else []
        return [*earlier, AttributedFrames(number, frames[first:], is_new=True)]

    def _release(self) -> tuple[DecodedFrame, ...]:
        frames = tuple(self._pending)
        self._pending.clear()
        return frames
