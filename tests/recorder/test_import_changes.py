"""What an import or its undo has recomputed: the days that it touches, and no other."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from imported_files import PARIS
from observation_building import HOUR_MS, QUARTER_MS, energy, put, reading, store, undo

from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.energy import EnergyQuery
from tictally_recorder.energy import energy as energy_of
from tictally_recorder.ledger import Ledger, LedgerReader, Observation
from tictally_shared.calendar import By, day_bounds_ms, days_between, local_day

FIRST = date(2026, 3, 1)  # the clocks go forward on the 29th
START_MS = day_bounds_ms(FIRST, PARIS)[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    return path


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def daily(first: int, end: int, extra_wh: int = 0) -> list[Observation]:
    found: list[Observation] = []
    for number in range(first, end):
        start_ms, end_ms = day_bounds_ms(day(number), PARIS)
        found.append(energy(start_ms, (end_ms - start_ms) // 60_000, 9001 + 7 * number + extra_wh))
    return found


def half_hours(first: int, end: int, wh: int = 190) -> list[Observation]:
    start_ms, end_ms = (day_bounds_ms(day(number), PARIS)[0] for number in (first, end))
    return [energy(at, 30, wh + at // 1_800_000 % 5) for at in range(start_ms, end_ms, 2 * QUARTER_MS)]


def touched(path: Path) -> list[date]:
    """The days whose cost is to be recomputed, also those that are gone; they are then forgotten."""
    with closing(sqlite3.connect(path)) as connection, connection:
        spans = connection.execute("SELECT first, last FROM invalidated").fetchall()
        connection.execute("DELETE FROM invalidated")
    return sorted({local_day(each * QUARTER_MS, PARIS) for first, last in spans for each in range(first, last + 1)})


def days_of(path: Path) -> dict[date, list[tuple[object, ...]]]:
    """Day → the energies of its quarter-hours, and whether they are known."""
    found: dict[date, list[tuple[object, ...]]] = {}
    with LedgerReader.open(path) as reader:
        window = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
        for site in reader.sites():
            for row in energy_of(reader, EnergyQuery(site.id, *window, By.QUARTER, PARIS)):
                if row.is_known and not row.energy:
                    continue  # the quarter-hour after the last one
                local = datetime.fromtimestamp(row.start_ms / 1000, PARIS).date()
                found.setdefault(local, []).append(
                    (row.start_ms, row.register, row.energy, row.is_known, row.imported, row.estimated)
                )
    return found


def test_a_home_without_frames_has_only_imported_days_recomputed(path: Path) -> None:
    put(path, daily(0, 30), half_hours(0, 30))
    assert touched(path) == days_between(day(0), day(29))
    for number in range(30, 33):
        put(path, daily(number, number + 1))
        assert touched(path) == [day(number)]
    put(path, daily(33, 34), half_hours(10, 17))
    assert touched(path) == [day(33)]
    put(path, daily(-20, 0))  # an older past shifts all that comes later, and changes none of it
    assert touched(path) == days_between(day(-20), day(-1))
    put(path, half_hours(-7, 0))
    assert touched(path) == days_between(day(-7), day(-1))
    put(path, half_hours(-9, -7, wh=150), daily(34, 36))
    assert touched(path) == [day(-9), day(-8), day(34), day(35)]
    undo(path, 8)
    assert touched(path) == [day(-9), day(-8), day(34), day(35)]


def test_days_beside_frames_are_recomputed_where_a_shift_meets_them(path: Path) -> None:
    frames_ms = day_bounds_ms(day(10), PARIS)[0] + HOUR_MS
    store(path, [(frames_ms + n * QUARTER_MS, 50_000 + n) for n in range(8)])
    put(path, daily(5, 10))
    assert day(9) in touched(path)
    put(path, daily(0, 5))
    assert touched(path) == days_between(day(0), day(4))
    put(path, half_hours(7, 8))  # their values end at the frames': those before the day shift
    assert touched(path) == [day(7)]


@pytest.mark.parametrize("seed", range(3))
def test_no_day_whose_energy_changes_is_left_out(path: Path, seed: int) -> None:
    random = Random(seed)
    store(path, [(START_MS + 20 * 24 * HOUR_MS + n * QUARTER_MS, 900_000 + n) for n in range(seed % 2 * 40)])
    runs: list[int] = []
    before = days_of(path)
    for _ in range(7):
        touched(path)
        if runs and random.random() < 0.3:
            undo(path, runs.pop(random.randrange(len(runs))))
        else:
            runs.append(put(path, some(random)))
        after = days_of(path)
        if not runs:
            break  # the site has ended with the last of them
        changed = {each for each in before.keys() | after.keys() if before.get(each) != after.get(each)}
        assert changed <= set(touched(path))
        before = after


def some(random: Random) -> Sequence[Observation]:
    first = random.randrange(-20, 30)
    end = first + random.randrange(1, 9)
    kind = random.randrange(4)
    if kind == 0:
        return daily(first, end, random.choice([0, 0, 500]))
    if kind == 1:
        return half_hours(first, end, random.choice([180, 190]))
    if kind == 2:
        return [energy(day_bounds_ms(day(first), PARIS)[0], 30 * 24 * 60, 250_000)]
    times = range(day_bounds_ms(day(first), PARIS)[0], day_bounds_ms(day(end), PARIS)[0], 6 * HOUR_MS)
    return [reading(at, 800_000 + (at - START_MS) // HOUR_MS * 400) for at in times]


def test_the_recorder_computes_as_many_days_as_an_import_brings(path: Path) -> None:
    (path.parent / "contracts.toml").write_text(
        '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-01-01\n'
    )
    terms = WatchedTerms(path.parent / "contracts.toml", path.parent / "tariffs", PARIS)
    put(path, daily(0, 40), half_hours(0, 33))
    with Ledger.open(path) as ledger, LedgerReader.open(path) as reader:
        recomputer = CostRecomputer(ledger, reader, terms, PARIS)
        counts = []
        for number in range(40, 44):
            recomputer.begin()
            while recomputer.step(lambda: START_MS):
                pass
            counts.append(recomputer.counts.computed)
            put(path, daily(number, number + 1), half_hours(number - 47, number - 40))
    # The new day, the one that begins at its end, and once a week of the past whose half-hours are new.
    assert [there - here for here, there in pairwise(counts)] == [7 + 2, 2, 2]
