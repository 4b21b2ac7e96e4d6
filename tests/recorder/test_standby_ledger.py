"""Nights from a ledger's frames: computed while raw frames are stored, and unchanged when they are deleted."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest
from cost_building import PARIS, d
from ledger_building import DAY_MS, METER, MINUTE_MS, frame, message
from simulated_ledger import Truth, messages, store

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_recorder.cost.standby import compute_nights, night_of, night_of_day
from tictally_recorder.ledger import Ledger, LedgerReader, Message, Night, join_sites
from tictally_shared.labels import Mode

NEW_METER = "021900000003"
DAY = d("2026-11-21")
MIDNIGHT_MS = night_of_day(DAY, PARIS)[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def frames_of_night(
    minutes: Iterable[int],
    va: Callable[[int], int],
    *,
    day: date = DAY,
    meter: str = METER,
    arrived_ms: int | None = None,
) -> list[Message]:
    """A frame in some minutes of the night with which a day begins; each meter has a boot of its own."""
    midnight_ms = night_of_day(day, PARIS)[0]
    found = (
        frame(
            1000 + n, midnight_ms + n * MINUTE_MS, {"SINSTS": va(n), "EAST": n}, meter=meter, boot=f"{int(meter):016x}"
        )
        for n in minutes
    )
    return [message(each, arrived_ms=arrived_ms) for each in found]


def later(time_ms: int, *, meter: str = METER) -> Message:
    """A frame that shows the ledger that time has passed."""
    return message(frame(1, time_ms, {"EAST": 10**6}, meter=meter, boot=f"{time_ms:016x}"))


def apply_retention(ledger: Ledger, now_ms: int) -> None:
    while ledger.apply_retention(now_ms):
        pass


def nights(path: Path, *days: date) -> list[Night]:
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        return compute_nights(reader, site, days or (DAY,), PARIS)


def stored(path: Path) -> list[tuple[str, int, int]]:
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        return [(str(each.day), each.va, each.minutes) for each in reader.standby(site, date.min, date.max)]


def recompute(ledger: Ledger, path: Path) -> int:
    """Recompute the night as a recorder does after new frames of it."""
    return ledger.store_standby(nights(path))


def test_a_night_is_known_once_a_newer_frame_has_arrived(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.store(frames_of_night(range(360), lambda _: 95))
        assert nights(path) == []
        ledger.store([later(MIDNIGHT_MS + 360 * MINUTE_MS)])
        assert [(each.va, each.minutes) for each in nights(path)] == [(95, 360)]


def test_only_the_frames_from_midnight_to_six_count(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.store(frames_of_night(range(-100, 600), lambda n: 200 if 0 <= n < 360 else 1))
    assert [(each.va, each.minutes) for each in nights(path)] == [(200, 360)]


def test_late_frames_change_a_night_while_raw_frames_are_there(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.store([*frames_of_night(range(200), lambda _: 300), later(MIDNIGHT_MS + DAY_MS)])
        assert recompute(ledger, path) == 1
        assert stored(path) == [("2026-11-21", 300, 200)]
        ledger.store(frames_of_night(range(200, 360), lambda _: 110, arrived_ms=MIDNIGHT_MS + DAY_MS))
        assert recompute(ledger, path) == 1
        assert stored(path) == [("2026-11-21", 110, 360)]
        assert recompute(ledger, path) == 0


def test_a_computed_night_stays_when_raw_frames_are_deleted(path: Path) -> None:
    # Without the quiet hours the remaining minutes would be enough, and give another power.
    with Ledger.open(path) as ledger:
        ledger.store([*frames_of_night(range(345), lambda n: 120 if n < 100 else 300), later(MIDNIGHT_MS + DAY_MS)])
        recompute(ledger, path)
        partly_ms = MIDNIGHT_MS + 105 * MINUTE_MS + 2 * DAY_MS
        ledger.store([later(partly_ms)])
        apply_retention(ledger, partly_ms)
        assert recompute(ledger, path) == 0
        assert stored(path) == [("2026-11-21", 120, 345)]
        ledger.store([later(MIDNIGHT_MS + 4 * DAY_MS)])
        apply_retention(ledger, MIDNIGHT_MS + 4 * DAY_MS)
        assert recompute(ledger, path) == 0
        assert stored(path) == [("2026-11-21", 120, 345)]


def test_late_frames_do_not_replace_a_night_whose_raw_frames_are_deleted(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.store([*frames_of_night(range(20, 165), lambda _: 120), later(MIDNIGHT_MS + 4 * DAY_MS)])
        apply_retention(ledger, MIDNIGHT_MS + 4 * DAY_MS)
        ledger.store(frames_of_night([*range(15), *range(165, 360)], lambda _: 5, arrived_ms=MIDNIGHT_MS + 4 * DAY_MS))
        assert nights(path) == []


def test_a_night_that_arrives_whole_after_days_is_computed_like_one_on_time(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.store([later(MIDNIGHT_MS - DAY_MS), later(MIDNIGHT_MS + 5 * DAY_MS)])
        apply_retention(ledger, MIDNIGHT_MS + 5 * DAY_MS)
        ledger.store(frames_of_night(range(360), lambda _: 77, arrived_ms=MIDNIGHT_MS + 5 * DAY_MS))
        apply_retention(ledger, MIDNIGHT_MS + 6 * DAY_MS)
        assert [(each.va, each.minutes) for each in nights(path)] == [(77, 360)]


@pytest.mark.parametrize(("day", "expected"), [("2026-03-29", 300), ("2026-10-25", 420), ("2026-10-26", 360)])
def test_a_night_in_which_clocks_change_is_an_hour_shorter_or_longer(path: Path, day: str, expected: int) -> None:
    with Ledger.open(path) as ledger:
        ledger.store(frames_of_night(range(500), lambda _: 60, day=d(day)))
    assert [(each.va, each.minutes) for each in nights(path, d(day))] == [(60, expected)]


def test_the_night_of_a_site_is_of_the_meter_with_most_minutes(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.store(frames_of_night(range(170), lambda _: 200))
        ledger.store(frames_of_night(range(180, 370), lambda _: 100, meter=NEW_METER))
    join_sites(path, NEW_METER, METER)
    with Ledger.open(path) as ledger:
        recompute(ledger, path)
        assert stored(path) == [("2026-11-21", 100, 180)]
        # More frames of the old meter have arrived since.
        ledger.store(frames_of_night(range(170, 185), lambda _: 200))
        recompute(ledger, path)
        assert stored(path) == [("2026-11-21", 200, 185)]


def test_meters_in_a_row_are_one_history(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.store(frames_of_night(range(400), lambda _: 140))
        ledger.store(frames_of_night(range(400), lambda _: 90, day=d("2026-11-22"), meter=NEW_METER))
    join_sites(path, NEW_METER, METER)
    with Ledger.open(path) as ledger:
        found = nights(path, d("2026-11-22"), DAY, d("2026-11-23"), DAY)
        assert [each.day for each in found] == [DAY, d("2026-11-22")]
        ledger.store_standby(found)
    assert stored(path) == [("2026-11-21", 140, 360), ("2026-11-22", 90, 360)]


@pytest.mark.parametrize(("mode", "phases"), [(Mode.STANDARD, 1), (Mode.HISTORIQUE, 1), (Mode.STANDARD, 3)])
def test_the_base_load_of_simulated_frames_is_the_households_standby_power(path: Path, mode: Mode, phases: int) -> None:
    start = datetime(2025, 7, 30, 21, 50, tzinfo=UTC)
    end = datetime(2025, 7, 31, 4, 5, tzinfo=UTC)
    with Ledger.open(path) as ledger:
        meter = SimulatedMeter(SimulatedContract.HPHC, mode, start=start, phases=phases, seed=5, subscribed_kva=9)
        store(ledger, messages(meter, 30.0, end, Truth()))
        with LedgerReader.open(path) as reader:
            (site,) = reader.sites()
            night = night_of(reader, site, d("2025-07-31"), PARIS)
    assert night is not None
    # The same seed's standby is 70 to 129 VA with up to 15 VA of noise above it; fridge and water heater come and go.
    assert (night.day, night.minutes) == (d("2025-07-31"), 360)
    truth = 70 + Random(5).randrange(60)
    assert truth <= night.va <= truth + 15
