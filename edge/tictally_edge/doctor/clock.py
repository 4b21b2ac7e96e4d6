"""Checks whether this machine's clock is proved, and compares the meter's with it."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tictally_edge.clock.timekeeper import ClockProof, ClockStatus, ClockWait, Timekeeper
from tictally_edge.finding import EdgeFinding, FindingCode, PartCode, Subject, bad, good
from tictally_edge.sources.base import Moment
from tictally_shared.calendar import FRENCH_LEGAL_TIME
from tictally_shared.phrase import Phrase

# As far as the two may differ and still prove each other.
_AGREE_MS: Final = 120_000
_MS: Final = timedelta(milliseconds=1)
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


# Where meters of the French grid operators are.
_ZONES: Final = (
    FRENCH_LEGAL_TIME,
    "America/Cayenne",
    "America/Guadeloupe",
    "America/Martinique",
    "America/Miquelon",
    "Indian/Mayotte",
    "Indian/Reunion",
    "Pacific/Noumea",
    "Pacific/Tahiti",
    "Pacific/Wallis",
)


def zones_of_meter(drift_ms: int, now_ms: int, zone: str) -> tuple[str, ...]:
    """The zones of the French grid in one of which the meter's clock would be right. Pure.

    Args:
        drift_ms: how far its DATE, read in a zone, is ahead of this machine's clock.
        now_ms: milliseconds since 1970.
        zone: in which it was read.
    """
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    # In summer a meter without summer time may send either letter; in winter all send that of winter.
    read_in = {_offset(now, zone), min(_offset(now.replace(month=month, day=1), zone) for month in (1, 7))}
    return tuple(
        each
        for each in _ZONES
        if each != zone and any(abs((_offset(now, each) - offset) / _MS - drift_ms) <= _AGREE_MS for offset in read_in)
    )


def diagnose_drift(drift_ms: int, now_ms: int, zone: str) -> EdgeFinding | None:
    """A finding on a meter's clock that is right in another zone; None if no zone explains the difference. Pure.

    Args:
        drift_ms: as of `zones_of_meter`.
        now_ms: milliseconds since 1970.
        zone: that is set.
    """
    if abs(drift_ms) <= _AGREE_MS or not (fitting := zones_of_meter(drift_ms, now_ms, zone)):
        return None
    zones = tuple(Phrase(PartCode.ZONE, {"zone": each}) for each in fitting)
    minutes = round(abs(drift_ms) / 60_000)
    return bad(Subject.CLOCK, FindingCode.METER_IN_OTHER_ZONE, minutes=minutes, zone=zone, zones=zones)


def _offset(moment: datetime, zone: str) -> timedelta:
    return moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()


def diagnose_clock(
    now: Moment,
    status: ClockStatus,
    *,
    trusted: bool,
    zone: str = FRENCH_LEGAL_TIME,
    is_heard: bool = True,
) -> EdgeFinding:
    """Diagnose the clock as the edge would. Pure.

    Args:
        now: both clocks at one moment.
        status: the evidence for the wall clock at that moment.
        trusted: by setting, or since the source has dates of its own.
        zone: of the meter's clock, by setting.
        is_heard: False where no frame was read that could have had the meter's clock: it may prove ours all the same.
    """
    keeper = Timekeeper(trusted=trusted)
    keeper.update(now, status)
    drift_ms = None if status.meter_ms is None else status.meter_ms - now.time_ms
    if drift_ms is not None and (finding := diagnose_drift(drift_ms, now.time_ms, zone)) is not None:
        return finding
    if drift_ms is not None and abs(drift_ms) > _AGREE_MS:
        code = FindingCode.CLOCKS_DIFFER_TRUSTED if trusted else FindingCode.CLOCKS_DIFFER
        return bad(Subject.CLOCK, code, minutes=abs(drift_ms) // 60_000)
    if keeper.proof is None and not is_heard:
        return good(Subject.CLOCK, FindingCode.CLOCK_BY_METER_IF_HEARD)
    if keeper.proof is None or keeper.waits_for is not None:
        wait = Phrase(WAITS[keeper.waits_for or ClockWait.PROOF])
        return bad(Subject.CLOCK, FindingCode.CLOCK_UNPROVED, wait=wait)
    proof = Phrase(PROOFS[keeper.proof])
    if drift_ms is None:
        return good(Subject.CLOCK, FindingCode.CLOCK_PROVED, proof=proof)
    side = PartCode.METER_AHEAD if drift_ms >= 0 else PartCode.METER_BEHIND
    difference = Phrase(side, {"seconds": round(abs(drift_ms) / 1000)})
    return good(Subject.CLOCK, FindingCode.CLOCK_PROVED_METER_DIFFERS, proof=proof, difference=difference)
