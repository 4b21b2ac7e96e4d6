"""Each problem of a ledger is reported, a sentence each."""

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
    """A ledger with raw frames, settled quarters, a dirty one, and frame numbers in several ranges."""
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        some = [frame(1 + i, NOON_MS + i * QUARTER_MS, {"EAST": i, "LTARF": "HC"}) for i in range(12)]
        ledger.store([message(each) for each in some])
        ledger.store([message(frame(50, NOON_MS + 4 * DAY_MS, {"EAST": 99}))])
        while ledger.apply_retention(NOON_MS + 4 * DAY_MS):
            pass
        for seq, after_ms in ((60, 9000), (61, 5000)):
            ledger.store([message(frame(seq, NOON_MS + 4 * DAY_MS + after_ms, {"EAST": 99}))])
        assert ledger.counts().dirty == 1
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for each in statements:
            connection.execute(each)


def test_an_intact_ledger_has_no_problem(path: Path) -> None:
    assert integrity(path) == []
    with Ledger.open(path):
        assert integrity(path) == []  # also while it is recorded


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        (["DELETE FROM meter"], "13 rows of quarter reference a missing meter"),
        (
            ["UPDATE quarter SET settled = NULL"],
            rf"12 quarter-hours have neither raw frames nor a settled part; the first is meter {METER}'s from 20",
        ),
        (
            ["DELETE FROM dirty_quarter", "DELETE FROM quarter"],
            "1 quarter-hours have raw frames and no row",
        ),
        (["UPDATE quarter SET packed = x'01ff' WHERE settled IS NULL"], "1 quarter-hours cannot be read"),
        (
            ["UPDATE frame_number SET last = 60 WHERE first = 50"],
            f"the frame numbers 50 to 60 of edge cellar, boot {BOOT}, are recorded twice from 60 on",
        ),
        (["UPDATE frame_number SET last = 3 WHERE first = 60"], "60 to 3 .* are reversed"),
        (
            ["DELETE FROM frame_number WHERE first = 60"],
            "2 frames of edge cellar, .* are stored without their numbers",
        ),
        (["UPDATE frame_number SET status = 4 WHERE first = 60"], "2 frames of edge cellar, .* without their numbers"),
    ],
)
def test_a_contradiction_is_reported(path: Path, statements: list[str], problem: str) -> None:
    change(path, *statements)
    found = integrity(path)
    assert any(re.search(problem, each) for each in found), found


def test_a_damaged_file_is_reported(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(4096 * 3, len(content), 4096):
        content[at : at + 8] = b"\xff" * 8
    path.write_bytes(content)
    found = integrity(path)
    assert found
    assert all("damaged" in each or "cannot be read" in each for each in found)


def test_a_file_that_is_not_a_ledger_is_reported(tmp_path: Path) -> None:
    (missing,) = integrity(tmp_path / "missing.sqlite")
    assert "there is no ledger" in missing
    (tmp_path / "other.sqlite").write_bytes(b"no database at all" * 100)
    (other,) = integrity(tmp_path / "other.sqlite")
    assert "is not a tictally ledger" in other
