"""What one edge may make the ledger hold, and that the others do not pay for it."""

from pathlib import Path

import pytest
from ledger_building import BOOT, DAY_MS, EDGE, NOON_MS, frame, message

from tictally_recorder.ledger import BatchResult, EdgeLimits, Ledger, LedgerReader, Limit, Message
from tictally_recorder.ledger.frame_numbers import FrameNumbers
from tictally_shared.frames import VERSION

LIMITS = EdgeLimits(meters=3, boots=5, deferred_bytes=4000, all_deferred_bytes=7000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def of_meter(n: int, seq: int, edge: str = EDGE) -> Message:
    return message(frame(seq, NOON_MS + seq * 1000, {"EAST": seq}, meter=f"meter-{n}", edge=edge))


def of_boot(n: int, *, now_ms: int = NOON_MS, seq: int = 1) -> Message:
    return message(frame(seq, now_ms + n * 1000, {"EAST": n}, boot=f"{n:016x}"), arrived_ms=now_ms + n)


def test_an_edge_that_invents_meters_is_stopped_and_its_own_ones_go_on(path: Path) -> None:
    with Ledger.open(path, LIMITS) as ledger:
        assert ledger.store([of_meter(n, n) for n in range(1, 4501)]) == BatchResult(stored=3, rejected=4497)
        assert ledger.store([of_meter(2, 5000)]) == BatchResult(stored=1)
        assert ledger.store([of_meter(4400, 1, "attic")]) == BatchResult(stored=1)
        assert ledger.store([of_meter(2, 2, "attic"), of_meter(1, 3, "attic")]) == BatchResult(stored=2)
        assert ledger.store([of_meter(7, 4, "attic")]) == BatchResult(rejected=1)
        assert ledger.watch.reached == {"attic": [Limit.METERS], EDGE: [Limit.METERS]}
        assert ledger.counts().rejected == {"meters": 4498}
    with Ledger.open(path, LIMITS) as ledger:
        assert ledger.store([of_meter(9, 6000)]) == BatchResult(rejected=1)


def test_another_number_behind_a_key_counts_as_a_meter(path: Path) -> None:
    with Ledger.open(path, LIMITS) as ledger:
        content = [message(frame(n, NOON_MS + n, {"EAST": n}, serial=f"{n:08x}")) for n in range(1, 10)]
        assert ledger.store(content) == BatchResult(stored=3, rejected=6)


def test_an_edge_that_begins_boots_without_end_is_stopped_for_a_day(path: Path) -> None:
    with Ledger.open(path, LIMITS) as ledger:
        assert ledger.store([of_boot(n) for n in range(1, 9)]) == BatchResult(stored=5, rejected=3)
        assert ledger.store([of_boot(3, seq=2)]) == BatchResult(stored=1)
        assert ledger.watch.reached == {EDGE: [Limit.BOOTS]}
        assert ledger.store([of_boot(20, now_ms=NOON_MS + DAY_MS)]) == BatchResult(stored=1)


def test_what_a_frame_costs_does_not_grow_with_the_boots_of_another_edge(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = 0
    take_changes = FrameNumbers.take_changes

    def counted(numbers: FrameNumbers) -> object:
        nonlocal saved
        saved += 1
        return take_changes(numbers)

    with Ledger.open(path) as ledger:
        ledger.store([of_boot(n) for n in range(1, 2001)])
        monkeypatch.setattr(FrameNumbers, "take_changes", counted)
        ledger.store([of_meter(1, 1, "attic")])
        assert saved == 1
        assert len(ledger.recent_numbers(EDGE, [f"{7:016x}"])) == 65
        assert ledger._messages is not None
        assert len(ledger._messages._boots._cached) <= 256
        assert len(list(ledger._messages._meters)) <= 256


def of_the_future(seq: int, boot: str = BOOT) -> Message:
    content = frame(seq, NOON_MS + DAY_MS, {"EAST": seq, "NGTF": "x" * 200}, boot=boot)
    return message(content, arrived_ms=NOON_MS)


def test_deferred_messages_take_no_more_room_than_they_may(path: Path) -> None:
    with Ledger.open(path, LIMITS) as ledger, LedgerReader.open(path) as reader:
        result = ledger.store([of_the_future(seq) for seq in range(1, 101)])
        assert result == BatchResult(deferred=result.deferred, rejected=100 - result.deferred)
        assert 0 < result.deferred * len(of_the_future(1).payload) <= LIMITS.deferred_bytes
        assert ledger.watch.reached == {EDGE: [Limit.DEFERRED]}
        assert ledger.counts().deferred == result.deferred
        # Those for which there was no room count as neither missing nor lost until there is room again.
        assert {each.last for each in reader.frame_numbers(EDGE)[BOOT]} == {result.deferred, 100}
        stored = ledger.retry_deferred(NOON_MS + 2 * DAY_MS)
        assert stored == BatchResult(stored=result.deferred)
        assert [(each.first, each.last) for each in reader.frame_numbers(EDGE)[BOOT]] == [(1, result.deferred)]
        late = [message(of_the_future(seq).payload, arrived_ms=NOON_MS + 2 * DAY_MS) for seq in range(1, 101)]
        assert ledger.store(late) == BatchResult(stored=100 - result.deferred, duplicates=result.deferred)


def test_messages_of_another_version_take_no_more_room_either_after_a_restart(path: Path) -> None:
    newer = [b'{"v": %d, "pad": "%s"}' % (VERSION + 1, b"x" * 500)] * 20
    with Ledger.open(path, LIMITS) as ledger:
        first = ledger.store([message(payload) for payload in newer])
    with Ledger.open(path, LIMITS) as ledger:
        again = ledger.store([message(payload) for payload in newer])
        other = ledger.store([message(payload, edge="attic") for payload in newer])
        assert (first.deferred, again.deferred, other.deferred) == (7, 0, 6)
