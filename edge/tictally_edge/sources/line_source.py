"""Frames from a source of bytes: the line at the right speed, decoded."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from tictally_edge.decoding.decoder import Decoder, is_good
from tictally_edge.sources.autobaud import SILENCE_S, AutobaudSource
from tictally_edge.sources.base import Arrival, SourceState
from tictally_edge.sources.registry import SourceAddress


class LineSource:
    """Decodes one line.

    Args:
        line: kept open at the speed of the meter.
        is_unpaced: see `FrameSource`.
        has_own_dates: see `FrameSource`.
        tz: of the meter's clock; None for French legal time.
    """

    def __init__(
        self,
        line: AutobaudSource,
        *,
        is_unpaced: bool = False,
        has_own_dates: bool = False,
        tz: ZoneInfo | None = None,
    ) -> None:
        self._line, self._decoder = line, Decoder(tz)
        self._is_unpaced, self._has_own_dates = is_unpaced, has_own_dates

    @property
    def is_unpaced(self) -> bool:
        """See `FrameSource`."""
        return self._is_unpaced

    @property
    def has_own_dates(self) -> bool:
        """See `FrameSource`."""
        return self._has_own_dates

    @property
    def is_relayed(self) -> bool:
        """See `FrameSource`."""
        return False

    @property
    def silence_s(self) -> float:
        """See `FrameSource`."""
        return SILENCE_S

    @property
    def state(self) -> SourceState:
        """See `FrameSource`."""
        return self._line.state

    def poll(self) -> Arrival | None:
        """See `FrameSource`."""
        chunk = self._line.read()
        if not chunk:
            return None
        moment = self._line.now()
        if self._line.take_interruption():
            self._decoder.interrupt()
        frames = tuple(self._decoder.feed(chunk, moment.at))
        if good := [frame for frame in frames if is_good(frame)]:
            self._line.confirm(good[-1].mode)
        return Arrival(moment, frames)

    def health(self) -> Mapping[str, object]:
        """See `FrameSource`."""
        return {"baud": self._line.baud}

    def close(self) -> None:
        """See `FrameSource`."""
        self._line.close()


def is_unpaced(address: SourceAddress) -> bool:
    """Return True for an address of something that comes as fast as it is read."""
    return address.options.get("pace") == "fast"
