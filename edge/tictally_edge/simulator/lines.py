"""A meter's frames one after another, in its own time: what an edge reads without a line."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import inf
from typing import Final

from tictally_edge.simulator import SimulatorError
from tictally_edge.simulator.encode import line_ms
from tictally_edge.simulator.meter import HouseholdMeter

PAUSE_MS: Final = 20  # between two frames, Enedis-NOI-CPT_54E §5.2 and §6.2: 16.7 to 33.4 ms


def simulated_frames(
    meter: HouseholdMeter, interval_s: float | None = None, until: datetime | None = None
) -> Iterator[tuple[datetime, bytes]]:
    """Yield the meter's frames from its present moment on, each with the moment it shows.

    Args:
        meter: it is advanced from frame to frame.
        interval_s: from the beginning of a frame to that of the next; None for as fast as the line carries them.
        until: excluded; None for as long as the meter goes on, with a last frame at its end.

    Yields:
        the moment in UTC, and seven-bit characters from STX to ETX.

    Raises:
        SimulatorError: the interval is no number above zero.
    """
    if interval_s is not None and not 0 < interval_s < inf:  # NaN is rejected as well
        raise SimulatorError(f"frames every {interval_s} s: the interval must be a number above zero")
    while until is None or meter.moment < until:
        frame = meter.frame()
        yield meter.moment, frame
        if not advance_by(
            meter, line_ms(meter.mode, len(frame)) + PAUSE_MS if interval_s is None else interval_s * 1000
        ):
            return


def advance_by(meter: HouseholdMeter, pause_ms: float) -> bool:
    """Advance a meter, but not beyond its end; return False if it is there already."""
    if meter.moment == meter.end:
        return False
    then = meter.moment + timedelta(milliseconds=pause_ms)
    meter.advance(then if meter.end is None else min(then, meter.end))
    return True
