"""The outbox of a sink is written with the rows that fill it: nothing is forgotten, whichever process ends when."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from ledger_building import DAY_MS, METER, NOON_MS, frame, message

from tictally_recorder.ledger import (
    CostDay,
    CostEntry,
    CostLine,
    Ledger,
    LedgerError,
    LedgerReader,
    Outbox,
    RejectedPoint,
    TimeWindow,
    integrity,
    refill_sinks,
)
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.interval_set import IntervalSet

FIRST = NOON_MS // QUARTER_MS
EVER = 2**62


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as made:
        made.use_sinks(["far"])
        yield made


def store(ledger: Ledger, *frames: tuple[int, int], first: int = 1, late: bool = False) -> None:
    """(minutes after noon, Wh)."""
    ledger.store(
        message(
            frame(first + n, NOON_MS + minute * 60_000, {"EAST": wh}), arrived_ms=NOON_MS + DAY_MS if late else None
        )
        for n, (minute, wh) in enumerate(frames)
    )


def outbox(folder: Path) -> Outbox:
    return Outbox.open(folder / "ledger.sqlite", "far")


def ranges(taken: dict[int, IntervalSet]) -> list[tuple[int, int]]:
    return [(first - FIRST, last - FIRST) for each in taken.values() for first, last in each]


def test_frames_come_in_the_order_of_storing_from_where_the_sink_is(ledger: Ledger, tmp_path: Path) -> None:
    store(ledger, (0, 1), (2, 3), (1, 2))
    with closing(outbox(tmp_path)) as box:
        frames = box.frames(2)
        assert [(each.meter, each.edge, each.seq, each.values) for each in frames] == [
            (METER, "cellar", 1, {"EAST": 1}),
            (METER, "cellar", 2, {"EAST": 3}),
        ]
        box.advance(0, frames[-1].id, [], [])
        assert [each.seq for each in box.frames(9)] == [3]


def test_numbers_of_deleted_frames_are_not_reused(ledger: Ledger, tmp_path: Path) -> None:
    store(ledger, (0, 1), (1, 2))
    with closing(outbox(tmp_path)) as box:
        box.advance(0, box.frames(9)[-1].id, [], [])
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection, connection:
            connection.execute("DELETE FROM frame")
        ledger.close()
        with Ledger.open(tmp_path / "ledger.sqlite") as later:
            store(later, (2, 3), first=3)
            assert [each.seq for each in box.frames(9)] == [3]


def test_rows_invalidated_during_replication_are_replicated_again(ledger: Ledger, tmp_path: Path) -> None:
    store(ledger, (0, 1), (20, 2))
    with closing(outbox(tmp_path)) as box:
        assert ranges(box.take_quarters(EVER, 100)) == [(0, 1)]
        store(ledger, (21, 3), first=3)
        box.confirm_taken()
        assert ranges(box.take_quarters(EVER, 100)) == [(1, 1)]


def test_rows_taken_and_not_released_are_marked_again(ledger: Ledger, tmp_path: Path) -> None:
    store(ledger, (0, 1), (20, 2))
    with closing(outbox(tmp_path)) as box:
        box.take_quarters(EVER, 100)
    with closing(outbox(tmp_path)) as box:
        assert ranges(box.take_quarters(EVER, 100)) == [(0, 1)]
        box.release()
        assert ranges(box.take_quarters(EVER, 100)) == [(0, 1)]
        box.confirm_taken()
        assert box.take_quarters(EVER, 100) == {}


def test_the_newest_rows_are_taken_first_and_a_round_ends(ledger: Ledger, tmp_path: Path) -> None:
    store(ledger, (0, 1), (15 * 10, 2))
    with closing(outbox(tmp_path)) as box:
        taken, before = [], EVER
        while found := box.take_quarters(before, 4):
            taken += ranges(found)
            before = min(first for each in found.values() for first, _ in each)
            box.confirm_taken()
            store(ledger, (15 * 10 + len(taken), 2), first=10 + len(taken))
        assert taken == [(7, 10), (3, 6), (0, 2)]
        assert ranges(box.take_quarters(EVER, 100)) == [(10, 10)]


def test_a_late_frame_marks_all_between_its_neighbours(ledger: Ledger, tmp_path: Path) -> None:
    store(ledger, (0, 1), (15 * 10, 20))
    with closing(outbox(tmp_path)) as box:
        box.take_quarters(EVER, 100)
        box.confirm_taken()
        store(ledger, (15 * 5, 7), first=3, late=True)
        assert ranges(box.take_quarters(EVER, 100)) == [(0, 10)]


def test_a_new_sink_has_everything_to_replicate_and_a_removed_one_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        store(ledger, (0, 1), (20, 2))
        assert ledger.sinks() == []
        ledger.use_sinks(["far"])
        (counts,) = ledger.sinks()
        assert (counts.frames, counts.quarters, counts.oldest_ms) == (2, 2, NOON_MS)
        ledger.use_sinks([])
        store(ledger, (40, 3), first=3)
        assert ledger.sinks() == []
        with pytest.raises(LedgerError, match="has no sink far yet"):
            outbox(tmp_path)
        ledger.use_sinks(["far"])
        assert ledger.sinks()[0].quarters == 3
    assert integrity(path) == []


def test_frames_deleted_before_replication_are_counted_as_missing(ledger: Ledger, tmp_path: Path) -> None:
    store(ledger, (0, 1), (31 * 24 * 60, 2))
    while ledger.apply_retention(NOON_MS + 31 * DAY_MS):
        pass
    assert ledger.sinks()[0].raw_since_ms == NOON_MS + QUARTER_MS
    with closing(outbox(tmp_path)) as box:
        assert [each.seq for each in box.frames(9)] == [2]


def test_a_reset_sink_starts_where_the_ledger_has_every_raw_frame(ledger: Ledger, tmp_path: Path) -> None:
    store(ledger, (0, 1), (3 * 24 * 60, 2))
    with closing(outbox(tmp_path)) as box:
        box.advance(0, 2, [TimeWindow(60_000, NOON_MS)], [])
        while ledger.apply_retention(NOON_MS + 3 * DAY_MS):
            pass
        assert box.raw_since_ms == 0
        box.take_quarters(EVER, 1000)
        box.confirm_taken()
        box.reset(raw=True, note={"buckets": {"a": "1"}})
        assert (box.raw_since_ms, box.windows()) == (NOON_MS + QUARTER_MS, [])
        assert box.note == {"buckets": {"a": "1"}, "refills": 2}
        (counts,) = ledger.sinks()
        assert (counts.frames, counts.quarters) == (2, 3 * 96 + 1)


def test_a_range_is_replicated_again_on_request(ledger: Ledger, tmp_path: Path) -> None:
    store(ledger, (0, 1), (20, 2), (40, 3))
    with closing(outbox(tmp_path)) as box:
        box.take_quarters(EVER, 100)
        box.confirm_taken()
        box.advance(0, 3, [], [])
        refill_sinks(tmp_path / "ledger.sqlite", ["far"], NOON_MS + 16 * 60_000, NOON_MS + 30 * 60_000)
        assert [each.seq for each in box.frames(9)] == [2, 3]
        assert ranges(box.take_quarters(EVER, 100)) == [(1, 1)]
        # A request made while frames were being sent is not skipped.
        box.advance(3, 3, [], [])
        assert box.cursor == 1


def cost_day(amount: str) -> CostDay:
    line = CostLine("consumption", "BASE", "0.2", "EUR", "own", "h", "letter", "own", 6, "measured", None, None)
    return CostDay(date(2026, 11, 21), FIRST, FIRST + 96, "key", NOON_MS, (CostEntry(line, 5, amount, b""),))


def test_a_days_cost_is_replicated_only_when_its_figures_change(ledger: Ledger, tmp_path: Path) -> None:
    store(ledger, (0, 1))
    with LedgerReader.open(tmp_path / "ledger.sqlite") as reader, closing(outbox(tmp_path)) as box:
        (site,) = reader.sites()
        for amount, taken in (("1", 1), ("1", 0), ("2", 1)):
            ledger.store_cost(site, [cost_day(amount)])
            assert box.take_cost(9) == [(METER, date(2026, 11, 21).toordinal())] * taken
            box.confirm_taken()
        ledger.store_cost(site, [cost_day("3")])
        box.take_cost(9)
        ledger.store_cost(site, [cost_day("4")])
        box.release()
        assert len(box.take_cost(9)) == 1


def test_the_cost_of_a_removed_site_is_no_longer_pending(ledger: Ledger, tmp_path: Path) -> None:
    for key in ("111", "222"):
        ledger.store([message(frame(1, NOON_MS, {"EAST": 1}, meter=key, edge=f"of-{key}"))])
    with LedgerReader.open(tmp_path / "ledger.sqlite") as reader, closing(outbox(tmp_path)) as box:
        ledger.store_cost(next(each for each in reader.sites() if each.id == "222"), [cost_day("1.25")])
        ledger.join_sites("222", "111")
        assert box.take_cost(31) == []
        assert box.counts().cost_days == 0


def test_windows_are_stored_once_each_the_longest_first(ledger: Ledger, tmp_path: Path) -> None:
    del ledger
    minute, hour = TimeWindow(60_000, NOON_MS), TimeWindow(3_600_000, NOON_MS)
    with closing(outbox(tmp_path)) as box:
        box.advance(0, 0, [minute, hour, minute], [])
    with closing(outbox(tmp_path)) as box:
        assert box.windows() == [hour, minute]
        box.drop_windows([hour])
        assert box.windows() == [minute]


def test_the_newest_thousand_rejected_points_are_stored_and_all_are_counted(ledger: Ledger, tmp_path: Path) -> None:
    with closing(outbox(tmp_path)) as box:
        for n in range(3):
            box.confirm_taken([RejectedPoint("b", f"reason {n} {i}", "p" * 5000) for i in range(600)])
    (counts,) = ledger.sinks()
    assert counts.rejected == 1800
    assert counts.newest_rejected == RejectedPoint("b", "reason 2 599", "p" * 4096)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        assert connection.execute("SELECT count(*), min(at_ms) > 1.7e12 FROM sink_rejected").fetchone() == (1000, 1)
