"""Dates frames: by the monotonic clock, and by the wall clock once that has been proved since boot. Pure.

A Pi has no battery: it starts with the date of its last shutdown, and a time server corrects it later, or never. A
record with a wrong date is worse than one that waits. Once the clock is proved, the offset between the two clocks is
followed while it drifts; a step counts only when the new time has been proved too.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from tictally_edge.sources.base import Moment

# No moment that this program sees lies before it was written.
WRITTEN_MS: Final = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp() * 1000)
_AGREE_MS: Final = 120_000
# A time server slews by 0.5 ms a second at most (adjtimex(2)); what moves further between two updates was a step.
_STEP_MS: Final = 1000


class ClockProof(StrEnum):
    """What proves the wall clock: a setting, the meter's DATE, a time server, or a hardware clock."""

    TRUSTED = "trusted"
    METER = "meter"
    NTP = "ntp"
    RTC = "rtc"


class ClockWait(StrEnum):
    """What the clock waits for: a first proof, or another one after a step."""

    PROOF = "proof"
    PROOF_AFTER_STEP = "proof_after_step"


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """The evidence for the wall clock at one moment.

    Attributes:
        synchronised: the kernel reports that a time server disciplines it (adjtimex(2)).
        hardware: the kernel set it from a hardware clock at boot.
        meter_ms: the meter's own DATE when the latest frame arrived, milliseconds since 1970, or None.
    """

    synchronised: bool = False
    hardware: bool = False
    meter_ms: int | None = None


class Timekeeper:
    """Dates moments.

    Attributes:
        proof: what proves the clock, or None while nothing does.
        steps: steps of the wall clock.

    Args:
        trusted: the wall clock is right by setting, for a network without a time server.
        not_before_ms: the newest moment known to be past, that of the journal's newest frame.
    """

    def __init__(self, *, trusted: bool, not_before_ms: int = 0) -> None:
        self._trusted = trusted
        self._not_before_ms = max(not_before_ms, WRITTEN_MS)
        self._offset_ms: int | None = None  # wall minus monotonic, as proved last
        self._seen_offset_ms: int | None = None  # as of the last update
        self._has_stepped = False
        self.proof: ClockProof | None = None
        self.steps = 0

    @property
    def waits_for(self) -> ClockWait | None:
        """What the clock waits for, or None if it is proved."""
        if self._offset_ms is None:
            return ClockWait.PROOF
        return ClockWait.PROOF_AFTER_STEP if self._has_stepped else None

    def update(self, now: Moment, status: ClockStatus) -> None:
        """Compare the clocks.

        Args:
            now: both clocks at one moment.
            status: the evidence for the wall clock at that moment.
        """
        offset_ms = now.time_ms - round(now.at * 1000)
        stepped = self._seen_offset_ms is not None and abs(offset_ms - self._seen_offset_ms) > _STEP_MS
        self._seen_offset_ms = offset_ms
        if stepped:
            self.steps += 1
            self._has_stepped = True
        if self._offset_ms is not None and not self._has_stepped:
            self._offset_ms = offset_ms
            return
        proof = self._prove(now, status)
        if proof is not None:
            self._offset_ms, self._has_stepped, self.proof = offset_ms, False, proof

    def date_ms(self, at: float) -> int | None:
        """Convert monotonic seconds to milliseconds since 1970; None while the clock is not proved."""
        return None if self._offset_ms is None else round(at * 1000) + self._offset_ms

    def _prove(self, now: Moment, status: ClockStatus) -> ClockProof | None:
        if self._trusted:
            return ClockProof.TRUSTED
        if status.meter_ms is not None and abs(status.meter_ms - now.time_ms) <= _AGREE_MS:
            return ClockProof.METER
        # Only the meter proves a step back into the past; a time server that was wrong has been seen too.
        if status.synchronised and now.time_ms >= WRITTEN_MS:
            return ClockProof.NTP
        # The hardware clock was read at boot: it proves the first time seen, not one after a step.
        if status.hardware and self._offset_ms is None and not self.steps and now.time_ms >= self._not_before_ms:
            return ClockProof.RTC
        return None
