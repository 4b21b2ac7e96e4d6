"""The journal: numbering, kills, damage, and its formats."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tictally_edge.journal import segment, segments, wal
from tictally_edge.journal.journal import FRAMES_PER_SEGMENT, Journal, JournalError
from tictally_edge.journal.segments import RETENTION_MS
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_shared.frames import Frame
from tictally_shared.interval_set import IntervalSet
from tictally_shared.labels import LABELS, Mode

NOW_MS = 1_795_000_000_000
MACHINE = "11111111-2222-3333-4444-555555555555"


def put(journal: Journal, count: int, *, start_ms: int = NOW_MS, east: int = 0) -> list[Frame]:
    def append(n: int) -> Frame:
        values: dict[str, int | str] = {"EAST": east + n, "SINSTS": 700 + n % 7, "LTARF": "HC BLEU"}
        return journal.append(
            lambda boot, seq: Frame("021961000001", "pi", boot, seq, start_ms + n * 1000, Mode.STANDARD, values)
        )

    return [append(n) for n in range(count)]


def ranges(found: dict[str, IntervalSet]) -> dict[str, list[tuple[int, int]]]:
    return {boot: list(each) for boot, each in found.items()}


def reopened(folder: Path, machine: str = MACHINE) -> Journal:
    return Journal(folder, "pi", machine)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.mark.parametrize("count", [5, FRAMES_PER_SEGMENT, FRAMES_PER_SEGMENT * 2 + 5])
def test_numbers_and_backlog_go_on_after_a_kill(folder: Path, count: int) -> None:
    journal = reopened(folder)
    made = put(journal, count)
    journal.acknowledge({journal.boot: IntervalSet([(1, 2), (4, 4)])})
    os.close(journal._lock)  # a kill: nothing else is done
    again = reopened(folder)
    assert again.boot == journal.boot
    assert again.next_seq == count + 1
    assert ranges(again.backlog()) == {journal.boot: [(3, 3), (5, count)]}
    assert ranges(again.held()) == {journal.boot: [(1, count)]}
    assert list(again.frames(journal.boot, 1, count)) == made
    (after,) = put(again, 1)
    assert after.seq == count + 1


def test_acknowledgements_survive_the_sealing_of_a_block(folder: Path) -> None:
    journal = reopened(folder)
    put(journal, FRAMES_PER_SEGMENT - 1)
    journal.acknowledge({journal.boot: IntervalSet([(1, FRAMES_PER_SEGMENT - 10)])})
    put(journal, 20)
    journal.close()
    assert ranges(reopened(folder).backlog()) == {journal.boot: [(FRAMES_PER_SEGMENT - 9, FRAMES_PER_SEGMENT + 19)]}


def test_a_machine_that_started_anew_begins_a_new_boot_and_keeps_the_old_ones_frames(folder: Path) -> None:
    journal = reopened(folder)
    made = put(journal, 3)
    journal.close()
    again = reopened(folder, "another life")
    assert again.boot != journal.boot
    assert again.next_seq == 1
    assert ranges(again.backlog()) == {journal.boot: [(1, 3)]}
    assert list(again.frames(journal.boot, 1, 3)) == made


def test_a_line_that_was_being_written_is_cut_off_and_its_number_used_again(folder: Path) -> None:
    journal = reopened(folder)
    put(journal, 2)
    journal.close()
    with (folder / "wal").open("ab") as file:
        file.write(wal.encode(wal.FRAME, "{}")[:-3])
    again = reopened(folder)
    assert (again.boot, again.next_seq, again.damaged) == (journal.boot, 3, 0)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a byte within a frame": lambda data: data[:-40] + b"#" + data[-39:],
    "the first line": lambda data: b"#" + data[1:],
    "everything": lambda _: b"\x00" * 500 + b"\n",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_tail_begins_a_new_boot_and_is_counted(folder: Path, damage: str) -> None:
    journal = reopened(folder)
    made = put(journal, 3)
    journal.close()
    path = folder / "wal"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    again = reopened(folder)
    assert (again.boot != journal.boot, again.next_seq, again.damaged) == (True, 1, 1)
    assert list(again.frames(journal.boot, 1, 3)) == (made[:2] if damage == "a byte within a frame" else [])


def test_no_flipped_bit_in_the_journals_tail_lets_a_number_be_given_twice(folder: Path, tmp_path: Path) -> None:
    journal = reopened(folder)
    put(journal, 3)
    journal.close()
    whole = (folder / "wal").read_bytes()
    last_record = len(whole.rstrip(b"\n").rpartition(b"\n")[0]) + 1
    twice = []
    for at in range(last_record, len(whole)):
        for bit in range(8):
            copy = tmp_path / f"{at}-{bit}"
            copy.mkdir()
            (copy / "wal").write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            again = reopened(copy)
            if again.boot == journal.boot and again.next_seq <= 3:
                twice.append((at, bit))
            again.close()
    assert twice == []


def test_a_tail_of_another_form_is_set_aside(folder: Path) -> None:
    folder.mkdir()
    (folder / "wal").write_bytes(wal.encode(wal.HEAD, json.dumps({"wal": 99})))
    journal = reopened(folder)
    assert (journal.next_seq, journal.damaged) == (1, 1)
    assert (folder / "wal.unread").exists()


def test_a_damaged_block_costs_only_its_frames(folder: Path) -> None:
    journal = reopened(folder)
    put(journal, FRAMES_PER_SEGMENT * 2)
    journal.close()
    victim = folder / f"{journal.boot}-1-{FRAMES_PER_SEGMENT}.segment"
    victim.write_bytes(victim.read_bytes()[:-100])
    again = reopened(folder)
    found = [frame.seq for frame in again.frames(journal.boot, 1, FRAMES_PER_SEGMENT * 2)]
    assert found == list(range(FRAMES_PER_SEGMENT + 1, FRAMES_PER_SEGMENT * 2 + 1))
    assert again.damaged == 1
    assert ranges(again.held()) == {journal.boot: [(FRAMES_PER_SEGMENT + 1, FRAMES_PER_SEGMENT * 2)]}


def test_frames_that_are_two_weeks_old_go_and_are_counted(folder: Path) -> None:
    journal = reopened(folder)
    put(journal, FRAMES_PER_SEGMENT)
    put(journal, FRAMES_PER_SEGMENT, start_ms=NOW_MS + RETENTION_MS + FRAMES_PER_SEGMENT * 1000)
    assert journal.dropped == FRAMES_PER_SEGMENT
    assert ranges(journal.held()) == {journal.boot: [(FRAMES_PER_SEGMENT + 1, FRAMES_PER_SEGMENT * 2)]}
    assert ranges(journal.backlog()) == ranges(journal.held())


def test_what_was_believed_is_remembered(folder: Path) -> None:
    journal = reopened(folder)
    journal.set_meter("021961000001")
    put(journal, 3, east=5000)
    journal.close()
    again = reopened(folder)
    assert again.number == "021961000001"
    assert again.registers == {"EAST": (5002, NOW_MS + 2000)}
    again.set_meter("021961000002")
    again.close()
    assert reopened(folder).registers == {}


def test_a_new_boot_can_begin_at_any_time_and_keeps_what_is_stored(folder: Path) -> None:
    journal = reopened(folder)
    made = put(journal, 5)
    before = journal.boot
    journal.begin_boot()
    assert (journal.boot != before, journal.next_seq, journal.ended) == (True, 1, {before: 5})
    put(journal, 2)
    journal.close()
    again = reopened(folder)
    assert (again.boot, again.next_seq, again.ended) == (journal.boot, 3, {before: 5})
    assert list(again.frames(before, 1, 9)) == made
    assert ranges(again.backlog()) == {before: [(1, 5)], journal.boot: [(1, 2)]}


def test_the_journal_holds_no_more_files_than_it_may(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MAX_SEGMENTS", 3)
    for life in range(6):
        journal = reopened(folder, f"life {life}")
        put(journal, 2, start_ms=NOW_MS + life * 60_000)
        journal.close()
    assert len(list(folder.glob("*.segment"))) == 3


def test_a_second_edge_on_one_journal_is_refused(folder: Path) -> None:
    journal = reopened(folder)
    with pytest.raises(JournalError, match="in use by another edge"):
        reopened(folder)
    journal.close()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be used: a file stands in its place"):
        reopened(tmp_path / "file" / "journal")


def test_a_full_disk_costs_the_frame_but_not_its_number(tmp_path: Path) -> None:
    program = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_journal_writer import append
from tictally_edge.journal.journal import Journal
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path(sys.argv[1]), "pi", "machine")
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
numbers = []
for n in range(30):
    try:
        numbers.append(append(journal, n).seq)
    except OSError:
        break
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
numbers.append(append(journal, 99).seq)
journal.close()
assert len(numbers) > 3, numbers
assert numbers == list(range(1, len(numbers) + 1)), numbers
assert [f.seq for f in Journal(Path(sys.argv[1]), "pi", "machine").frames(journal.boot, 1, 100)] == numbers
"""
    writer = """
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode
def append(journal, n):
    return journal.append(lambda boot, seq: Frame("1", "pi", boot, seq, n, Mode.STANDARD, {"EAST": n}))
"""
    (tmp_path / "test_journal_writer.py").write_text(writer)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "journal"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def simulated(count: int, mode: Mode) -> list[Frame]:
    meter = SimulatedMeter(SimulatedContract.TEMPO, mode, start=datetime(2026, 1, 12, tzinfo=UTC), phases=3)
    frames = []
    for n in range(count):
        groups = {g.label: int(g.data) if LABELS[g.label].is_number else g.data.strip() for g in meter.groups()}
        dated = {g.label: "2026-01-12T01:00:00+01:00" for g in meter.groups() if g.horodate is not None}
        frames.append(Frame("021961000001", "pi", "0" * 16, n + 7, NOW_MS + n * 1300, mode, groups, dated))
        meter.advance(meter.moment + timedelta(seconds=1.3))
    return frames


@pytest.mark.parametrize("mode", list(Mode))
def test_a_block_gives_back_what_was_packed(mode: Mode) -> None:
    frames = simulated(300, mode)
    assert segment.unpack(segment.pack(frames)) == frames


VALUES = st.dictionaries(
    st.sampled_from(["EAST", "SINSTS", "LTARF", "MSG1", "STGE"]), st.one_of(st.integers(0, 10**9), st.text(max_size=9))
)
FRAMES = st.lists(
    st.builds(
        Frame,
        meter=st.sampled_from(["a", "b"]),
        edge=st.just("pi"),
        boot=st.just("0123456789abcdef"),
        seq=st.just(0),
        time_ms=st.integers(0, 2**41),
        mode=st.sampled_from(list(Mode)),
        values=VALUES,
        dated=st.dictionaries(st.sampled_from(["DATE", "SMAXSN"]), st.just("2026-01-12T01:00:00+01:00")),
        serial=st.sampled_from([None, "abcdef01", "12345678"]),
    ),
    min_size=1,
    max_size=12,
)


@given(FRAMES)
@settings(deadline=None)
def test_a_block_gives_back_whatever_was_packed(frames: list[Frame]) -> None:
    numbered = [replace(frame, seq=n + 5) for n, frame in enumerate(frames)]
    assert segment.unpack(segment.pack(numbered)) == numbered


@given(st.binary(max_size=300))
def test_bytes_that_are_no_block_are_a_sentence(data: bytes) -> None:
    with pytest.raises(segment.SegmentError):
        segment.unpack(data)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_tail_raise_nothing(data: bytes) -> None:
    read = wal.decode(data)
    assert read.size <= len(data)
