"""A simulated meter as a source within the edge itself, on its own clock or at the line's pace."""

import time
from datetime import UTC, datetime
from typing import Final

from tictally_edge.simulator.contracts import Contract
from tictally_edge.simulator.encode import line_ms, with_parity
from tictally_edge.simulator.errors import SimulatorError
from tictally_edge.simulator.lines import simulated_frames
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.sources.source import Moment, SourceSettingError
from tictally_shared.labels import Mode

_OPTIONS: Final = frozenset({"mode", "phases", "producer", "seed", "number", "subscribed", "interval", "pace", "ago"})
_CHUNK_S: Final = 0.05
_LONGEST_AGO_S: Final = 10 * 366 * 86_400


class Simulated:
    """A simulated meter, one whole frame at a time.

    Args:
        contract: `base`, `hphc`, `tempo` or `ejp`.
        options: of `SimulatedMeter`; `interval` is seconds between frames; `pace` is `line` (default) or `fast`; `ago`
            are seconds by which it begins earlier: it is fast until it has caught up with the present.
        start: the present.

    Raises:
        SourceSettingError: an option that there is not, or that cannot be.
    """

    def __init__(self, contract: str, options: dict[str, str], start: Moment) -> None:
        if unknown := options.keys() - _OPTIONS:
            raise SourceSettingError(f"sim: has no option {min(unknown)!r}; there are {', '.join(sorted(_OPTIONS))}")
        if options.get("pace", "line") not in ("line", "fast"):
            raise SourceSettingError(f"pace={options['pace'][:20]!r} is neither line nor fast")
        try:
            start = _earlier(start, float(options.get("ago", "0")))
            meter = SimulatedMeter(
                Contract(contract),
                Mode(options.get("mode", Mode.STANDARD.value)),
                start=datetime.fromtimestamp(start.time_ms / 1000, UTC),
                phases=int(options.get("phases", "1")),
                producer=options.get("producer") == "yes",
                seed=int(options.get("seed", "0")),
                number=options.get("number", "021961000001"),
                subscribed_kva=int(options.get("subscribed", "9")),
            )
            interval_s = float(options["interval"]) if "interval" in options else None
            self._frames = simulated_frames(meter, interval_s)
        except (ValueError, SimulatorError) as error:
            raise SourceSettingError(f"sim:{contract}: {error}") from None
        self._mode = meter.mode
        self._is_fast = options.get("pace") == "fast"
        self._start = start
        self._next = next(self._frames)
        self._now = start

    def read(self) -> bytes:
        """The next frame, when its last character has come."""
        moment, frame = self._next
        end_ms = int(moment.timestamp() * 1000) + int(line_ms(self._mode, len(frame)))
        arrival = Moment(self._start.at + (end_ms - self._start.time_ms) / 1000, end_ms)
        if not self._is_fast and time.monotonic() < arrival.at:
            time.sleep(min(_CHUNK_S, arrival.at - time.monotonic()))
            return b""
        self._now = arrival
        self._next = next(self._frames)
        return with_parity(frame)

    def now(self) -> Moment:
        """When the last frame's end arrived."""
        return self._now

    def close(self) -> None:
        """There is nothing open."""


def _earlier(moment: Moment, seconds: float) -> Moment:
    if not 0 <= seconds <= _LONGEST_AGO_S:
        raise ValueError(f"ago={seconds} lies outside 0 to {_LONGEST_AGO_S} seconds")
    return Moment(moment.at - seconds, moment.time_ms - round(seconds * 1000))
