"""Observations from elsewhere fill the quarters without frames: frames first, every Wh once."""

import sys
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from ledger_building import METER, NOON_MS
from observation_building import HOUR_MS, QUARTER_MS, energy, hours, observed, points, put, reading, rows, store, undo

from tictally_recorder.ledger import Ledger, LedgerError, LedgerReader, Observation, importing
from tictally_recorder.ledger.observations.rebuild import rebuild, recompute_dirty_import

DAY_MS = 24 * HOUR_MS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    return path


def test_energies_before_the_first_frame_end_at_its_register(path: Path) -> None:
    store(path, [(NOON_MS + 1000, 10_000), (NOON_MS + 2000, 10_001)])
    put(path, hours(NOON_MS - 2 * HOUR_MS, 300, 700))
    assert points(path)[:3] == [(NOON_MS - 2 * HOUR_MS, 9_000), (NOON_MS - HOUR_MS, 9_300), (NOON_MS - 1, 10_000)]


def test_a_site_without_frames_is_its_imports(path: Path) -> None:
    put(path, hours(NOON_MS, 300, 700))
    assert [value for _, value in points(path)] == [0, 300, 1000]
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        assert (site.id, site.meters[0].first_ms, site.meters[0].last_ms) == (METER, NOON_MS, NOON_MS + 2 * HOUR_MS)
        assert reader.counts().newest_ms == {}


def test_frames_prevail_over_energies_of_the_same_time(path: Path) -> None:
    frames = [(NOON_MS + n * QUARTER_MS, 1000 + n) for n in range(5)]
    store(path, frames)
    put(path, hours(NOON_MS, 500))
    assert points(path) == frames


def test_energies_in_a_gap_add_up_to_the_difference_of_the_registers(path: Path) -> None:
    store(path, [(NOON_MS, 1000), (NOON_MS + 4 * HOUR_MS, 1800)])
    put(path, hours(NOON_MS, 100, 100, 400, 200))
    found = dict(points(path))
    assert [found[NOON_MS + n * HOUR_MS] for n in range(1, 4)] == [1100, 1200, 1600]
    # The registers decide where the energies differ from them.
    undo(path, 1)
    put(path, hours(NOON_MS, 50, 50, 200, 100))
    found = dict(points(path))
    assert [found[NOON_MS + n * HOUR_MS] for n in range(1, 4)] == [1100, 1200, 1600]


def test_time_that_no_energy_shows_has_the_rest_of_the_difference(path: Path) -> None:
    store(path, [(NOON_MS, 1000), (NOON_MS + 4 * HOUR_MS, 1800)])
    put(path, [energy(NOON_MS, 60, 100), energy(NOON_MS + 3 * HOUR_MS, 60, 200)])
    found = dict(points(path))
    assert [found[NOON_MS + n * HOUR_MS] for n in (1, 3)] == [1100, 1600]


def test_an_energy_that_frames_have_in_part_shows_the_rest_of_it(path: Path) -> None:
    """A day of 24 kWh of which frames counted 10 kWh after noon leaves 14 kWh for the morning."""
    frames = [(NOON_MS + n * QUARTER_MS, 50_000 + n * 10_000 // 48) for n in range(49)]
    store(path, frames)
    put(path, [energy(NOON_MS - DAY_MS // 2, 24 * 60, 24_000)])
    assert points(path)[0] == (NOON_MS - DAY_MS // 2, 36_000)


def test_a_finer_energy_prevails_and_a_coarser_one_fills_what_it_leaves(path: Path) -> None:
    put(path, [*hours(NOON_MS, 100, 200), energy(NOON_MS, 180, 700)])
    assert points(path) == [(NOON_MS + n * HOUR_MS, wh) for n, wh in enumerate((0, 100, 300, 700))]


def test_a_measured_energy_prevails_over_an_integrated_one_and_a_later_run_over_an_earlier(path: Path) -> None:
    put(path, [energy(NOON_MS, 60, 100)._replace(is_integrated=True), energy(NOON_MS + HOUR_MS, 60, 5)])
    put(path, [energy(NOON_MS, 60, 200), energy(NOON_MS + HOUR_MS, 60, 6)])
    put(path, [energy(NOON_MS, 60, 300)._replace(is_integrated=True), energy(NOON_MS + HOUR_MS, 60, 7)])
    assert [value for _, value in points(path)] == [0, 200, 207]


def test_readings_decide_what_energies_between_them_add_up_to(path: Path) -> None:
    put(path, [reading(NOON_MS, 5000), reading(NOON_MS + 2 * HOUR_MS, 5600), *hours(NOON_MS, 100, 200)])
    assert points(path) == [(NOON_MS, 5000), (NOON_MS + HOUR_MS, 5200), (NOON_MS + 2 * HOUR_MS, 5600)]


def test_a_time_that_nothing_shows_is_a_break_and_no_zero(path: Path) -> None:
    put(path, [*hours(NOON_MS, 100), *hours(NOON_MS + 5 * HOUR_MS, 200)])
    with LedgerReader.open(path) as reader:
        (meter,) = reader.sites()[0].meters
        assert reader.register_breaks(meter.id) == {("EAST", NOON_MS + HOUR_MS)}
        spans = [(NOON_MS, NOON_MS + HOUR_MS), (NOON_MS + 5 * HOUR_MS, NOON_MS + 6 * HOUR_MS)]
        assert reader.labels_seen(meter.id) == {"EAST": (NOON_MS, NOON_MS + 6 * HOUR_MS)}
        assert list(reader.imported_quarters(meter.id)) == [
            (start // QUARTER_MS, end // QUARTER_MS - 1) for start, end in spans
        ]


def test_a_reading_rounded_to_a_kwh_makes_no_fall(path: Path) -> None:
    store(path, [(NOON_MS, 10_400), (NOON_MS + 3 * HOUR_MS, 10_900)])
    put(path, [reading(NOON_MS + HOUR_MS, 11_000), reading(NOON_MS + 2 * HOUR_MS, 10_000)])
    assert [value for _, value in points(path)] == [10_400, 10_900, 10_900, 10_900]


def test_historique_registers_become_those_of_frames_in_a_gap(path: Path) -> None:
    values = {"EAST": 3000, "EASF01": 1000, "EASF02": 2000}
    later = {"EAST": 3900, "EASF01": 1300, "EASF02": 2600}
    store(path, {NOON_MS: values, NOON_MS + 3 * HOUR_MS: later})
    times = [NOON_MS + n * HOUR_MS for n in range(4)]
    hc, hp = (1000, 1100, 1100, 1300), (2000, 2000, 2400, 2600)
    put(
        path,
        [reading(at, wh, "HCHC") for at, wh in zip(times, hc, strict=True)]
        + [reading(at, wh, "HCHP") for at, wh in zip(times, hp, strict=True)],
    )
    assert points(path, "HCHC") == []
    assert [dict(points(path, "EASF01"))[at] for at in times] == list(hc)
    assert [dict(points(path, "EAST"))[at] for at in times] == [3000, 3100, 3500, 3900]


def test_registers_of_periods_count_the_total_where_they_were_read(path: Path) -> None:
    """A load curve beside registers of the same time counts nothing twice."""
    times = [NOON_MS + n * HOUR_MS for n in range(3)]
    registers = [reading(at, 100 * n, "HCHC") for n, at in enumerate(times)]
    put(path, registers, hours(NOON_MS - HOUR_MS, 1, 2, 3, 4))
    assert points(path, "HCHC") == [(at, 100 * n) for n, at in enumerate(times)]
    assert [value for _, value in points(path)] == [0, 1, 1, 5]


def test_nothing_is_stored_of_a_run_that_is_killed(path: Path) -> None:
    def killed() -> None:
        with importing(path) as ledger:
            ledger.put(METER, 0, [observed(hours(NOON_MS, 1))])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        killed()
    assert points(path) == []
    with LedgerReader.open(path) as reader:
        assert (reader.sites(), reader.import_runs()) == ([], [])


def test_a_dry_run_shows_everything_and_stores_nothing(path: Path) -> None:
    with importing(path, is_dry_run=True) as ledger:
        ledger.put(METER, 0, [observed(hours(NOON_MS, 1))])
        assert [run.id for run in ledger.reader.import_runs()] == [1]
    assert points(path) == []


def test_import_frames_and_a_late_week_make_the_same_rows_in_any_order(tmp_path: Path) -> None:
    week = 7 * DAY_MS

    def history(path: Path) -> None:
        put(path, hours(NOON_MS - 2 * week, *(100 + n % 7 for n in range(5 * 7 * 24))))

    def frames(path: Path) -> None:
        times = [NOON_MS + n * QUARTER_MS for n in range(3 * 7 * 96) if not 7 * 96 <= n < 2 * 7 * 96]
        store(path, [(at, 1_000_000 + (at - NOON_MS) // 10_000) for at in times])

    def late(path: Path) -> None:
        times = [NOON_MS + n * QUARTER_MS for n in range(7 * 96, 2 * 7 * 96)]
        store(path, [(at, 1_000_000 + (at - NOON_MS) // 10_000) for at in times], 10_000)

    found = []
    for number, order in enumerate(permutations([history, frames, late])):
        path = tmp_path / f"{number}.sqlite"
        Ledger.open(path).close()
        for step in order:
            step(path)
        found.append((rows(path), points(path)))
    assert len(found[0][0]) > 300
    assert all(each == found[0] for each in found)


def test_undoing_any_of_five_runs_leaves_the_rows_as_without_it(tmp_path: Path) -> None:
    runs: list[list[Observation]] = [
        [*hours(NOON_MS - 10 * HOUR_MS, 1, 2, 3, 4)],
        [energy(NOON_MS - DAY_MS, 24 * 60, 900)],
        [*hours(NOON_MS - 8 * HOUR_MS, 30, 40, 50)],
        [reading(NOON_MS - 9 * HOUR_MS, 5), reading(NOON_MS - HOUR_MS, 700)],
        [*hours(NOON_MS + HOUR_MS, 10, 20, 30)],
    ]
    frames = [(NOON_MS, 1000), (NOON_MS + 3 * HOUR_MS, 1100)]

    def made(name: str, left_out: int | None) -> Path:
        path = tmp_path / name
        Ledger.open(path).close()
        store(path, frames)
        for number, run in enumerate(runs):
            if number != left_out:
                put(path, run)
        return path

    for number in range(5):
        path = made(f"undone{number}.sqlite", None)
        undo(path, number + 1)
        assert rows(path) == rows(made(f"without{number}.sqlite", number))


@pytest.mark.parametrize(("first", "last", "is_needed"), [(1, 9, False), (0, 9, True), (1, 11, True), (3, 4, False)])
def test_what_frames_cover_is_imported_without_recomputing_anything(
    path: Path, monkeypatch: pytest.MonkeyPatch, first: int, last: int, is_needed: bool
) -> None:
    frames = [(NOON_MS + n * QUARTER_MS, 1000 + n) for n in range(4 * 11)]
    store(path, frames)
    put(path, hours(NOON_MS - 5 * HOUR_MS, 1, 2, 3))
    calls: list[int] = []

    def counted(*arguments: Any) -> None:  # noqa: ANN401 - those of the function
        calls.append(1)
        rebuild(*arguments)

    monkeypatch.setattr(sys.modules["tictally_recorder.ledger.importing"], "rebuild", counted)
    before = rows(path)
    put(path, [energy(NOON_MS + first * HOUR_MS, (last - first) * 60, 5000)])
    assert bool(calls) is is_needed
    after = rows(path)
    monkeypatch.undo()
    with importing(path) as ledger:  # whatever was skipped changes nothing
        ledger._connection.execute("INSERT INTO dirty_import SELECT id FROM site")
        recompute_dirty_import(ledger._connection)
    assert rows(path) == after
    assert is_needed or after == before


def test_a_site_that_only_imports_knew_ends_with_the_last_of_them(path: Path) -> None:
    put(path, hours(NOON_MS, 1))
    undo(path, 1)
    with LedgerReader.open(path) as reader:
        assert reader.sites() == []
    with pytest.raises(LedgerError, match="there is no import run 1; there are: none"):
        undo(path, 1)


def test_frames_make_the_meter_of_an_imported_site_real(path: Path) -> None:
    put(path, hours(NOON_MS, 100, 200))
    store(path, [(NOON_MS + 2 * HOUR_MS + 1000, 9_000)])
    assert points(path) == [
        (NOON_MS, 8_700),
        (NOON_MS + HOUR_MS, 8_800),
        (NOON_MS + 2 * HOUR_MS - 1, 9_000),
        (NOON_MS + 2 * HOUR_MS + 1000, 9_000),
    ]
    undo(path, 1)
    assert points(path) == [(NOON_MS + 2 * HOUR_MS + 1000, 9_000)]


def test_a_joined_site_takes_its_imports_along(path: Path) -> None:
    put(path, hours(NOON_MS, 100, 200), site="12345678901234")
    store(path, [(NOON_MS + 2 * HOUR_MS + 1000, 9_000)])
    with Ledger.open(path) as ledger:
        ledger.join_sites("12345678901234", METER)
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        assert [meter.key for meter in site.meters] == [METER]
    assert points(path)[0] == (NOON_MS, 8_700)


def test_a_wrong_reading_between_right_ones_counts_nothing(path: Path) -> None:
    times = [NOON_MS + n * HOUR_MS for n in range(6)]
    values = (5000, 5100, 0, 0, 99_999_999, 5300)
    put(path, [reading(at, wh) for at, wh in zip(times, values, strict=True)])
    assert points(path) == [(times[0], 5000), (times[1], 5100), (times[5], 5300)]


def test_a_register_that_is_set_back_is_a_break(path: Path) -> None:
    times = [NOON_MS + n * HOUR_MS for n in range(5)]
    put(path, [reading(at, wh) for at, wh in zip(times, (5000, 5100, 3, 50, 90), strict=True)])
    with LedgerReader.open(path) as reader:
        assert reader.register_breaks(reader.sites()[0].meters[0].id) == {("EAST", times[1])}
