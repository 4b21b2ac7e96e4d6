"""Frames that wait for a date, and the journal's copy on disk."""

import os
from pathlib import Path
from threading import Event

import pytest

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.journal.disk_mirror import DiskMirror
from tictally_edge.journal.frame_store import FrameStore
from tictally_edge.journal.journal import FRAMES_PER_SEGMENT
from tictally_edge.topics.naming import Naming
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.frames import Frame
from tictally_shared.interval_set import IntervalSet
from tictally_shared.labels import Mode
from tictally_shared.topics import Topics

NUMBER = "021961000001"
NAMING = Naming(Topics(), "pi")
NOW_MS = 1_795_000_000_000
ROOM = 1 << 20


def validated(n: int) -> ValidatedFrame:
    values: dict[str, int | str] = {"EAST": n}
    frame = DecodedFrame(Mode.STANDARD, NUMBER, values, {}, True, {}, 1, 0, False, 0, float(n))  # noqa: FBT003
    return ValidatedFrame(frame, values, {}, {}, frozenset())


class Machine:
    """Memory and disk of one machine, and the life it is in."""

    def __init__(self, folder: Path) -> None:
        self.memory, self.disk, self.life = folder / "memory", folder / "disk", 1

    def store(self) -> FrameStore:
        return FrameStore(self.memory, self.disk, NAMING, f"life {self.life}", ROOM)

    def kill(self, store: FrameStore) -> None:
        """The process is gone; nothing is reported or written."""
        os.close(store.journal._lock)

    def lose_power(self, store: FrameStore) -> None:
        self.kill(store)
        for path in self.memory.iterdir():
            path.unlink()
        self.life += 1


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def keep(store: FrameStore, numbers: range, *, dated: bool = True) -> list[Frame]:
    kept = [store.add(NUMBER, validated(n), float(n), NOW_MS + n * 1000 if dated else None) for n in numbers]
    return [frame for frame in kept if frame is not None]


def kept(store: FrameStore) -> list[tuple[int, int]]:
    """(EAST, time) of every frame that is here, in the order of boots and numbers."""
    return [
        (int(frame.values["EAST"]), frame.time_ms)
        for boot, ranges in store.journal.held().items()
        for first, last in ranges
        for frame in store.journal.frames(boot, first, last)
    ]


def released(store: FrameStore, most: int = 1000) -> list[int]:
    return [int(f.values["EAST"]) for f in store.date_queued(lambda at: NOW_MS + round(at * 1000), most)]


def test_frames_without_date_wait_and_are_numbered_when_they_can_be_dated(machine: Machine) -> None:
    store = machine.store()
    assert keep(store, range(5), dated=False) == []
    assert store.date_queued(lambda _: None, 10) == []
    assert store.journal.next_seq == 1
    keep(store, range(5, 6))  # live frames do not wait behind them
    assert released(store, 2) == [0, 1]
    assert released(store) == [2, 3, 4]
    assert len(store.undated) == 0
    assert kept(store) == [(n, NOW_MS + n * 1000) for n in (5, 0, 1, 2, 3, 4)]
    assert not (machine.memory / "undated").exists()


@pytest.mark.parametrize("before", [0, 1, 3, 5])
def test_a_kill_neither_loses_nor_doubles_a_frame_that_waits(machine: Machine, before: int) -> None:
    store = machine.store()
    keep(store, range(5), dated=False)
    assert released(store, before) == list(range(before))
    machine.kill(store)
    again = machine.store()
    keep(again, range(5, 7), dated=False)
    assert released(again) == list(range(before, 7))
    assert sorted(kept(again)) == [(n, NOW_MS + n * 1000) for n in range(7)]


def test_a_kill_between_numbering_and_leaving_does_not_double(machine: Machine) -> None:
    store = machine.store()
    keep(store, range(3), dated=False)
    first = store.undated.peek()
    assert first is not None
    store._append_queued(first[0], first[1], NOW_MS)
    machine.kill(store)
    assert released(machine.store()) == [1, 2]


def test_a_machine_that_is_started_anew_drops_what_had_no_date_and_counts_it(machine: Machine) -> None:
    store = machine.store()
    keep(store, range(4), dated=False)
    machine.kill(store)
    machine.life += 1
    again = machine.store()
    assert (len(again.undated), again.undated.dropped) == (0, 4)
    keep(again, range(7, 8), dated=False)
    assert released(again) == [7]


def test_a_damaged_record_among_frames_without_date_is_counted_and_moves_no_other(machine: Machine) -> None:
    store = machine.store()
    keep(store, range(4), dated=False)
    machine.kill(store)
    path = machine.memory / "undated"
    lines = path.read_bytes().split(b"\n")
    lines[3] = lines[3][:60] + b"\r" + lines[3][61:]
    path.write_bytes(b"\n".join(lines))
    again = machine.store()
    assert (len(again.undated), again.undated.dropped) == (2, 2)
    keep(again, range(4, 6), dated=False)
    assert released(again) == [0, 1, 4, 5]


def test_a_healthy_edge_writes_nothing_to_disk(machine: Machine) -> None:
    store = machine.store()
    for second in range(0, 7200, 10):
        keep(store, range(second, second + 10))
        store.tick(is_away=False, now_s=float(second))
    assert store.saves == 0
    assert not machine.disk.exists()


def test_power_that_goes_during_an_outage_costs_the_last_minute_at_most(machine: Machine) -> None:
    store = machine.store()
    for second in range(0, 2000, 10):
        keep(store, range(second, second + 10))
        store.tick(is_away=second >= 300, now_s=float(second))
        assert store.wait_until_saved(20)
    machine.lose_power(store)
    again = machine.store()
    found = [east for east, _ in kept(again)]
    assert found == list(range(len(found)))
    assert len(found) > 2000 - 80
    assert again.journal.backlog() != {}
    assert again.journal.boot != store.journal.boot


def test_what_a_power_cut_destroys_while_the_recorder_is_away_is_known_to_have_been_given(machine: Machine) -> None:
    store = machine.store()
    for second in range(200):
        keep(store, range(second, second + 1))
        store.journal.acknowledge({store.journal.boot: IntervalSet([(second + 1, second + 1)])})
        store.tick(is_away=second >= 20, now_s=float(second))  # the broker has it all, and no recorder is there
        assert store.wait_until_saved(10)
    boot = store.journal.boot
    machine.lose_power(store)
    again = machine.store()
    assert again.journal.ended == {boot: 200}
    assert list(again.journal.held()[boot]) == [(1, 141)]
    keep(again, range(300, 303))
    machine.lose_power(again)
    third = machine.store()
    assert third.journal.ended[boot] == 200


def test_a_power_cut_before_the_first_copy_is_noted_too(machine: Machine) -> None:
    store = machine.store()
    keep(store, range(50))
    store.tick(is_away=True, now_s=50.0)
    keep(store, range(50, 60))
    boot = store.journal.boot
    machine.lose_power(store)
    again = machine.store()
    assert (again.journal.ended, again.journal.held()) == ({boot: 60}, {})


def test_a_journal_that_is_older_than_the_note_begins_a_new_boot(machine: Machine) -> None:
    store = machine.store()
    keep(store, range(10))
    snapshot = {path.name: path.read_bytes() for path in machine.memory.iterdir()}
    store.tick(is_away=True, now_s=10.0)
    keep(store, range(10, 15))
    machine.kill(store)
    for name, content in snapshot.items():
        (machine.memory / name).write_bytes(content)
    again = machine.store()
    assert again.journal.boot != store.journal.boot
    assert again.journal.ended == {store.journal.boot: 15}


def test_an_orderly_end_costs_nothing(machine: Machine) -> None:
    store = machine.store()
    keep(store, range(FRAMES_PER_SEGMENT + 7))
    store.journal.acknowledge({store.journal.boot: IntervalSet([(1, 500)])})
    store.close()
    for path in machine.memory.iterdir():
        path.unlink()
    machine.life += 1
    again = machine.store()
    assert [east for east, _ in kept(again)] == list(range(FRAMES_PER_SEGMENT + 7))
    assert {boot: list(each) for boot, each in again.journal.backlog().items()} == {
        store.journal.boot: [(501, FRAMES_PER_SEGMENT + 7)]
    }


def test_frames_brought_back_from_disk_are_as_old_as_they_were(machine: Machine) -> None:
    store = machine.store()
    keep(store, range(FRAMES_PER_SEGMENT))
    store.close()
    for path in machine.memory.iterdir():
        path.unlink()
    again = machine.store()
    later = range(15 * 86_400, 15 * 86_400 + FRAMES_PER_SEGMENT)
    keep(again, later)
    assert again.journal.dropped == FRAMES_PER_SEGMENT
    assert [east for east, _ in kept(again)] == list(later)


def test_after_an_outage_the_disk_learns_that_the_broker_has_all(machine: Machine) -> None:
    store = machine.store()
    keep(store, range(10))
    for now_s in (0.0, 70.0):
        store.tick(is_away=True, now_s=now_s)
    assert store.wait_until_saved(20)
    store.tick(is_away=False, now_s=80.0)
    assert store.wait_until_saved(20)
    assert store.saves == 1  # it still lacks frames
    store.journal.acknowledge({store.journal.boot: IntervalSet([(1, 10)])})
    for now_s in (90.0, 100.0):
        store.tick(is_away=False, now_s=now_s)
        assert store.wait_until_saved(20)
    assert store.saves == 2
    machine.lose_power(store)
    assert machine.store().journal.backlog() == {}


def test_a_card_that_takes_its_time_holds_nothing_up(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    card_answers, asked = Event(), []

    def slow(copy: DiskMirror) -> None:
        asked.append(copy)
        assert card_answers.wait(20)

    monkeypatch.setattr(DiskMirror, "save", slow)
    store = machine.store()
    for now_s in (0.0, 70.0, 140.0, 210.0):
        store.tick(is_away=True, now_s=now_s)  # returns, though the card does not
    assert (len(asked), store.saves) == (1, 0)
    assert len(keep(store, range(3))) == 3
    card_answers.set()
    assert store.wait_until_saved(20)
    assert store.saves == 1
    store.tick(is_away=True, now_s=280.0)
    assert store.wait_until_saved(20)
    assert store.saves == 2


def test_a_card_that_never_answers_does_not_keep_the_edge_from_ending(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    is_over = Event()
    monkeypatch.setattr(DiskMirror, "save", lambda _: is_over.wait(60))
    monkeypatch.setattr("tictally_edge.journal.frame_store._SAVE_TIMEOUT_S", 0.05)
    store = machine.store()
    for now_s in (0.0, 70.0):
        store.tick(is_away=True, now_s=now_s)
    store.close()
    is_over.set()
    assert "the disk does not respond" in caplog.text


def test_a_disk_that_is_full_is_a_warning(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    machine.disk.write_text("no folder can be made here")
    store = machine.store()
    keep(store, range(3))
    store.close()
    assert "The journal cannot be copied to disk" in caplog.text
    machine.disk.unlink()
    assert [east for east, _ in kept(machine.store())] == [0, 1, 2]


def test_a_room_that_is_full_loses_the_oldest_block_and_counts_its_frames(tmp_path: Path) -> None:
    roomy = FrameStore(tmp_path / "roomy", None, NAMING, "life", ROOM)
    keep(roomy, range(FRAMES_PER_SEGMENT * 6))
    room = sum(path.stat().st_size for path in (tmp_path / "roomy").glob("*.segment")) // 2
    store = FrameStore(tmp_path / "memory", None, NAMING, "life", room)
    keep(store, range(FRAMES_PER_SEGMENT * 6))
    assert store.journal.dropped > 0
    assert store.journal.dropped % FRAMES_PER_SEGMENT == 0
    assert [east for east, _ in kept(store)] == list(range(store.journal.dropped, FRAMES_PER_SEGMENT * 6))
