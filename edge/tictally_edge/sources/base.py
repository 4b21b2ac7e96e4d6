"""What sources are to the edge: sources of bytes, and sources of decoded frames, which the service reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_shared.labels import Mode

SPEED: Final = {Mode.STANDARD: 9600, Mode.HISTORIQUE: 1200}
BITS_PER_CHARACTER: Final = 10  # start, seven bits, parity, stop


class SourceError(Exception):
    """A source that cannot be read now; the message states why. It may be later."""


class SourceEnded(Exception):  # noqa: N818 - it is no error: a recording or a load curve is at its end
    """A source that has delivered everything."""


class SourceSettingError(ValueError):
    """An address that names no source; the message states why."""


class SourceState(StrEnum):
    """Of a source: not open, open without a meter, or receiving good frames."""

    CLOSED = "closed"
    LISTENING = "listening"
    RECEIVING = "receiving"


@dataclass(frozen=True, slots=True)
class Moment:
    """When something arrived, on two clocks.

    Attributes:
        at: seconds on a clock that never steps.
        time_ms: milliseconds since 1970 by the wall clock.
    """

    at: float
    time_ms: int


class ByteSource(Protocol):
    """An open source of the line's bytes."""

    def read(self) -> bytes:
        """Return what has come, soon and in one piece; empty if nothing has.

        Raises:
            SourceError: it is gone.
            SourceEnded: there is no more.
        """
        ...

    def now(self) -> Moment:
        """Return when the last byte that was read arrived."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


Opener = Callable[[int], ByteSource]
"""Opens a source at a speed in baud."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a source delivered at once.

    Attributes:
        moment: when.
        frames: the frames completed by it; often none.
    """

    moment: Moment
    frames: tuple[DecodedFrame, ...]


class FrameSource(Protocol):
    """A source of decoded frames that opens, and opens again, by itself."""

    @property
    def is_unpaced(self) -> bool:
        """Whether it delivers as fast as it is read, on a clock of its own."""
        ...

    @property
    def has_own_dates(self) -> bool:
        """Whether its dates are independent of this machine's clock."""
        ...

    @property
    def is_relayed(self) -> bool:
        """Whether another program publishes this meter to hubs already, so that this one leaves that to it."""
        ...

    @property
    def silence_s(self) -> float:
        """After so long without a good frame the meter is offline."""
        ...

    @property
    def state(self) -> SourceState:
        """The state, for health."""
        ...

    def poll(self) -> Arrival | None:
        """Return what has arrived, within a twentieth of a second; None if nothing has.

        Raises:
            SourceEnded: there is no more.
        """
        ...

    def health(self) -> Mapping[str, object]:
        """Return what the edge's health message shows of this kind of source, beside its state."""
        ...

    def close(self) -> None:
        """Close it."""
        ...
