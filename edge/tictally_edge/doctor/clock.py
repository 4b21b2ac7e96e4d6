"""Checks whether this machine's clock is proved, and compares the meter's with it."""

from typing import Final

from tictally_edge.clock.timekeeper import ClockProof, ClockStatus, ClockWait, Timekeeper
from tictally_edge.finding import EdgeFinding, bad, good
from tictally_edge.settings import PREFIX
from tictally_edge.sources.base import Moment

SUBJECT: Final = "clock"
# As far as the two may differ and still prove each other.
_AGREE_MS: Final = 120_000
GET_TIME: Final = (
    f"Set up a time server (timedatectl set-ntp true); without one in this network, set {PREFIX}CLOCK=trust."
)
PROOFS: Final = {
    ClockProof.TRUSTED: "trusted by setting",
    ClockProof.METER: "proved by the meter's clock",
    ClockProof.NTP: "synchronised by a time server",
    ClockProof.RTC: "set from a hardware clock",
}
WAITS: Final = {
    ClockWait.PROOF: "a time server, a hardware clock, or the meter's DATE within two minutes of this machine's clock",
    ClockWait.PROOF_AFTER_STEP: "another proof of the clock after its step",
}


def diagnose_clock(now: Moment, status: ClockStatus, *, trusted: bool) -> EdgeFinding:
    """Diagnose the clock as the edge would. Pure.

    Args:
        now: both clocks at one moment.
        status: the evidence for the wall clock at that moment.
        trusted: by setting.
    """
    keeper = Timekeeper(trusted=trusted)
    keeper.update(now, status)
    drift_ms = None if status.meter_ms is None else status.meter_ms - now.time_ms
    if drift_ms is not None and abs(drift_ms) > _AGREE_MS:
        message = f"this machine's clock and the meter's differ by {abs(drift_ms) // 60_000} minutes."
        return bad(SUBJECT, message, GET_TIME if trusted else f"One of them is wrong. {GET_TIME}")
    if keeper.proof is None or keeper.waits_for is not None:
        return bad(SUBJECT, f"not proved yet: frames wait for {WAITS[keeper.waits_for or ClockWait.PROOF]}.", GET_TIME)
    drift = "" if drift_ms is None else f"; the meter's is {abs(drift_ms) / 1000:.0f} s {_side(drift_ms)}"
    return good(SUBJECT, f"{PROOFS[keeper.proof]}{drift}.")


def _side(drift_ms: int) -> str:
    return "ahead" if drift_ms >= 0 else "behind"
