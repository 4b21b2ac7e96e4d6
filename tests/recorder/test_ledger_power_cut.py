"""A ledger whose files were cut anywhere in a commit or a checkpoint, as by a power cut: all of a batch, or nothing.

SQLite's guarantee rests on the disk, which writes what it was asked to sync. Everything else may be lost or torn in the
middle of a sector: https://www.sqlite.org/atomiccommit.html
"""

import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import pytest
from ledger_building import NOON_MS, frame, message

from tictally_recorder.ledger import Ledger, LedgerReader, integrity

SECTOR: Final = 512
BATCH: Final = 60


@dataclass(frozen=True)
class Files:
    """The bytes of a ledger and of its log."""

    main: bytes
    wal: bytes

    @classmethod
    def of(cls, path: Path) -> "Files":
        return cls(path.read_bytes(), wal_of(path).read_bytes())

    def write(self, folder: Path) -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        path = folder / "ledger.sqlite"
        path.write_bytes(self.main)
        wal_of(path).write_bytes(self.wal)
        return path


@dataclass(frozen=True)
class Commit:
    """A ledger before and after a commit of BATCH frames; `first` are those that it had before."""

    before: Files
    after: Files
    first: int


def wal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def store(ledger: Ledger, first: int, count: int) -> None:
    ledger.store(
        message(frame(n, NOON_MS + 1500 * n, {"EAST": 90_000 + n, "SINSTS": 300 + n % 7, "LTARF": f"P{n // 50}"}))
        for n in range(first, first + count)
    )


@pytest.fixture(scope="module")
def commit(tmp_path_factory: pytest.TempPathFactory) -> Commit:
    path = tmp_path_factory.mktemp("whole") / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        store(ledger, 1, BATCH)
        before = Files.of(path)
        store(ledger, 1 + BATCH, BATCH)
        return Commit(before, Files.of(path), BATCH)


def stored(path: Path) -> int:
    """The frames of a ledger that opens, and has no damage."""
    with Ledger.open(path), LedgerReader.open(path) as reader:
        count = reader.counts().frames
    assert integrity(path) == []
    return count


def cuts(commit: Commit) -> Iterator[int]:
    """Lengths of the log: at every sector of the commit, and around the end of every page of it."""
    page = struct.unpack(">I", commit.after.wal[8:12])[0] + 24
    start, end = len(commit.before.wal), len(commit.after.wal)
    yield from range(start, end, SECTOR)
    for at in range(start, end + 1, page):
        yield from (each for each in (at - 1, at, at + 1) if start <= each <= end)


def test_a_commit_cut_at_any_sector_leaves_all_of_it_or_nothing(commit: Commit, tmp_path: Path) -> None:
    wal, start = commit.after.wal, len(commit.before.wal)
    random = Random(7)
    seen: dict[int, int] = {}
    for cut in cuts(commit):
        lost = len(wal) - cut
        for tail in (b"", bytes(lost), random.randbytes(lost)):
            path = Files(commit.after.main, wal[:cut] + tail).write(tmp_path / "cut")
            seen[cut] = stored(path)
            assert seen[cut] == (2 * BATCH if wal[:cut] + tail == wal else BATCH), (cut - start, len(tail))
    assert set(seen.values()) == {BATCH, 2 * BATCH}


def test_a_sector_that_was_never_written_undoes_the_whole_commit(commit: Commit, tmp_path: Path) -> None:
    wal = commit.after.wal
    lost = b"\x5a" * SECTOR
    for at in range(len(commit.before.wal), len(wal) - SECTOR, SECTOR):
        path = Files(commit.after.main, wal[:at] + lost + wal[at + SECTOR :]).write(tmp_path / "torn")
        assert stored(path) == BATCH, at


def test_what_the_broker_sends_again_makes_the_ledger_whole(commit: Commit, tmp_path: Path) -> None:
    def rows(path: Path) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(path)) as connection:
            tables = ("frame", "frame_number", "quarter", "text_change", "label_seen", "daily_maximum")
            return [row for table in tables for row in connection.execute(f"SELECT '{table}', * FROM {table}")]  # noqa: S608

    whole = rows(commit.after.write(tmp_path / "whole"))
    middle = (len(commit.before.wal) + len(commit.after.wal)) // 2
    path = Files(commit.after.main, commit.after.wal[:middle]).write(tmp_path / "cut")
    with Ledger.open(path) as ledger:
        assert ledger.counts().frames == BATCH
        store(ledger, 1 + BATCH // 2, BATCH // 2 + BATCH)
    assert rows(path) == whole


def test_a_checkpoint_cut_anywhere_loses_nothing(commit: Commit, tmp_path: Path) -> None:
    path = commit.after.write(tmp_path / "checkpoint")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        main = path.read_bytes()
    before = commit.after.main.ljust(len(main), b"\0")
    changed = [at for at in range(0, len(main), SECTOR) if main[at : at + SECTOR] != before[at : at + SECTOR]]
    assert len(changed) > BATCH / 10
    random = Random(11)
    for written in range(len(changed) + 1):
        # A disk may write the sectors in any order, and has one of them in its hands.
        done = random.sample(changed, written)
        torn = bytearray(before)
        for at in done:
            torn[at : at + SECTOR] = main[at : at + SECTOR]
        if done:
            torn[done[-1] + SECTOR // 2 : done[-1] + SECTOR] = before[done[-1] + SECTOR // 2 : done[-1] + SECTOR]
        found = Files(bytes(torn), commit.after.wal).write(tmp_path / "cut")
        assert stored(found) == 2 * BATCH, written


def test_the_first_commit_after_a_checkpoint_cut_anywhere_leaves_all_of_it_or_nothing(
    commit: Commit, tmp_path: Path
) -> None:
    """It begins the log anew, over that of the earlier commits, which are in the ledger by then."""
    path = commit.after.write(tmp_path / "checkpoint")
    with Ledger.open(path) as ledger:
        ledger._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        main = path.read_bytes()
        store(ledger, 1 + 2 * BATCH, BATCH)
        wal = wal_of(path).read_bytes()
    page = struct.unpack(">I", wal[8:12])[0] + 24
    end = next(at for at in range(32, len(wal), page) if wal[at + 8 : at + 16] != wal[16:24])
    for cut in [*range(33), *range(SECTOR, end, SECTOR), end - 1, end]:
        found = Files(main, wal[:cut] + commit.after.wal[cut:]).write(tmp_path / "cut")
        assert stored(found) == (3 if cut == end else 2) * BATCH, cut


def test_a_commit_is_on_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        assert ledger._connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert ledger._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
