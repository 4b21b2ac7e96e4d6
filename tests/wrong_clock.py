"""`tictally-edge run` on a machine whose wall clock is wrong and not confirmed by the kernel.

The wall clock is a mock, since the real one is shared: off by the number of milliseconds in a file, read at every
call. Everything else is the real process. `python wrong_clock.py FILE`.
"""

import sys
import time
from pathlib import Path

from tictally_edge.__main__ import main
from tictally_edge.clock import kernel
from tictally_edge.clock.timekeeper import ClockStatus

offset = Path(sys.argv[1])
right_ns = time.time_ns


def wrong_ns() -> int:
    return right_ns() + int(offset.read_text() or "0") * 1_000_000


def nothing(_kernel: object, meter_ms: int | None) -> ClockStatus:
    return ClockStatus(meter_ms=meter_ms)


time.time_ns = wrong_ns
setattr(kernel.KernelClock, "status", nothing)  # noqa: B010 - the kernel is shared too
sys.exit(main(["run"]))
