"""The kernel's evidence for this machine's clock."""

import ctypes
from pathlib import Path
from typing import Final

from tictally_edge.clock.timekeeper import ClockStatus

# struct timex is 208 bytes or less everywhere; with modes = 0 adjtimex(2) only reads, and its result is the state.
_TIMEX_BYTES: Final = 512
_TIME_ERROR: Final = 5
_HARDWARE: Final = Path("/sys/class/rtc/rtc0/hctosys")


class KernelClock:
    """Reads the state of the kernel's clock; each call costs microseconds."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        self._has_hardware_clock = _reads_one(_HARDWARE)

    def status(self, meter_ms: int | None) -> ClockStatus:
        """Return the evidence for the wall clock now.

        Args:
            meter_ms: the meter's DATE as it is now, milliseconds since 1970, or None.
        """
        return ClockStatus(self._is_synchronised(), self._has_hardware_clock, meter_ms)

    def _is_synchronised(self) -> bool:
        adjtimex = getattr(self._libc, "adjtimex", None)
        return adjtimex is not None and 0 <= adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)) < _TIME_ERROR


def _reads_one(path: Path) -> bool:
    try:
        return path.read_text().strip() == "1"
    except OSError:
        return False
