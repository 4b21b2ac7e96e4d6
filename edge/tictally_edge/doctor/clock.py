"""Whether this machine's clock is validated, and how the meter's compares."""

from typing import Final

from tictally_edge.clock.timekeeper import ClockStatus, Timekeeper
from tictally_edge.doctor.finding import Finding, bad, good
from tictally_edge.sources.source import Moment

SUBJECT: Final = "clock"
# As far as the two may be apart and still be each other's proof.
_NEAR_MS: Final = 120_000
GET_TIME: Final = "Set a time server up (timedatectl set-ntp true); without one in this network, set CLOCK=trust."


def judge_clock(now: Moment, status: ClockStatus, *, trusted: bool) -> Finding:
    """What the edge would make of the clock. Pure.

    Args:
        now: both clocks at one moment.
        status: what speaks for the wall clock then.
        trusted: by setting.
    """
    keeper = Timekeeper(trusted=trusted)
    keeper.look(now, status)
    drift_ms = None if status.meter_ms is None else status.meter_ms - now.time_ms
    if drift_ms is not None and abs(drift_ms) > _NEAR_MS:
        says = f"this machine's clock and the meter's are {abs(drift_ms) // 60_000} minutes apart."
        return bad(SUBJECT, says, GET_TIME if trusted else f"One of them is wrong. {GET_TIME}")
    if keeper.proof is None:
        return bad(SUBJECT, f"not believed yet: frames wait for {keeper.waits_for}.", GET_TIME)
    apart = "" if drift_ms is None else f"; the meter's is {abs(drift_ms) / 1000:.0f} s {_side(drift_ms)}"
    return good(SUBJECT, f"{keeper.proof}{apart}.")


def _side(drift_ms: int) -> str:
    return "ahead" if drift_ms >= 0 else "behind"
