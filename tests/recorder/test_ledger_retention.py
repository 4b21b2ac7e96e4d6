"""Raw frames are deleted after two days, whatever a clock shows, and no answer changes."""

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_building import DAY_MS, METER, MINUTE_MS, NOON_MS, frame, message
from real_broker import Mosquitto
from recording import Recorder

from tictally_recorder.ledger import Ledger, LedgerReader, LedgerUnavailable, Message, Outbox, Quarter, Run, TextChange
from tictally_recorder.ledger.retention import RETENTION_MS
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.frames import Frame

OTHER = "021900000009"
TEXTS = ("LTARF", "STGE")
HOUR_MS = 60 * MINUTE_MS


def raw(path: Path) -> list[int]:
    """Times of the raw frames of METER."""
    with closing(sqlite3.connect(path)) as connection:
        select = "SELECT time_ms FROM frame JOIN meter ON meter.id = meter WHERE key = ? ORDER BY time_ms"
        return [time_ms for (time_ms,) in connection.execute(select, (METER,))]


def answers(path: Path) -> tuple[list[Quarter], list[TextChange], dict[str, tuple[int, int]], int]:
    with LedgerReader.open(path) as reader:
        (meter,) = [each for site in reader.sites() for each in site.meters if each.key == METER]
        return (
            list(reader.quarters(meter.id, 0, 2**62)),
            list(reader.text_changes(meter.id, TEXTS, 0, 2**62)),
            reader.labels_seen(meter.id),
            reader.counts().dirty,
        )


def apply_retention(ledger: Ledger, now_ms: int) -> None:
    while ledger.apply_retention(now_ms):
        pass


def hourly(hours: int, *, arrived_ms: int | None = None) -> list[Message]:
    return [
        message(frame(1 + hour, NOON_MS + hour * HOUR_MS, {"EAST": 100 * hour, "LTARF": "HC"}), arrived_ms=arrived_ms)
        for hour in range(hours)
    ]


def goes_on(time_ms: int, *, arrived_ms: int | None = None) -> Message:
    """A frame of another meter, by which the ledger sees that time has passed."""
    seq = time_ms // 1000
    return message(frame(seq, time_ms, {"EAST": 1}, meter=OTHER, edge="attic"), arrived_ms=arrived_ms)


def test_raw_frames_are_deleted_when_their_quarter_is_two_days_past(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    newest_ms = NOON_MS + 71 * HOUR_MS
    with Ledger.open(path) as ledger:
        ledger.store(hourly(72))
        before = answers(path)
        apply_retention(ledger, newest_ms)
        assert raw(path) == [NOON_MS + hour * HOUR_MS for hour in range(23, 72)]
        assert ledger.counts().frames == 72
        assert answers(path) == before
        ledger.store([goes_on(newest_ms + QUARTER_MS)])
        apply_retention(ledger, newest_ms + QUARTER_MS)
        assert raw(path)[0] == NOON_MS + 24 * HOUR_MS


def test_a_frame_that_came_late_stays_two_days_from_its_arrival(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    came_ms = NOON_MS + 10 * DAY_MS
    with Ledger.open(path) as ledger:
        ledger.store([goes_on(came_ms), *hourly(3, arrived_ms=came_ms)])
        for later_ms, left in ((RETENTION_MS - QUARTER_MS, 3), (RETENTION_MS, 0)):
            ledger.store([goes_on(came_ms + later_ms)])
            apply_retention(ledger, came_ms + later_ms)
            assert len(raw(path)) == left


@pytest.mark.parametrize("jump_ms", [DAY_MS, 400 * DAY_MS, -DAY_MS, -400 * DAY_MS, -NOON_MS])
def test_a_clock_that_jumps_deletes_nothing_early(tmp_path: Path, jump_ms: int) -> None:
    path = tmp_path / "ledger.sqlite"
    now_ms = NOON_MS + 71 * HOUR_MS
    with Ledger.open(path) as ledger:
        ledger.store(hourly(72))
        apply_retention(ledger, now_ms)
        before = raw(path)
        apply_retention(ledger, now_ms + jump_ms)
        # What arrives now is stamped by the wrong clock.
        late = [frame(1000 + i, NOON_MS + i * MINUTE_MS, {"EAST": 0}) for i in range(10)]
        ledger.store([message(each, arrived_ms=max(now_ms + jump_ms, NOON_MS)) for each in late])
        apply_retention(ledger, now_ms + jump_ms)
        apply_retention(ledger, now_ms)
        assert [time_ms for time_ms in raw(path) if time_ms % HOUR_MS == NOON_MS % HOUR_MS] == [NOON_MS, *before]
        ledger.store([goes_on(now_ms + RETENTION_MS - QUARTER_MS)])
        apply_retention(ledger, now_ms + RETENTION_MS - QUARTER_MS)
        assert set(raw(path)) >= {each.time_ms for each in late}


@pytest.mark.parametrize("back_ms", [DAY_MS, 400 * DAY_MS])
def test_a_clock_that_is_behind_deletes_by_its_own_time(tmp_path: Path, back_ms: int) -> None:
    path = tmp_path / "ledger.sqlite"
    now_ms = NOON_MS + 96 * HOUR_MS
    with Ledger.open(path) as ledger:
        ledger.store(hourly(97))
        apply_retention(ledger, now_ms - back_ms)
    assert raw(path)[0] == max(now_ms - back_ms - RETENTION_MS, NOON_MS)


def test_a_late_frame_does_not_set_the_ledgers_present_back(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    now_ms = NOON_MS + 5 * DAY_MS
    with Ledger.open(path) as ledger:
        ledger.store([*hourly(2), goes_on(now_ms), goes_on(NOON_MS - DAY_MS, arrived_ms=now_ms)])
        apply_retention(ledger, now_ms)
        assert raw(path) == []


def test_a_frame_dated_by_a_fast_clock_stays_thirty_days_and_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store(hourly(3, arrived_ms=NOON_MS + 4000 * DAY_MS))
        for days, left in ((29, 3), (31, 0)):
            now_ms = NOON_MS + days * DAY_MS
            ledger.store([goes_on(now_ms)])
            apply_retention(ledger, now_ms)
            assert len(raw(path)) == left


@pytest.mark.parametrize(("behind_days", "left_days"), [(None, 2), (1, 2), (5, 5), (29, 29), (300, 30)])
def test_a_sink_that_lags_delays_deletion_by_thirty_days_at_most(
    tmp_path: Path, behind_days: int | None, left_days: int
) -> None:
    path = tmp_path / "ledger.sqlite"
    newest_ms = NOON_MS + 40 * DAY_MS
    with Ledger.open(path) as ledger:
        ledger.use_sinks([] if behind_days is None else ["far"])
        ledger.store([message(frame(1 + day, NOON_MS + day * DAY_MS, {"EAST": day})) for day in range(41)])
        if behind_days is not None:
            with closing(Outbox.open(path, "far")) as outbox:
                outbox.advance(0, max(40 - behind_days, 0), [], [])
        apply_retention(ledger, newest_ms)
    assert raw(path)[0] == newest_ms - left_days * DAY_MS


def test_a_running_recorder_applies_the_retention(own_broker: Mosquitto, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, own_broker.port)
    with Ledger.open(recorder.ledger) as ledger:
        long_past_ms = NOON_MS - 100 * DAY_MS
        ledger.store([message(frame(1, long_past_ms, {"EAST": 1})), goes_on(long_past_ms + 3 * DAY_MS)])
        before = answers(recorder.ledger)
    with recorder:
        end_s = time.monotonic() + 60
        while raw(recorder.ledger):
            assert time.monotonic() < end_s, recorder.log
            time.sleep(0.1)
    assert answers(recorder.ledger) == before


def test_a_quarter_that_waits_to_be_computed_is_computed_first(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        seen = [(0, 100), (60, 130), (30, 90), (10, 110)]
        ledger.store([message(frame(1 + i, NOON_MS + s * 1000, {"EAST": v})) for i, (s, v) in enumerate(seen)])
        assert ledger.counts().dirty == 1
        ledger.store([goes_on(NOON_MS + 3 * DAY_MS)])
        apply_retention(ledger, NOON_MS + 3 * DAY_MS)
        assert raw(path) == []
        (quarter,) = answers(path)[0]
        assert quarter.registers["EAST"] == (
            Run(NOON_MS, 100, NOON_MS + 10_000, 110),
            Run(NOON_MS + 30_000, 90, NOON_MS + 60_000, 130),
        )
        assert ledger.counts().dirty == 0
        # It is known to be clean again: what comes after its end is added at once.
        ledger.store([message(frame(9, NOON_MS + 70_000, {"EAST": 140}))])
        assert ledger.counts().dirty == 0
        assert answers(path)[0][0].registers["EAST"][1].last == 140


def test_late_frames_after_a_settled_part_and_then_between_count_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store([message(frame(1, NOON_MS, {"EAST": 5})), goes_on(NOON_MS + 3 * DAY_MS)])
        apply_retention(ledger, NOON_MS + 3 * DAY_MS)
        for seq, after_ms in ((2, 4000), (3, 6000), (4, 5000)):
            ledger.store([message(frame(seq, NOON_MS + after_ms, {"EAST": 5 + after_ms}))])
        for _ in range(2):
            (quarter,) = answers(path)[0]
            assert quarter.n == 4
            assert quarter.registers["EAST"] == (Run(NOON_MS, 5, NOON_MS + 6000, 6005),)
            ledger.recompute_dirty(10)


def test_retention_of_a_locked_ledger_is_retried(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger, closing(sqlite3.connect(path, isolation_level=None)) as other:
        ledger.store([*hourly(3), goes_on(NOON_MS + 3 * DAY_MS)])
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailable):
            ledger.apply_retention(NOON_MS + 3 * DAY_MS)
        other.execute("ROLLBACK")
        apply_retention(ledger, NOON_MS + 3 * DAY_MS)
        assert raw(path) == []


def test_an_interrupted_deletion_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store([*hourly(3), goes_on(NOON_MS + 3 * DAY_MS)])
        before = answers(path)
        ledger._connection.execute(
            "CREATE TEMP TRIGGER no BEFORE DELETE ON frame WHEN old.seq = 2 BEGIN SELECT raise(ABORT, 'no'); END"
        )
        with pytest.raises(Exception, match="no"):
            apply_retention(ledger, NOON_MS + 3 * DAY_MS)
        ledger._connection.execute("DROP TRIGGER no")
        assert len(raw(path)) == 3
        assert answers(path) == before
        apply_retention(ledger, NOON_MS + 3 * DAY_MS)
        assert raw(path) == []
        assert answers(path) == before


def test_the_file_grows_by_its_quarters_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    sizes: list[int] = []
    rng = random.Random(5)
    powers = ("SINSTS", "SINSTS1", "SINSTS2", "SINSTS3", "CCASN", "CCASN-1")
    step_ms = MINUTE_MS
    with Ledger.open(path) as ledger:
        for hour in range(240):
            begin_ms = NOON_MS + hour * HOUR_MS
            frames = [
                frame(1 + time_ms // step_ms, time_ms, {name: rng.randrange(36_000) for name in powers})
                for time_ms in range(begin_ms, begin_ms + HOUR_MS, step_ms)
            ]
            ledger.store([message(each) for each in frames])
            apply_retention(ledger, begin_ms + HOUR_MS)
            if hour % 24 == 23:
                sizes.append(ledger.counts().size_bytes)
    grown = [after - before for before, after in pairwise(sizes)]
    quarters_of_a_day = 96 * 150
    assert grown[0] > 100_000
    assert max(grown[3:]) < 2 * quarters_of_a_day
    assert len(raw(path)) == 48 * 60 + 15


GAPS = st.tuples(st.integers(0, 35), st.integers(1, 20))
# Every frame has every label, as a line has; few values, so that registers fall and texts come back.
FULL: st.SearchStrategy[dict[str, int | str]] = st.fixed_dictionaries(
    {
        "EAST": st.integers(0, 4),
        "SINSTS": st.integers(-3, 3),
        "PREF": st.integers(6, 7),
        "LTARF": st.sampled_from(["HC", "HP", ""]),
        "STGE": st.sampled_from(["00000000", "00000001"]),
    }
)


@st.composite
def full_frames(draw: st.DrawFn) -> list[Frame]:
    ticks = draw(st.lists(st.tuples(st.integers(0, 40), FULL), min_size=2, max_size=40))
    return [frame(seq, NOON_MS + tick * QUARTER_MS // 6 + seq, each) for seq, (tick, each) in enumerate(ticks, 1)]


def in_order(path: Path, some: Sequence[Frame]) -> tuple[object, ...]:
    """The answers of a ledger that stored all frames in order and deleted none."""
    with Ledger.open(path) as ledger:
        ledger.store([message(each) for each in sorted(some, key=lambda each: each.time_ms)])
    return answers(path)


def deleted_and_late(path: Path, some: Sequence[Frame], is_late: Callable[[Frame], bool], rng: random.Random) -> None:
    """Store the frames on time and delete them, then the late ones, shuffled and duplicated, and delete those too."""
    late = [message(each) for each in some if is_late(each)] * 2
    rng.shuffle(late)
    with Ledger.open(path) as ledger:
        ledger.store([message(each) for each in some if not is_late(each)])
        ledger.store([goes_on(NOON_MS + 4 * DAY_MS)])
        apply_retention(ledger, NOON_MS + 4 * DAY_MS)
        assert raw(path) == []
        while late:
            size = rng.randint(1, 8)
            ledger.store(late[:size])
            late = late[size:]
            if rng.random() < 0.3:
                ledger.recompute_dirty(2)
        assert len(raw(path)) == sum(map(is_late, some))


@settings(max_examples=40, deadline=None)
@given(full_frames(), GAPS, st.randoms(use_true_random=False))
def test_late_frames_between_deleted_ones_end_in_the_same_rows(
    some: list[Frame], gap: tuple[int, int], rng: random.Random
) -> None:
    # A boundary of quarters lies in the gap: the deleted frames of a quarter lie on one side of it.
    first, n = gap
    bounds = range(NOON_MS + first * QUARTER_MS // 6, NOON_MS + (first - first % 6 + 6 + n) * QUARTER_MS // 6)
    with tempfile.TemporaryDirectory() as folder:
        expected = in_order(Path(folder) / "whole.sqlite", some)
        path = Path(folder) / "ledger.sqlite"
        if all(each.time_ms in bounds for each in some):
            return
        deleted_and_late(path, some, lambda each: each.time_ms in bounds, rng)
        assert answers(path)[:3] == expected[:3]
        with Ledger.open(path) as ledger:
            ledger.store([goes_on(NOON_MS + 9 * DAY_MS)])
            apply_retention(ledger, NOON_MS + 9 * DAY_MS)
        assert raw(path) == []
        assert answers(path) == expected


@settings(max_examples=25, deadline=None)
@given(full_frames(), st.data(), st.randoms(use_true_random=False))
def test_a_late_frame_among_deleted_ones_loses_no_count_and_no_extreme(
    some: list[Frame], data: st.DataObject, rng: random.Random
) -> None:
    late = data.draw(st.sets(st.sampled_from([each.seq for each in some]), max_size=len(some) - 1))
    # Registers that only rise, as they do.
    rising = [frame(each.seq, each.time_ms, {**each.values, "EAST": each.time_ms}) for each in some]
    with tempfile.TemporaryDirectory() as folder:
        expected, *_ = in_order(Path(folder) / "whole.sqlite", rising)
        path = Path(folder) / "ledger.sqlite"
        deleted_and_late(path, rising, lambda each: each.seq in late, rng)
        quarters, texts, *_ = answers(path)
        assert quarters == expected
        assert all(  # each row is a change
            one.value != other.value
            for label in TEXTS
            for one, other in pairwise([each for each in texts if each.label == label])
        )
