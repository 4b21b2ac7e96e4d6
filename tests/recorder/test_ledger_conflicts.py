"""A frame number that an edge gives twice: the second frame is kept, and reported; a repeated frame changes nothing."""

from pathlib import Path

import pytest
from ledger_building import BOOT, DAY_MS, EDGE, METER, NOON_MS, frame, message

from tictally_recorder.ledger import BatchResult, Ledger, LedgerReader, Limit, Message, NumberRange, Status
from tictally_recorder.ledger.boots import MOST_FORKS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def frames(first: int, last: int, *, later_ms: int = 0, wh: int = 0) -> list[Message]:
    return [message(frame(seq, NOON_MS + later_ms + seq * 1000, {"EAST": wh + seq})) for seq in range(first, last + 1)]


def test_an_edge_that_was_set_back_loses_none_of_its_new_frames(path: Path) -> None:
    old, new = frames(1, 100), frames(58, 100, later_ms=600_000, wh=50)
    with Ledger.open(path) as ledger, LedgerReader.open(path) as reader:
        ledger.store(old)
        assert ledger.store(new) == BatchResult(stored=43, conflicts=43)
        assert ledger.watch.take_conflicts() == {(EDGE, BOOT): 100}
        assert ledger.store([*old, *new]) == BatchResult(duplicates=143)
        assert reader.counts().frames == 143
        assert reader.conflicts() == {EDGE: 43}
        assert reader.frame_numbers(EDGE) == {BOOT: [NumberRange(1, 100, Status.STORED)]}
        (meter,) = reader.sites()[0].meters
        assert (meter.key, meter.last_ms) == (METER, NOON_MS + 700_000)
    with Ledger.open(path) as ledger:
        assert ledger.store([*old, *new]) == BatchResult(duplicates=143)


@pytest.mark.parametrize(
    "other",
    [
        frame(5, NOON_MS + 5000, {"EAST": 6}),
        frame(5, NOON_MS + 5000, {"EAST": 5, "SINSTS": 1}),
        frame(5, NOON_MS + 5001, {"EAST": 5}),
        frame(5, NOON_MS + 5000, {"EAST": 5}, meter="021900000003"),
    ],
)
def test_a_number_with_another_content_is_a_conflict(path: Path, other: object) -> None:
    with Ledger.open(path) as ledger:
        ledger.store(frames(1, 9))
        assert ledger.store([message(other)]) == BatchResult(stored=1, conflicts=1)  # type: ignore[arg-type]


def test_labels_in_another_order_are_the_same_frame(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.store([message(frame(1, NOON_MS, {"EAST": 5, "SINSTS": 700}))])
        again = message(frame(1, NOON_MS, {"SINSTS": 700, "EAST": 5}))
        assert ledger.store([again]) == BatchResult(duplicates=1)


def test_a_repeated_frame_whose_raw_copy_has_gone_is_repeated_and_a_new_one_is_kept(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.store(frames(1, 100))
        now_ms = NOON_MS + 4 * DAY_MS
        ledger.store([message(frame(101, now_ms, {"EAST": 500}))])
        while ledger.apply_retention(now_ms):
            pass
        with LedgerReader.open(path) as reader:
            (meter,) = reader.sites()[0].meters
            assert [time for time, _ in reader.frames(meter.id, NOON_MS, now_ms)] == []
        assert ledger.store(frames(1, 100)) == BatchResult(duplicates=100)
        late = frames(58, 60, later_ms=4 * DAY_MS, wh=450)
        assert ledger.store(late) == BatchResult(stored=3, conflicts=3)
        assert ledger.store(late) == BatchResult(duplicates=3)


def test_a_number_that_was_rejected_takes_a_good_frame(path: Path) -> None:
    with Ledger.open(path) as ledger:
        bad = message(frames(7, 7)[0].payload.replace(b'"EAST":7', b'"EAST":7.5'))
        assert ledger.store([bad]) == BatchResult(rejected=1)
        assert ledger.store(frames(7, 7)) == BatchResult(stored=1)
        assert ledger.store([bad]) == BatchResult(duplicates=1)


def test_a_number_that_is_given_again_and_again_becomes_a_dead_letter(path: Path) -> None:
    with Ledger.open(path) as ledger:
        for n in range(MOST_FORKS + 1):
            ledger.store(frames(1, 1, later_ms=n * 1000))
        assert ledger.store(frames(1, 1, later_ms=60_000)) == BatchResult(rejected=1)
        assert ledger.counts().rejected == {"conflicts": 1}
        assert ledger.watch.reached == {EDGE: [Limit.CONFLICTS]}
