"""Who speaks: a meter's number is believed after three equal sightings, and frames wait for it.

The number is the key of everything that is kept, so a damaged one must change nothing, and a meter that was exchanged
must be seen as another.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame

SIGHTINGS: Final = 3
# Frames that wait while no number was ever believed: some minutes of a line whose number cannot be read.
_MOST_WAITING: Final = 120
# Frames that wait while another number than the believed one shows up, without settling, on a noisy line.
_MOST_DISPUTED: Final = 12


@dataclass(frozen=True, slots=True)
class Attributed:
    """Frames whose meter is known.

    Attributes:
        number: the meter's number.
        frames: in their order.
        is_new: True where the number was believed just now, with the first of these frames.
    """

    number: str
    frames: tuple[DecodedFrame, ...]
    is_new: bool = False


@dataclass(slots=True)
class Identity:
    """Attributes frames to meters.

    Attributes:
        believed: the number that speaks, or None; restored from the journal after a restart.
        dropped: frames given up because no number was believed in time.
    """

    believed: str | None = None
    dropped: int = 0
    _waiting: deque[DecodedFrame] = field(default_factory=deque)

    @property
    def waiting(self) -> int:
        """Frames that wait for their number."""
        return len(self._waiting)

    def hear(self, frame: DecodedFrame) -> list[Attributed]:
        """Takes a frame; gives those whose meter is now known, this one or more or none."""
        if self.believed is not None and (
            frame.number == self.believed or (frame.number is None and not self._waiting)
        ):
            return [Attributed(self.believed, (*self._release(), frame))]
        self._waiting.append(frame)
        sightings = Counter(waiting.number for waiting in self._waiting if waiting.number is not None)
        number, count = sightings.most_common(1)[0] if sightings else (None, 0)
        if number is not None and count >= SIGHTINGS:
            return self._believe(number)
        if self.believed is not None and len(self._waiting) > _MOST_DISPUTED:
            return [Attributed(self.believed, self._release())]
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft()
            self.dropped += 1
        return []

    def _believe(self, number: str) -> list[Attributed]:
        before, self.believed = self.believed, number
        frames = self._release()
        first = next(i for i, frame in enumerate(frames) if frame.number == number)
        if before is None:
            return [Attributed(number, frames, is_new=True)]
        earlier = [Attributed(before, frames[:first])] if first else []
        return [*earlier, Attributed(number, frames[first:], is_new=True)]

    def _release(self) -> tuple[DecodedFrame, ...]:
        frames = tuple(self._waiting)
        self._waiting.clear()
        return frames
