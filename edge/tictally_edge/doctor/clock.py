"""Checks whether this machine's clock is proved, and compares the meter's with it."""

from typing import Final

from tictally_edge.clock.timekeeper import ClockProof, ClockStatus, ClockWait, Timekeeper
from tictally_edge.finding import EdgeFinding, FindingCode, PartCode, Subject, bad, good
from tictally_edge.sources.base import Moment
from tictally_shared.phrase import Phrase

# As far as the two may differ and still prove each other.
_AGREE_MS: Final = 120_000
PROOFS: Final = {
    ClockProof.TRUSTED: PartCode.CLOCK_TRUSTED,
    ClockProof.METER: PartCode.CLOCK_BY_METER,
    ClockProof.NTP: PartCode.CLOCK_BY_NTP,
    ClockProof.RTC: PartCode.CLOCK_BY_RTC,
}
WAITS: Final = {
    ClockWait.PROOF: PartCode.WAIT_FOR_PROOF,
    ClockWait.PROOF_AFTER_STEP: PartCode.WAIT_FOR_PROOF_AFTER_STEP,
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
        code = FindingCode.CLOCKS_DIFFER_TRUSTED if trusted else FindingCode.CLOCKS_DIFFER
        return bad(Subject.CLOCK, code, minutes=abs(drift_ms) // 60_000)
    if keeper.proof is None or keeper.waits_for is not None:
        wait = Phrase(WAITS[keeper.waits_for or ClockWait.PROOF])
        return bad(Subject.CLOCK, FindingCode.CLOCK_UNPROVED, wait=wait)
    proof = Phrase(PROOFS[keeper.proof])
    if drift_ms is None:
        return good(Subject.CLOCK, FindingCode.CLOCK_PROVED, proof=proof)
    side = PartCode.METER_AHEAD if drift_ms >= 0 else PartCode.METER_BEHIND
    difference = Phrase(side, {"seconds": round(abs(drift_ms) / 1000)})
    return good(Subject.CLOCK, FindingCode.CLOCK_PROVED_METER_DIFFERS, proof=proof, difference=difference)
