"""What is wrong with a ledger is told, a sentence each."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from ledger_building import BOOT, DAY_MS, METER, NOON_MS, frame, message

from tictally_recorder.ledger import Ledger, integrity
from tictally_shared.calendar import QUARTER_MS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with raw frames, pruned ones, a dirty quarter, and numbers of every kind."""
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        some = [frame(1 + i, NOON_MS + i * QUARTER_MS, {"EAST": i, "LTARF": "HC"}) for i in range(12)]
        ledger.store([message(each) for each in some])
        ledger.store([message(frame(50, NOON_MS + 4 * DAY_MS, {"EAST": 99}))])
        while ledger.prune(NOON_MS + 4 * DAY_MS):
            pass
        for seq, after_ms in ((60, 9000), (61, 5000)):
            ledger.store([message(frame(seq, NOON_MS + 4 * DAY_MS + after_ms, {"EAST": 99}))])
        assert ledger.counts().dirty == 1
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for each in statements:
            connection.execute(each)


def test_a_whole_ledger_has_nothing_wrong(path: Path) -> None:
    assert integrity(path) == []
    with Ledger.open(path):
        assert integrity(path) == []  # also while it is recorded


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["DELETE FROM meter"], "13 rows of quarter name a meter that is not there"),
        (
            ["UPDATE quarter SET settled = NULL"],
            rf"12 quarters of an hour have neither raw frames nor a settled part; the first is meter {METER}'s from 20",
        ),
        (["DELETE FROM dirty", "DELETE FROM quarter"], "1 quarters of an hour have raw frames and are not told"),
        (["UPDATE quarter SET packed = x'01ff' WHERE settled IS NULL"], "1 quarters of an hour cannot be read"),
        (
            ["UPDATE number SET last = 60 WHERE first = 50"],
            f"the frame numbers 50 to 60 of edge cellar, boot {BOOT}, are told twice from 60 on",
        ),
        (["UPDATE number SET last = 3 WHERE first = 60"], "60 to 3 .* the wrong way round"),
        (["DELETE FROM number WHERE first = 60"], "2 frames of edge cellar, .* are stored and their numbers are not"),
        (["UPDATE number SET status = 4 WHERE first = 60"], "2 frames of edge cellar, .* their numbers are not"),
    ],
)
def test_a_contradiction_is_told(path: Path, statements: list[str], said: str) -> None:
    change(path, *statements)
    found = integrity(path)
    assert any(re.search(said, each) for each in found), found


def test_a_damaged_file_is_told(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(4096 * 3, len(content), 4096):
        content[at : at + 8] = b"\xff" * 8
    path.write_bytes(content)
    found = integrity(path)
    assert found
    assert all("damaged" in each or "cannot be read" in each for each in found)


def test_what_is_no_ledger_is_told(tmp_path: Path) -> None:
    (missing,) = integrity(tmp_path / "missing.sqlite")
    assert "there is no ledger" in missing
    (tmp_path / "other.sqlite").write_bytes(b"no database at all" * 100)
    (other,) = integrity(tmp_path / "other.sqlite")
    assert "is not a ledger" in other
