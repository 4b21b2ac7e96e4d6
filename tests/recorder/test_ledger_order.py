"""The ledger's rows depend on the frames alone: not on their order, duplicates, batches or restarts."""

import random
import tempfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_building import METER, NOON_MS, frame, message

from tictally_recorder.ledger import Ends, Ledger, LedgerReader, Live, Quarter, Run, TextChange
from tictally_recorder.ledger.rollup import add_frames, merge, roll_up
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.frames import Frame

LIVE = {"SINSTS"}
REGISTERS = {"EAST", "EASF01"}
TEXTS = ("LTARF", "STGE", "NEW")
# Few distinct moments, so that frames share one, stand on bounds, and leave whole quarters empty.
MOMENTS = st.integers(0, 5 * 6).map(lambda tick: NOON_MS + tick * QUARTER_MS // 6)
VALUES: st.SearchStrategy[dict[str, int | str]] = st.fixed_dictionaries(
    {},
    optional={
        "EAST": st.integers(0, 4),
        "EASF01": st.just(7),
        "SINSTS": st.integers(-3, 3),
        "PREF": st.integers(6, 7),
        "LTARF": st.sampled_from(["HC", "HP", ""]),
        "STGE": st.sampled_from(["00000000", "00000001"]),
        "NEW": st.sampled_from(["a", "b"]) | st.integers(0, 1),
    },
)
SOURCES = st.sampled_from(
    [("cellar", "00000000000000a1"), ("cellar", "000000000000ff00"), ("attic", "00000000000000a1")]
)


@st.composite
def frames(draw: st.DrawFn) -> list[Frame]:
    samples = draw(st.lists(st.tuples(MOMENTS, VALUES, SOURCES), min_size=1, max_size=25))
    return [
        frame(seq, time_ms, values, edge=edge, boot=boot)
        for seq, (time_ms, values, (edge, boot)) in enumerate(samples, start=1)
    ]


def in_time(some: Sequence[Frame]) -> list[Frame]:
    return sorted(some, key=lambda each: (each.time_ms, each.boot, each.edge, each.seq))


def naive_quarters(some: Sequence[Frame]) -> list[Quarter]:
    return [
        naive_quarter(number * QUARTER_MS, list(group))
        for number, group in groupby(in_time(some), key=lambda each: each.time_ms // QUARTER_MS)
    ]


def naive_quarter(start_ms: int, group: list[Frame]) -> Quarter:
    seen: dict[str, list[tuple[int, int]]] = {}
    for each in group:
        for name, value in each.values.items():
            if isinstance(value, int):
                seen.setdefault(name, []).append((each.time_ms, value))
    return Quarter(
        1,
        start_ms,
        len(group),
        group[0].time_ms,
        group[-1].time_ms,
        {name: naive_runs(points) for name, points in seen.items() if name in REGISTERS},
        {name: naive_live(points) for name, points in seen.items() if name in LIVE},
        {name: Ends(*points[0], *points[-1]) for name, points in seen.items() if name not in REGISTERS | LIVE},
    )


def naive_runs(points: list[tuple[int, int]]) -> tuple[Run, ...]:
    runs = [[points[0]]]
    for point in points[1:]:
        if point[1] < runs[-1][-1][1]:
            runs.append([])
        runs[-1].append(point)
    return tuple(Run(*run[0], *run[-1]) for run in runs)


def naive_live(points: list[tuple[int, int]]) -> Live:
    values = [value for _, value in points]
    return Live(*points[0], *points[-1], len(values), sum(values), min(values), max(values))


def naive_changes(some: Sequence[Frame]) -> list[TextChange]:
    changes = []
    for label in TEXTS:
        seen = {each.time_ms: text for each in in_time(some) if isinstance(text := each.values.get(label), str)}
        before = None
        for time_ms, text in seen.items():
            if text != before:
                changes.append(TextChange(label, time_ms, text))
            before = text
    return sorted(changes, key=lambda each: (each.time_ms, each.label))


def naive_seen(some: Sequence[Frame]) -> dict[str, tuple[int, int]]:
    times: dict[str, list[int]] = {}
    for each in some:
        for label in each.values:
            times.setdefault(label, []).append(each.time_ms)
    return {label: (min(each), max(each)) for label, each in times.items()}


def check(path: Path, some: Sequence[Frame]) -> None:
    with LedgerReader.open(path) as reader:
        assert list(reader.quarters(1, 0, 2**62)) == naive_quarters(some)
        assert list(reader.quarters(1, 0, 2**62, newest_first=True)) == naive_quarters(some)[::-1]
        assert list(reader.text_changes(1, TEXTS, 0, 2**62)) == naive_changes(some)
        assert reader.labels_seen(1) == naive_seen(some)
        (meter,) = reader.sites()[0].meters
        assert (meter.first_ms, meter.last_ms) == (in_time(some)[0].time_ms, in_time(some)[-1].time_ms)
        assert reader.counts().frames == len(some)
        assert reader.counts().newest_ms == {METER: meter.last_ms}


@settings(max_examples=100, deadline=None)
@given(frames(), st.randoms(use_true_random=False))
def test_any_order_with_duplicates_ends_in_the_rows_of_the_frames(some: list[Frame], rng: random.Random) -> None:
    arriving = some + rng.sample(some, rng.randint(0, len(some)))
    rng.shuffle(arriving)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        ledger = Ledger.open(path)
        while arriving:
            size = rng.randint(1, 6)
            batch, arriving = arriving[:size], arriving[size:]
            stored = ledger.store([message(each, arrived_ms=NOON_MS + QUARTER_MS * 9) for each in batch])
            assert stored.stored + stored.duplicates == len(batch)
            choice = rng.randrange(4)
            if choice == 0:
                ledger.recompute_dirty(2)
            elif choice == 1:
                ledger.close()
                ledger = Ledger.open(path)
        check(path, some)
        while ledger.recompute_dirty(3):
            pass
        assert ledger.counts().dirty == 0
        check(path, some)
        ledger.close()


@settings(max_examples=200, deadline=None)
@given(frames(), st.randoms(use_true_random=False))
def test_a_quarter_in_two_parts_that_do_not_overlap_is_the_quarter(some: list[Frame], rng: random.Random) -> None:
    quarter = naive_quarter(NOON_MS, in_time(some))
    bound = rng.choice(some).time_ms
    parts = [
        roll_up(1, NOON_MS, [(each.time_ms, each.values) for each in in_time(some) if (each.time_ms < bound) == early])
        for early in (True, False)
    ]
    if parts[0] is not None and parts[1] is not None:
        assert merge(parts[0], parts[1]) == merge(parts[1], parts[0]) == quarter


@settings(max_examples=80, deadline=None)
@given(frames(), st.data())
def test_a_part_and_the_frames_on_both_sides_of_it_are_the_quarter(some: list[Frame], data: st.DataObject) -> None:
    quarter = naive_quarter(NOON_MS, in_time(some))
    bounds = sorted(data.draw(st.lists(st.sampled_from(some), min_size=2, max_size=2)), key=lambda each: each.time_ms)
    inside = range(bounds[0].time_ms, bounds[1].time_ms + 1)
    within = [(each.time_ms, each.values) for each in in_time(some) if each.time_ms in inside]
    part = roll_up(1, NOON_MS, within)
    assert part is not None
    outside = [(each.time_ms, each.values) for each in in_time(some) if each.time_ms not in inside]
    assert add_frames(part, outside) == quarter


def test_a_late_part_that_fits_a_run_leaves_it_one_run() -> None:
    early_and_late = roll_up(1, NOON_MS, [(NOON_MS, {"EAST": 100}), (NOON_MS + 9000, {"EAST": 200})])
    between = roll_up(1, NOON_MS, [(NOON_MS + 3000, {"EAST": 120}), (NOON_MS + 6000, {"EAST": 150})])
    assert early_and_late is not None
    assert between is not None
    assert merge(early_and_late, between).registers == {"EAST": (Run(NOON_MS, 100, NOON_MS + 9000, 200),)}


def test_a_late_part_that_contradicts_a_run_shows_the_fall() -> None:
    early_and_late = roll_up(1, NOON_MS, [(NOON_MS, {"EAST": 100}), (NOON_MS + 9000, {"EAST": 200})])
    between = roll_up(1, NOON_MS, [(NOON_MS + 3000, {"EAST": 50})])
    assert early_and_late is not None
    assert between is not None
    assert merge(between, early_and_late).registers == {
        "EAST": (Run(NOON_MS, 100, NOON_MS, 100), Run(NOON_MS + 3000, 50, NOON_MS + 9000, 200))
    }


def test_a_register_that_comes_back_after_a_restart_begins_a_new_run_if_the_option_changed_meanwhile(
    tmp_path: Path,
) -> None:
    """Its runs are cut where the option changed, also if no frame since then had it."""
    some = [
        frame(1, NOON_MS, {"HCHC": 1000, "NGTF": "BASE"}),
        frame(2, NOON_MS + 1000, {"HCHC": 1010}),
        frame(3, NOON_MS + 2000, {"EAST": 5000, "NGTF": "H PLEINE/CREUSE"}),
        frame(4, NOON_MS + 3000, {"HCHC": 1030}),
        frame(5, NOON_MS + 4000, {"HCHC": 1040}),
    ]
    kept = []
    for name, batches in {
        "at once": [some],
        "restarted": [some[:3], some[3:]],
        "each": [[each] for each in some],
    }.items():
        path = tmp_path / f"{name}.sqlite"
        for batch in batches:
            with Ledger.open(path) as ledger:
                ledger.store([message(each, arrived_ms=NOON_MS + QUARTER_MS) for each in batch])
        with LedgerReader.open(path) as reader:
            (site,) = reader.sites()
            (quarter,) = reader.registers(site.meters[0].id, 0, NOON_MS * 2)
            kept.append(quarter.registers["HCHC"])
    assert kept == [(Run(NOON_MS, 1000, NOON_MS + 1000, 1010), Run(NOON_MS + 3000, 1030, NOON_MS + 4000, 1040))] * 3
