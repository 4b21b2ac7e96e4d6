"""When frames arrived: the monotonic clock, dated by the wall clock once that has proved itself since boot. Pure.

A Pi has no battery: it wakes up with the date of its last shutdown, and a network time server corrects it later, or
never. A record with a wrong date is worse than one that waits. Once proved, the offset between the two clocks is
followed while it drifts; a step counts only when the new time has proved itself too.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tictally_edge.sources.source import Moment

# No moment that this program sees lies before it was written.
WRITTEN_MS: Final = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp() * 1000)
_AGREE_MS: Final = 120_000
# A time server slews by 0.5 ms a second at most (adjtimex(2)); what moves further between two looks was a step.
_STEP_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """What speaks for the wall clock.

    Attributes:
        synchronised: the kernel says that a time server keeps it (adjtimex(2)).
        hardware: the kernel took it from a hardware clock at boot.
        meter_ms: the meter's own DATE when the latest frame arrived, milliseconds since 1970, or None.
    """

    synchronised: bool = False
    hardware: bool = False
    meter_ms: int | None = None


class Timekeeper:
    """Dates moments.

    Attributes:
        proof: why the clock is validated, a phrase, or None while it is not.
        steps: steps of the wall clock that were noticed.

    Args:
        trusted: the wall clock is right by setting, for a network without a time server.
        not_before_ms: the newest moment that is known to have been, the journal's newest frame.
    """

    def __init__(self, *, trusted: bool, not_before_ms: int = 0) -> None:
        self._trusted = trusted
        self._not_before_ms = max(not_before_ms, WRITTEN_MS)
        self._offset_ms: int | None = None  # wall minus monotonic, as it is believed
        self._seen_offset_ms: int | None = None  # as it was at the last look
        self._is_doubted = False
        self.proof: str | None = None
        self.steps = 0

    @property
    def waits_for(self) -> str | None:
        """What would prove the clock, a phrase, or None where nothing is waited for."""
        if self._offset_ms is None:
            return "a time server, a hardware clock, or the meter's DATE within two minutes of this machine's clock"
        if self._is_doubted:
            return "a proof of the clock after its step"
        return None

    def look(self, now: Moment, status: ClockStatus) -> None:
        """Weighs the wall clock as it is now.

        Args:
            now: both clocks at one moment.
            status: what speaks for the wall clock at that moment.
        """
        offset_ms = now.time_ms - round(now.at * 1000)
        stepped = self._seen_offset_ms is not None and abs(offset_ms - self._seen_offset_ms) > _STEP_MS
        self._seen_offset_ms = offset_ms
        if stepped:
            self.steps += 1
            self._is_doubted = True
        if self._offset_ms is not None and not self._is_doubted:
            self._offset_ms = offset_ms
            return
        proof = self._prove(now, status)
        if proof is not None:
            self._offset_ms, self._is_doubted, self.proof = offset_ms, False, proof

    def date_ms(self, at: float) -> int | None:
        """Milliseconds since 1970 of a monotonic moment, or None while no clock is believed."""
        return None if self._offset_ms is None else round(at * 1000) + self._offset_ms

    def _prove(self, now: Moment, status: ClockStatus) -> str | None:
        if self._trusted:
            return "trusted by setting"
        if status.meter_ms is not None and abs(status.meter_ms - now.time_ms) <= _AGREE_MS:
            return "the meter's clock agrees"
        # A step back to the past is not believed of anything but the meter; a server that is wrong has been seen too.
        if status.synchronised and now.time_ms >= WRITTEN_MS:
            return "kept by a time server"
        # The hardware clock was read at boot: it speaks for the first time that is seen, not for one after a step.
        if status.hardware and self._offset_ms is None and not self.steps and now.time_ms >= self._not_before_ms:
            return "from a hardware clock"
        return None
