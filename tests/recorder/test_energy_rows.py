"""Energy over a window: the register at its end minus the register at its start, whatever frames are late or lost."""

import random
import tempfile
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_building import DAY_MS, METER, MINUTE_MS, NOON_MS, frame, message

from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.ledger import Ledger, LedgerError, LedgerReader, Quarter, TextChange
from tictally_recorder.ledger.quarter_codec import MonotonicRegisters
from tictally_recorder.reports.energy import quality_of
from tictally_shared.calendar import QUARTER_MS, By, zone
from tictally_shared.frames import Frame

PARIS = zone("Europe/Paris")
EVER = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


def moment(time_ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def store(path: Path, frames: Sequence[Frame], batch: int = 500) -> None:
    with Ledger.open(path) as ledger:
        for first in range(0, len(frames), batch):
            ledger.store([message(each, arrived_ms=NOON_MS * 2) for each in frames[first : first + batch]])


def ask(
    path: Path, by: By, window: tuple[datetime, datetime] = EVER, *, site: str = METER, all_registers: bool = False
) -> list[EnergyRow]:
    with LedgerReader.open(path) as reader:
        return energy(reader, EnergyQuery(site, *window, by, PARIS), all_registers=all_registers)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


# Moments are sixths of quarters: bounds among them, and room for whole quarters without a frame.
POINTS = st.dictionaries(st.integers(0, 50), st.integers(0, 30), min_size=1, max_size=12)


def rising(points: dict[int, int]) -> dict[int, int]:
    """The same without falls: a register that counts the sum of the segments."""
    counted: dict[int, int] = {}
    total, before = 0, None
    for tick, value in sorted(points.items()):
        total += max(0, value - before) if before is not None else 0
        counted[tick], before = total, value
    return counted


def falls(points: dict[int, int]) -> list[tuple[int, int]]:
    """The ticks between which the register fell."""
    return [(low, high) for (low, one), (high, other) in pairwise(sorted(points.items())) if other < one]


def register_at(counted: dict[int, int], tick: int) -> tuple[int, bool]:
    """register(T) by the rule, and whether it is interpolated."""
    earlier = [each for each in counted if each <= tick]
    later = [each for each in counted if each > tick]
    if not earlier:
        return counted[min(later)], False
    low = max(earlier)
    if low == tick or not later or min(later) // 6 - low // 6 <= 1:
        return counted[low], False
    high = min(later)
    risen = counted[high] - counted[low]
    return counted[low] + risen * (tick - low) // (high - low), risen > 0


@settings(max_examples=100, deadline=None)
@given(POINTS, st.integers(-2, 60), st.integers(-2, 60))
def test_energy_is_the_register_at_the_end_minus_the_register_at_the_start(
    points: dict[int, int], first_tick: int, end_tick: int
) -> None:
    tick_ms = QUARTER_MS // 6
    frames = [
        frame(seq, NOON_MS + tick * tick_ms, {"EAST": v}) for seq, (tick, v) in enumerate(points.items(), start=1)
    ]
    counted = rising(points)
    last = max(points)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        store(path, frames)
        window = moment(NOON_MS + first_tick * tick_ms), moment(NOON_MS + end_tick * tick_ms)
        rows = ask(path, By.QUARTER, window, all_registers=True)
    expected = []
    for quarter in range(first_tick // 6, -(-end_tick // 6)):
        start, end = quarter * 6, quarter * 6 + 6
        observed = [tick for tick in points if start <= tick < end]
        if start > last or (not observed and end <= min(points)):
            continue
        (at_start, guessed), (at_end, guessed_too) = register_at(counted, start), register_at(counted, end)
        is_unknown = any(low < end and start < high for low, high in falls(points))
        quality = "unknown" if is_unknown else "estimated" if guessed or guessed_too else "measured"
        expected.append((NOON_MS + start * tick_ms, at_end - at_start, quality, int(bool(observed))))
    assert [(row.start_ms, row.energy, str(quality_of(row)), row.covered) for row in rows] == expected


@settings(max_examples=40, deadline=None)
@given(POINTS, st.sampled_from(list(By)))
def test_every_period_sums_to_the_same(points: dict[int, int], by: By) -> None:
    # One quarter for a day: months and the clock change are within.
    frames = [
        frame(seq, NOON_MS + tick * 16 * QUARTER_MS, {"EAST": value})
        for seq, (tick, value) in enumerate(sorted(points.items()), start=1)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        store(path, frames)
        rows = ask(path, by, all_registers=True)
        assert sum(row.energy for row in rows) == max(rising(points).values())
        assert (rows[0].first_value, rows[-1].last_value) == (points[min(points)], points[max(points)])
        for before, after in pairwise(rows):
            assert before.last_value == after.first_value or after.fell or before.fell


def household(days: int, *, start_ms: int = NOON_MS, minutes: int = 5) -> list[Frame]:
    """A meter on peak and off-peak, a frame every few minutes, its truth being its registers."""
    rng = random.Random(7)
    low, high = 20_000_123, 30_019_103
    frames = []
    for seq in range(1, days * 24 * 60 // minutes + 1):
        time_ms = start_ms + (seq - 1) * minutes * MINUTE_MS
        is_high = 6 <= moment(time_ms).hour < 22
        used = rng.randrange(0, 200)
        low, high = (low, high + used) if is_high else (low + used, high)
        texts = {"NTARF": "02", "LTARF": "HP"} if is_high else {"NTARF": "01", "LTARF": "HC"}
        values: dict[str, int | str] = {"EAST": low + high, "EASF01": low, "EASF02": high, "EASF03": 0}
        frames.append(frame(seq, time_ms, values | texts))
    return frames


def truth(frames: Iterable[Frame], register: str) -> int:
    values = [value for each in frames if isinstance(value := each.values[register], int)]
    return values[-1] - values[0]


@pytest.mark.parametrize("after_the_bound_ms", [0, 7000])
def test_rows_equal_the_meters_registers_by_every_period(path: Path, after_the_bound_ms: int) -> None:
    frames = household(20, start_ms=ms("2026-10-15T00:00+02:00") + after_the_bound_ms)
    times = [each.time_ms for each in frames]
    store(path, frames)
    for by in By:
        rows = ask(path, by)
        for register in ("EAST", "EASF01", "EASF02"):
            mine = [row for row in rows if row.register == register]
            assert sum(row.energy for row in mine) == truth(frames, register)
            assert sum(row.covered for row in mine) == 20 * 96
            for row in mine:
                at_start = frames[max(0, bisect_right(times, row.start_ms) - 1)].values[register]
                at_end = frames[bisect_right(times, row.end_ms) - 1].values[register]
                assert (row.first_value, row.last_value) == (at_start, at_end)
                assert row.energy == row.last_value - row.first_value
        assert not any(row.estimated or row.fell for row in rows)
        assert {(row.register, row.unit) for row in rows} == {("EAST", "Wh"), ("EASF01", "Wh"), ("EASF02", "Wh")}
    days = {row.start_ms: (row.covered, row.quarters) for row in ask(path, By.DAY) if row.register == "EAST"}
    assert days.pop(ms("2026-10-25T00:00+02:00")) == (100, 100)
    assert days.pop(ms("2026-11-03T00:00+01:00")) == (92, 92)
    assert list(days.values()) == [(96, 96)] * 18


def test_the_day_of_23_hours_is_one_row(path: Path) -> None:
    store(path, household(3, start_ms=ms("2026-03-28T00:00+01:00")))
    rows = [row for row in ask(path, By.DAY) if row.register == "EAST"]
    assert [row.quarters for row in rows][:2] == [96, 92]
    hours = [row for row in ask(path, By.HOUR) if row.register == "EAST"]
    assert sum(row.energy for row in hours) == sum(row.energy for row in rows)


def test_a_week_of_outage_is_divided_and_marked_until_its_frames_arrive(tmp_path: Path) -> None:
    frames = household(16)
    out = range(4 * 288, 11 * 288)
    missing = [frames[each] for each in out]
    present = frames[: out.start] + frames[out.stop :]
    whole, broken = tmp_path / "whole.sqlite", tmp_path / "broken.sqlite"
    store(whole, frames)
    store(broken, present)
    for by in By:
        rows = ask(broken, by)
        for register in ("EAST", "EASF01", "EASF02"):
            assert sum(row.energy for row in rows if row.register == register) == truth(frames, register)
        first, end = missing[0].time_ms, missing[-1].time_ms
        for row in rows:
            # A period is estimated where it begins or ends in the gap and the register counted in it.
            inside = [at for at in (row.start_ms, row.end_ms) if first - 5 * MINUTE_MS < at <= end]
            assert row.estimated == bool(inside)
            assert row.estimated or row.covered == row.quarters or row.start_ms < NOON_MS
    late = missing * 2
    random.Random(3).shuffle(late)
    store(broken, late, batch=97)
    for by in By:
        assert ask(broken, by) == ask(whole, by)
    with Ledger.open(broken) as ledger:
        assert ledger.counts().dirty
        while ledger.recompute_dirty(50):
            pass
    for by in By:
        assert ask(broken, by) == ask(whole, by)


def test_a_window_uses_the_frames_around_it(path: Path) -> None:
    store(path, [frame(1, NOON_MS, {"EAST": 0}), frame(2, NOON_MS + 8 * QUARTER_MS, {"EAST": 800})])
    window = moment(NOON_MS + 3 * QUARTER_MS + 1), moment(NOON_MS + 5 * QUARTER_MS - 1)
    (row,) = ask(path, By.DAY, window)
    assert (row.start_ms, row.end_ms) == (NOON_MS + 3 * QUARTER_MS, NOON_MS + 5 * QUARTER_MS)
    assert (row.energy, row.first_value, row.last_value) == (200, 300, 500)
    assert (row.estimated, row.covered, row.quarters) == (True, 0, 2)


def test_parts_of_a_window_sum_to_the_window_also_if_a_register_was_missing_for_long(path: Path) -> None:
    others = [frame(seq, NOON_MS + seq * 600_000, {"EAIT": seq}) for seq in range(2, 60)]
    store(path, [frame(1, NOON_MS, {"EAST": 0}), *others, frame(60, NOON_MS + 36_000_000, {"EAST": 777})])
    bounds = [moment(NOON_MS + each * QUARTER_MS) for each in (0, 5, 7, 30, 41)]
    parts = [ask(path, By.DAY, window) for window in pairwise(bounds)]
    assert sum(row.energy for rows in parts for row in rows if row.register == "EAST") == 777
    assert all(row.estimated for rows in parts for row in rows if row.register == "EAST")


def test_a_frame_exactly_at_the_end_of_a_window_counts_in_it(path: Path) -> None:
    store(path, [frame(1, NOON_MS, {"EAST": 0}), frame(2, NOON_MS + 2 * QUARTER_MS, {"EAST": 800})])
    (row,) = ask(path, By.DAY, (moment(NOON_MS), moment(NOON_MS + 2 * QUARTER_MS)))
    assert (row.energy, row.estimated, row.covered) == (800, False, 1)


def test_a_fall_is_shown_and_the_segments_are_summed(path: Path) -> None:
    values = [100, 150, 10, 30, 30]
    store(path, [frame(seq, NOON_MS + seq * 1000, {"EAST": value}) for seq, value in enumerate(values, start=1)])
    (row,) = ask(path, By.DAY)
    assert (row.energy, row.fell, row.estimated) == (70, True, False)
    assert (row.first_value, row.last_value) == (100, 30)


def test_an_exchange_of_meters_is_another_segment_of_the_site(path: Path) -> None:
    old = [
        frame(seq, NOON_MS + seq * MINUTE_MS, {"EAST": 1000 + seq}, meter="home", serial="a" * 8)
        for seq in range(1, 20)
    ]
    new = [frame(seq, NOON_MS + seq * MINUTE_MS, {"EAST": seq}, meter="home", serial="b" * 8) for seq in range(30, 60)]
    store(path, old + new)
    (row,) = ask(path, By.DAY, site="home")
    assert (row.energy, row.fell, row.first_value, row.last_value) == (18 + 29, False, 1001, 59)
    assert sum(each.energy for each in ask(path, By.QUARTER, site="home")) == 18 + 29


def test_joined_meters_are_one_site_and_others_are_separate(path: Path) -> None:
    store(
        path,
        [
            *(frame(seq, NOON_MS + seq * MINUTE_MS, {"EAST": 10 * seq}, meter="old") for seq in range(1, 5)),
            *(frame(seq, NOON_MS + DAY_MS + seq * MINUTE_MS, {"EAST": seq}, meter="new") for seq in range(5, 9)),
            *(frame(seq, NOON_MS + seq * MINUTE_MS, {"EAST": 7 * seq}, meter="next-door") for seq in range(9, 12)),
        ],
    )
    with Ledger.open(path) as ledger:
        ledger.join_sites("new", "old")
    assert [(row.energy, row.covered) for row in ask(path, By.YEAR, site="old")] == [(33, 2)]
    assert [row.energy for row in ask(path, By.YEAR, site="next-door")] == [14]
    with pytest.raises(LedgerError, match="there is no site 'new'"):
        ask(path, By.YEAR, site="new")


def test_registers_at_zero_are_left_out_unless_requested(path: Path) -> None:
    values = {"EAST": 5, "EASF03": 0, "ERQ1": 0, "EAIT": 0}
    store(path, [frame(1, NOON_MS, values), frame(2, NOON_MS + 1000, values | {"ERQ1": 3, "EAIT": 0})])
    assert [(row.register, row.unit, row.energy) for row in ask(path, By.DAY)] == [
        ("EAST", "Wh", 0),
        ("ERQ1", "VArh", 3),
    ]
    assert [row.register for row in ask(path, By.DAY, all_registers=True)] == ["EAST", "EASF03", "EAIT", "ERQ1"]


def test_the_unfinished_quarter_counts_up_to_the_last_frame(path: Path) -> None:
    store(path, [frame(1, NOON_MS, {"EAST": 5}), frame(2, NOON_MS + QUARTER_MS + 1000, {"EAST": 9})])
    assert [(row.energy, row.quarters) for row in ask(path, By.QUARTER)] == [(0, 1), (4, 1)]
    (row,) = ask(path, By.DAY)
    assert row.quarters == (NOON_MS + 2 * QUARTER_MS - ms("2026-11-21T00:00+01:00")) // QUARTER_MS


def test_rows_have_the_period_that_a_register_counts(path: Path) -> None:
    store(path, household(2))
    names = {row.register: row.period for row in ask(path, By.YEAR)}
    assert names == {"EAST": None, "EASF01": "HC", "EASF02": "HP"}


def test_a_day_has_names_that_were_defined_years_before(path: Path) -> None:
    # EASF03 was used in the first month only, EASF02 has another name since the second.
    frames = []
    for seq in range(1, 800):
        time_ms = NOON_MS + seq * DAY_MS // 2
        texts = {"NTARF": "03", "LTARF": "NUIT"} if seq < 60 else {"NTARF": "01", "LTARF": "HC"}
        if seq % 2:
            texts = {"NTARF": "02", "LTARF": "HP" if seq < 100 else "JOUR"}
        values: dict[str, int | str] = {f"EASF{n:02}": 9 + seq for n in (1, 2, 3)}
        frames.append(frame(seq, time_ms, values | texts))
    store(path, frames)
    last = moment(frames[-1].time_ms)
    names = {row.register: row.period for row in ask(path, By.DAY, (last - timedelta(days=1), last))}
    assert names == {"EASF01": "HC", "EASF02": "JOUR", "EASF03": "NUIT"}


def test_a_name_defined_once_years_ago_is_still_the_name(path: Path) -> None:
    texts = {"NTARF": "01", "LTARF": "BASE"}
    store(path, [frame(seq, NOON_MS + seq * DAY_MS, {"EASF01": seq, **texts}) for seq in range(1, 800)])
    (row,) = ask(path, By.YEAR, (moment(NOON_MS + 798 * DAY_MS), moment(NOON_MS + 800 * DAY_MS)))
    assert row.period == "BASE"


def test_a_name_first_seen_at_midnight_belongs_to_the_starting_day_in_any_window(path: Path) -> None:
    midnight_ms = ms("2026-11-22T00:00+01:00")
    named: dict[str, int | str] = {"NTARF": "01", "LTARF": "HC"}
    store(
        path,
        [
            frame(1, midnight_ms - QUARTER_MS, {"EASF01": 1}),
            frame(2, midnight_ms, {"EASF01": 2, **named}),
            frame(3, midnight_ms + QUARTER_MS, {"EASF01": 3, **named}),
        ],
    )
    both = moment(midnight_ms) - timedelta(days=1), moment(midnight_ms) + timedelta(days=1)
    alone = [row.period for day in pairwise([both[0], moment(midnight_ms), both[1]]) for row in ask(path, By.DAY, day)]
    assert [row.period for row in ask(path, By.DAY, both)] == alone == [None, "HC"]


def test_years_of_strings_are_not_read_for_registers_that_none_of_them_names(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = []
    for seq in range(1, 800):
        texts = {"NTARF": "01", "LTARF": "HC"} if seq % 2 else {"NTARF": "02", "LTARF": "HP"}
        values: dict[str, int | str] = {f"EASF{n:02}": seq if n < 3 else 0 for n in range(1, 11)}
        frames.append(frame(seq, NOON_MS + seq * DAY_MS // 2, values | texts))
    store(path, frames)
    read = []
    text_changes = LedgerReader.text_changes

    def counted(
        reader: LedgerReader, meter_id: int, labels: Collection[str], start_ms: int, end_ms: int
    ) -> Iterator[TextChange]:
        for change in text_changes(reader, meter_id, labels, start_ms, end_ms):
            read.append(change.time_ms)
            yield change

    monkeypatch.setattr(LedgerReader, "text_changes", counted)
    last = moment(frames[-1].time_ms)
    rows = ask(path, By.DAY, (last - timedelta(days=1), last), all_registers=True)
    assert {row.register: row.period for row in rows if row.period} == {"EASF01": "HC", "EASF02": "HP"}
    assert len({row.register for row in rows}) == 10
    assert len(read) < 200


def test_a_register_that_no_longer_exists_is_not_searched_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mode = [frame(seq, NOON_MS + seq * QUARTER_MS, {"BASE": seq}) for seq in range(1, 100)]
    frames = mode + [frame(seq, NOON_MS + seq * QUARTER_MS, {"EAST": seq}) for seq in range(100, 1000)]
    store(path, frames)
    read = []
    registers = LedgerReader.registers

    def counted(
        reader: LedgerReader,
        meter_id: int,
        *window_ms: int,
        newest_first: bool = False,
        only: Collection[str] | None = None,
    ) -> Iterator[Quarter | MonotonicRegisters]:
        for quarter in registers(reader, meter_id, *window_ms, newest_first=newest_first, only=only):
            read.append(quarter.start_ms)
            yield quarter

    monkeypatch.setattr(LedgerReader, "registers", counted)
    window = moment(NOON_MS + 500 * QUARTER_MS), moment(NOON_MS + 596 * QUARTER_MS)
    assert [row.register for row in ask(path, By.YEAR, window)] == ["EAST"]
    assert len(read) == 96 + 2


def test_an_unknown_site_is_an_error_with_a_message(path: Path) -> None:
    store(path, [frame(1, NOON_MS, {"EAST": 5})])
    with pytest.raises(LedgerError, match="there is no site 'nowhere'"):
        ask(path, By.DAY, site="nowhere")
