"""Frames that no edge holds any longer."""

from pathlib import Path

from ledger_building import BOOT, EDGE, MINUTE_MS, NOON_MS, frame, message

from tictally_recorder.ledger import BatchResult, Ledger, LedgerReader, NumberRange, Status


def test_lost_numbers_stay_known_and_stored_frames_stay_stored(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store([message(frame(seq, NOON_MS + seq, {"EAST": seq})) for seq in (4, 5, 9)])
        ledger.mark_lost(EDGE, {BOOT: [(1, 7)], "f" * 16: [(1, 2**62)]})
    with LedgerReader.open(path) as reader:
        assert reader.edges() == {EDGE: NOON_MS + 9}
        assert reader.frame_numbers(EDGE) == {
            BOOT: [
                NumberRange(1, 3, Status.LOST),
                NumberRange(4, 5, Status.STORED),
                NumberRange(6, 7, Status.LOST),
                NumberRange(9, 9, Status.STORED),
            ],
            "f" * 16: [NumberRange(1, 2**62, Status.LOST)],
        }
        assert (reader.counts().frames, reader.counts().lost) == (3, 5 + 2**62)
        assert reader.frame_numbers("attic") == {}


def test_a_lost_frame_that_arrives_is_stored(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        late = [message(frame(seq, NOON_MS + seq * MINUTE_MS, {"EAST": seq})) for seq in (1, 2, 3)]
        ledger.store(late[:1])
        ledger.mark_lost(EDGE, {BOOT: [(2, 3)]})
        assert ledger.store(late) == BatchResult(stored=2, duplicates=1)
        assert ledger.frame_numbers(EDGE) == {BOOT: [NumberRange(1, 3, Status.STORED)]}
        assert ledger.counts().lost == 0


def test_when_frames_were_lost_is_known_by_their_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store([message(frame(seq, NOON_MS + seq * MINUTE_MS, {"EAST": seq})) for seq in (1, 10, 20)])
        ledger.mark_lost(EDGE, {BOOT: [(2, 9), (15, 16), (21, 30)]})
        ledger.store([message(frame(4, NOON_MS + 4 * MINUTE_MS, {"EAST": 4}))])  # it was lost, and came
    minutes = [(0, 5), (0, 1), (9, 12), (0, 15), (10, 20), (20, 60)]
    with LedgerReader.open(path) as reader:
        found = [
            reader.lost_between([EDGE], NOON_MS + start * MINUTE_MS, NOON_MS + end * MINUTE_MS)
            for start, end in minutes
        ]
        assert reader.lost_between(["attic"], 0, 2**60) == 0
    assert found == [7, 0, 7 + 2, 7 + 2, 7 + 2, 2]
