"""When the wall clock is proved."""

import pytest

from tictally_edge.clock.timekeeper import WRITTEN_MS, ClockProof, ClockStatus, ClockWait, Timekeeper
from tictally_edge.sources.base import Moment

NOW_MS = WRITTEN_MS + 86_400_000
YEAR_MS = 365 * 86_400_000
NOTHING = ClockStatus()
SERVER = ClockStatus(synchronised=True)
HARDWARE = ClockStatus(hardware=True)


def meter(ms: int) -> ClockStatus:
    return ClockStatus(meter_ms=ms)


PROOFS: dict[str, tuple[int, ClockStatus, ClockProof | None]] = {
    "nothing": (NOW_MS, NOTHING, None),
    "a time server": (NOW_MS, SERVER, ClockProof.NTP),
    "a time server that is in the past": (WRITTEN_MS - 1, SERVER, None),
    "a hardware clock": (NOW_MS, HARDWARE, ClockProof.RTC),
    "a hardware clock behind the journal": (WRITTEN_MS + 5, HARDWARE, None),
    "the meter's clock": (NOW_MS, meter(NOW_MS + 119_000), ClockProof.METER),
    "the meter's clock, too far off": (NOW_MS, meter(NOW_MS - 121_000), None),
}


@pytest.mark.parametrize("case", PROOFS)
def test_the_clock_is_proved_by(case: str) -> None:
    wall_ms, status, proof = PROOFS[case]
    keeper = Timekeeper(trusted=False, not_before_ms=WRITTEN_MS + 1000)
    keeper.update(Moment(50.0, wall_ms), status)
    assert keeper.proof == proof
    assert keeper.date_ms(40.0) == (None if proof is None else wall_ms - 10_000)
    assert (keeper.waits_for is None) is (proof is not None)


def test_a_clock_trusted_by_setting_needs_no_proof() -> None:
    keeper = Timekeeper(trusted=True)
    keeper.update(Moment(50.0, NOW_MS), NOTHING)
    assert (keeper.proof, keeper.date_ms(51.0)) == (ClockProof.TRUSTED, NOW_MS + 1000)


def test_frames_from_before_the_proof_are_dated_by_it() -> None:
    keeper = Timekeeper(trusted=False)
    keeper.update(Moment(10.0, NOW_MS - YEAR_MS), NOTHING)
    assert keeper.date_ms(10.0) is None
    keeper.update(Moment(70.0, NOW_MS), SERVER)  # the time server set it right, a year forward
    assert keeper.date_ms(10.0) == NOW_MS - 60_000
    assert keeper.steps == 1


def test_drift_is_followed() -> None:
    keeper = Timekeeper(trusted=False)
    for second in range(600):
        keeper.update(Moment(float(second), NOW_MS + second * 1000 + second // 10), SERVER if second == 0 else NOTHING)
    assert keeper.date_ms(599.0) == NOW_MS + 599_000 + 59
    assert keeper.steps == 0


STEPS: dict[str, tuple[int, ClockStatus, int, ClockWait | None]] = {
    # (by how much, the evidence, which date the next frame gets, what the clock waits for)
    "a wrong step is noticed and not followed": (YEAR_MS, NOTHING, 0, ClockWait.PROOF_AFTER_STEP),
    "a hardware clock proves no step": (YEAR_MS, HARDWARE, 0, ClockWait.PROOF_AFTER_STEP),
    "a step that a time server made is followed": (-3_600_000, SERVER, -3_600_000, None),
    "a step with which the meter agrees is followed": (-3_600_000, meter(NOW_MS - 3_599_000), -3_600_000, None),
}


@pytest.mark.parametrize("case", STEPS)
def test_after_a_step(case: str) -> None:
    step_ms, status, dated_ms, waits_for = STEPS[case]
    keeper = Timekeeper(trusted=False)
    keeper.update(Moment(0.0, NOW_MS), SERVER)
    keeper.update(Moment(1.0, NOW_MS + 1000 + step_ms), status)
    assert keeper.date_ms(1.0) == NOW_MS + 1000 + dated_ms
    assert (keeper.steps, keeper.waits_for) == (1, waits_for)


def test_a_clock_that_steps_back_where_it_was_is_followed_again_when_it_is_proved() -> None:
    keeper = Timekeeper(trusted=False)
    keeper.update(Moment(0.0, NOW_MS), SERVER)
    keeper.update(Moment(1.0, NOW_MS + 1000 + YEAR_MS), NOTHING)
    keeper.update(Moment(2.0, NOW_MS + 2000), NOTHING)
    assert keeper.waits_for == ClockWait.PROOF_AFTER_STEP
    keeper.update(Moment(3.0, NOW_MS + 3000), SERVER)
    assert (keeper.steps, keeper.date_ms(3.0)) == (2, NOW_MS + 3000)
