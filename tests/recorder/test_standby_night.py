"""The base load of a night's frames: pure cases, computed by hand."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pytest
from cost_building import PARIS, d

from tictally_recorder.cost.standby import BaseLoad, base_load, night_of_day

MINUTE_MS = 60_000
Frame = tuple[int, Mapping[str, int]]


def minutes(powers: Iterable[int | None], label: str = "SINSTS") -> list[Frame]:
    """One frame in each minute; None for a minute without."""
    return [(n * MINUTE_MS, {label: power}) for n, power in enumerate(powers) if power is not None]


def test_the_base_load_is_the_thirty_sixth_lowest_of_three_hundred_and_sixty_minutes() -> None:
    assert base_load(minutes([400] * 324 + [120] * 36)) == BaseLoad(120, 360)
    assert base_load(minutes([400] * 325 + [120] * 35)) == BaseLoad(400, 360)


def test_a_rank_between_two_minutes_is_the_higher_one() -> None:
    # 10 % of 181 minutes are 18.1 of them: the nineteenth.
    assert base_load(minutes(range(1000, 1181))) == BaseLoad(1018, 181)


def test_a_minute_counts_once_however_many_frames_it_has() -> None:
    # A tenth of the minutes is 18 of them; a tenth of the frames would be 21.
    many = [(since_ms, {"SINSTS": 50}) for since_ms in range(0, 60_000, 2000)]
    assert base_load([*many, *minutes([None] + [900] * 179)]) == BaseLoad(900, 180)


def test_a_minute_is_the_mean_of_its_frames_and_half_a_va_is_rounded_up() -> None:
    pairs = [(n * MINUTE_MS + since, {"SINSTS": va}) for n in range(180) for since, va in ((0, 100), (9, 101))]
    assert base_load(pairs) == BaseLoad(101, 180)


@pytest.mark.parametrize(("known", "expected"), [(179, None), (180, BaseLoad(80, 180))])
def test_less_than_half_of_a_night_has_no_base_load(known: int, expected: BaseLoad | None) -> None:
    # A power cut: minutes without frames are not minutes without power consumed.
    assert base_load(minutes([80] * known + [None] * (360 - known))) == expected
    assert base_load([]) is None


def test_a_home_that_consumes_nothing_has_a_base_load_of_zero() -> None:
    assert base_load(minutes([0] * 360)) == BaseLoad(0, 360)


def test_historique_and_standard_frames_have_the_same_base_load() -> None:
    night = minutes([110] * 200, "PAPP") + [(time_ms + 300 * MINUTE_MS, each) for time_ms, each in minutes([110] * 60)]
    assert base_load(night) == BaseLoad(110, 260)


def test_the_total_of_three_phases_counts_and_no_single_phase() -> None:
    frames = [(n * MINUTE_MS, {"SINSTS": 150, "SINSTS1": 30, "SINSTS2": 48_370}) for n in range(200)]
    assert base_load(frames) == BaseLoad(150, 200)


def test_frames_without_power_make_no_minute() -> None:
    short: list[Frame] = [(n * MINUTE_MS, {}) for n in range(200, 360)]
    assert base_load(minutes([90] * 179) + short) is None


def test_the_base_load_is_unknown_while_the_home_injects() -> None:
    fed = [(n * MINUTE_MS, {"SINSTS": 0, "SINSTI": 800}) for n in range(60)]
    not_fed = [(n * MINUTE_MS, {"SINSTS": 130, "SINSTI": 0}) for n in range(60, 360)]
    assert base_load([*fed, *not_fed]) == BaseLoad(130, 300)


@pytest.mark.parametrize(
    ("day", "start", "hours"),
    [
        ("2026-11-21", "2026-11-20T23:00", 6),
        ("2026-07-01", "2026-06-30T22:00", 6),
        ("2026-03-29", "2026-03-28T23:00", 5),
        ("2026-10-25", "2026-10-24T22:00", 7),
    ],
)
def test_a_night_ends_at_six_by_the_clock_also_when_clocks_change(day: str, start: str, hours: int) -> None:
    start_ms, end_ms = night_of_day(d(day), PARIS)
    assert datetime.fromtimestamp(start_ms / 1000, UTC) == datetime.fromisoformat(f"{start}+00:00")
    assert end_ms - start_ms == hours * 60 * MINUTE_MS
