"""The ledger file: who may open it, which files are rejected, and what happens when it cannot be written."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from ledger_building import NOON_MS, frame, message

from tictally_recorder.ledger import (
    BatchResult,
    Ledger,
    LedgerError,
    LedgerGone,
    LedgerInUse,
    LedgerReader,
    LedgerUnavailable,
    Message,
)
from tictally_recorder.ledger.connection import translate_sqlite_errors
from tictally_recorder.ledger.schema import SCHEMA_VERSION


def batch(first: int, n: int) -> list[Message]:
    return [
        message(frame(seq, NOON_MS + seq * 1000, {"EAST": seq, "LTARF": f"P{seq // 7}"}))
        for seq in range(first, first + n)
    ]


def test_a_second_recorder_is_rejected_by_a_sentence_that_names_the_first(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path), pytest.raises(LedgerInUse, match=rf"in use by process {os.getpid()}$"):
        Ledger.open(path)
    Ledger.open(path).close()


def test_a_second_recorder_by_a_hard_link_is_rejected(tmp_path: Path) -> None:
    path, other = tmp_path / "ledger.sqlite", tmp_path / "elsewhere" / "second.sqlite"
    other.parent.mkdir()
    with Ledger.open(path):
        os.link(path, other)
        with pytest.raises(LedgerInUse, match="under another name"):
            Ledger.open(other)
    Ledger.open(other).close()


def test_other_users_may_not_read_what_a_ledger_leaves_on_the_disk(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
            ledger.store(batch(1, 3))
            ledger.rescue(tmp_path / "copy.sqlite")
            readable = {path.name: path.stat().st_mode & 0o007 for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    names = ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.sqlite.lock", "copy.sqlite")
    assert readable == dict.fromkeys(names, 0)


@pytest.mark.parametrize("what", ["ledger.sqlite", "ledger.sqlite-wal"])
@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_gone_or_another_one_is_never_written_to(tmp_path: Path, what: str, *, replaced: bool) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store(batch(1, 5))
        if replaced:
            (tmp_path / "other").write_bytes(b"")
            (tmp_path / "other").replace(tmp_path / what)
        else:
            (tmp_path / what).unlink()
        with pytest.raises(LedgerGone, match=f"{what} was {'replaced' if replaced else 'deleted'}"):
            ledger.store(batch(6, 5))
        with pytest.raises(LedgerGone):
            ledger.counts()
        ledger.rescue(tmp_path / "rescued")
    with LedgerReader.open(tmp_path / "rescued") as reader:
        assert reader.counts().frames == 5


def test_a_file_that_is_deleted_while_a_batch_is_stored_is_not_reported_as_stored(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"

    def deleting() -> Iterator[Message]:
        yield from batch(1, 3)
        path.unlink()

    with Ledger.open(path) as ledger, pytest.raises(LedgerGone):
        ledger.store(deleting())


def test_a_ledger_that_is_locked_when_it_is_opened_may_be_opened_later(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as blocker:
        blocker.execute("PRAGMA locking_mode = EXCLUSIVE")
        blocker.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerUnavailable, match="cannot be opened: database is locked; another program uses it"):
            Ledger.open(path)
    Ledger.open(path).close()


def test_a_ledger_that_this_user_may_not_write_names_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as reading,
        pytest.raises(LedgerUnavailable, match="readonly database; this user may not write it: run the command as the"),
        translate_sqlite_errors(),
    ):
        reading.execute("CREATE TABLE t (a)")


def test_closing_twice_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger.open(path)
    ledger.close()
    ledger.close()
    with Ledger.open(path) as again:
        assert again.counts().size_bytes > 0


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be looked at" * 20, b"SQLite format 3\0" + b"x" * 4096]
)
def test_a_file_that_is_no_database_is_rejected_and_unchanged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(content)
    for open_it in (Ledger.open, LedgerReader.open):
        with pytest.raises(LedgerError, match="is not a tictally ledger"):
            open_it(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_rejected_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mine (x)")
    other.commit()
    other.close()
    before = path.read_bytes()
    for open_it in (Ledger.open, LedgerReader.open):
        with pytest.raises(LedgerError, match="is not a tictally ledger, but another database"):
            open_it(path)
    assert path.read_bytes() == before


def test_a_newer_programs_ledger_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    for open_it in (Ledger.open, LedgerReader.open):
        with pytest.raises(LedgerError, match="upgrade"):
            open_it(path)


@pytest.mark.parametrize("name", ["missing.sqlite", "no/such/folder.sqlite"])
def test_a_missing_ledger_is_reported_to_a_reader_in_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(LedgerError, match="there is no ledger"):
        LedgerReader.open(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_reported_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="nor a folder for it"):
        Ledger.open(tmp_path / "no" / "ledger.sqlite")


def test_a_name_with_special_characters_is_only_a_name(tmp_path: Path) -> None:
    path = tmp_path / "a ?mode=rw#%20.sqlite"
    with Ledger.open(path) as ledger, LedgerReader.open(path) as reader:
        ledger.store(batch(1, 1))
        assert reader.counts().frames == 1


def test_a_locked_ledger_stores_the_same_batch_later(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store(batch(1, 5))
        blocker = sqlite3.connect(path, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailable):
            ledger.store(batch(6, 5))
        blocker.execute("ROLLBACK")
        blocker.close()
        assert ledger.store(batch(6, 5)) == BatchResult(stored=5)


def test_a_full_disk_leaves_nothing_half_done(tmp_path: Path) -> None:
    path, whole = tmp_path / "ledger.sqlite", tmp_path / "whole.sqlite"
    with Ledger.open(path) as ledger, Ledger.open(whole) as other:
        ledger.store(batch(1, 20))
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(LedgerUnavailable, match="full"):
            ledger.store(batch(21, 2000))
        assert ledger.counts().frames == 20
        ledger._connection.execute("PRAGMA max_page_count = 1000000")
        assert ledger.store(batch(21, 2000)) == BatchResult(stored=2000)
        other.store(batch(1, 2020))
    assert list(dump(path)) == list(dump(whole))


def test_an_interrupted_batch_leaves_nothing_half_done(tmp_path: Path) -> None:
    path, whole = tmp_path / "ledger.sqlite", tmp_path / "whole.sqlite"

    def interrupted() -> Iterator[Message]:
        yield from batch(21, 20)
        raise KeyboardInterrupt

    with Ledger.open(path) as ledger, Ledger.open(whole) as other:
        ledger.store(batch(1, 20))
        with pytest.raises(KeyboardInterrupt):
            ledger.store(interrupted())
        assert ledger.counts().frames == 20
        assert ledger.store(batch(21, 30)) == BatchResult(stored=30)
        other.store(batch(1, 50))
    assert list(dump(path)) == list(dump(whole))


def dump(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    lines = [line for line in connection.iterdump() if '"meta"' not in line]
    connection.close()
    return lines


def test_acknowledged_messages_survive_kill_9_and_are_recognized_as_repeated(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    acknowledged = 0
    recorder_command = [sys.executable, __file__, str(path)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    for kills in range(3):
        with subprocess.Popen(recorder_command, stdout=subprocess.PIPE, text=True, env=environment) as recorder:
            assert recorder.stdout is not None
            for line in recorder.stdout:
                acknowledged = int(line)
                if acknowledged >= 300 * (kills + 1):
                    recorder.send_signal(signal.SIGKILL)
                    break
    assert acknowledged >= 900
    with Ledger.open(path) as ledger:
        before = ledger.counts().frames
        assert before >= acknowledged
        assert ledger.store(batch(1, acknowledged)) == BatchResult(duplicates=acknowledged)
        assert ledger.store(batch(1, before + 50)) == BatchResult(stored=50, duplicates=before)
    whole = tmp_path / "whole.sqlite"
    with Ledger.open(whole) as other:
        other.store(batch(1, before + 50))
    assert list(dump(path)) == list(dump(whole))


def _store_for_ever(path: Path) -> None:
    with Ledger.open(path) as ledger:
        for first in count(1, 30):
            ledger.store(batch(first, 30))
            print(first + 29, flush=True)  # noqa: T201 - the acknowledgement


if __name__ == "__main__":
    _store_for_ever(Path(sys.argv[1]))
