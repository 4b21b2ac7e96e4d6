"""Replacing a ledger: killed at any step, on limited file systems, with links, and with owner and permissions."""

import errno
import os
import shutil
import signal
import sqlite3
import stat
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from backup_building import PARIS, build, rows, values
from ledger_building import MINUTE_MS, NOON_MS, frame, message
from recording import Recorder

from demo.broker import free_port
from tictally_recorder.backup import swap
from tictally_recorder.backup.create import BackupSpec, back_up
from tictally_recorder.backup.file_format import BackupError
from tictally_recorder.backup.restore import RestoreResult, restore
from tictally_recorder.ledger import Ledger, integrity
from tictally_recorder.ledger.lock import Lock

NOW = datetime(2026, 11, 25, 2, 15, tzinfo=UTC)
NOBODY = 12_345


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "nas" / "ledger.sqlite"
    build(path)
    return path


@pytest.fixture
def backup(ledger: Path, tmp_path: Path) -> Path:
    return made(ledger, tmp_path / "b")


def made(ledger: Path, target: Path) -> Path:
    spec = BackupSpec(ledger, ledger.parent / "contracts.toml", ledger.parent / "tariffs", "nas", PARIS)
    return back_up(spec, target, NOW).path


def restored(backup: Path, ledger: Path) -> RestoreResult:
    return restore(backup, ledger, ledger.parent / "contracts.toml", ledger.parent / "tariffs", NOW)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave_a_log(ledger: Path) -> None:
    """Leave frames in the log, as a killed recorder does."""
    child = os.fork()
    if child == 0:
        opened = Ledger.open(ledger)
        opened.store([message(frame(seq, NOON_MS + seq * MINUTE_MS, values(seq))) for seq in range(2000, 2300)])
        die()
    os.waitpid(child, 0)
    assert ledger.with_name("ledger.sqlite-wal").stat().st_size > 0


def kill_before_the_log_is_folded(backup: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(swap, "_fold_log", lambda _ledger: die())
        restored(backup, ledger)
        os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_opening_the_previous_ledger_of_a_killed_restore_does_no_harm(
    ledger: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_a_log(ledger)
    kill_before_the_log_is_folded(backup, ledger, monkeypatch)
    with Ledger.open(ledger) as opened:
        for first in range(3000, 9000, 500):
            numbers = range(first, first + 500)
            opened.store([message(frame(seq, NOON_MS + seq * MINUTE_MS, values(seq))) for seq in numbers])
    before = rows(ledger)
    (previous,) = [each for each in ledger.parent.glob("*.before-restore-*") if each.suffix != ".wal"]
    rows(previous)
    assert rows(ledger) == before
    assert integrity(ledger) == []


def test_the_next_restore_deletes_files_of_a_killed_one(
    ledger: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_a_log(ledger)
    kill_before_the_log_is_folded(backup, ledger, monkeypatch)
    ledger.with_name("ledger.sqlite.restoring.v3-20261125T021500Z").touch()
    previous = restored(backup, ledger).previous
    assert previous is not None
    assert {each.name for each in ledger.parent.glob("ledger.sqlite*")} == {
        "ledger.sqlite",
        "ledger.sqlite.lock",
        previous.name,
    }


def test_a_starting_recorder_deletes_files_of_a_killed_restore(
    ledger: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = restored(backup, ledger).previous
    kill_before_the_log_is_folded(backup, ledger, monkeypatch)
    with Recorder(ledger.parent, free_port()) as recorder:
        recorder.wait_for_log("recording")
        assert recorder.stop() == 0
    assert list(ledger.parent.glob("*.before-restore-*")) == [older]
    assert not list(ledger.parent.glob("*.restoring*"))


def test_without_hard_links_a_copy_that_does_not_fit_leaves_nothing(
    ledger: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(ledger)

    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    def half(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:1000])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(shutil, "copy2", half)
    with pytest.raises(BackupError, match="No space left on device; the previous ledger is unchanged"):
        restored(backup, ledger)
    assert rows(ledger) == before
    assert not list(ledger.parent.glob("*.before-restore-*"))
    monkeypatch.undo()
    monkeypatch.setattr(os, "link", refuse)
    previous = restored(backup, ledger).previous
    assert previous is not None
    assert rows(previous) == before


def test_a_restored_ledger_whose_folder_cannot_be_flushed_is_reported(
    ledger: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ledger.parent / "contracts.toml").unlink()

    def fail(_folder: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(
        sys.modules["tictally_recorder.backup.restore"], "sync_folder", fail
    )  # the name is a function's too
    done = restored(backup, ledger)
    assert done.previous is not None
    assert done.notes[0] == (
        "The ledger is restored, but its folder could not be flushed to the disk: Input/output error."
    )
    assert (ledger.parent / "contracts.toml").exists()


def test_a_file_system_without_folder_sync_accepts_backups(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def of_files_only(number: int) -> None:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(number)

    monkeypatch.setattr(os, "fsync", of_files_only)
    before = rows(ledger)["frame_number"]
    assert restored(made(ledger, tmp_path / "b"), ledger).notes == ()
    assert rows(ledger)["frame_number"] == before


def test_a_restored_ledger_has_the_permissions_of_the_old_one(ledger: Path, backup: Path) -> None:
    ledger.chmod(0o600)
    restored(backup, ledger)
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_restored_by_root_get_the_owner_of_the_ledger_or_its_folder(
    ledger: Path, backup: Path, tmp_path: Path
) -> None:
    os.chown(ledger, NOBODY, NOBODY)
    other = tmp_path / "other" / "ledger.sqlite"
    other.parent.mkdir()
    os.chown(other.parent, NOBODY, NOBODY)
    for each in (ledger, other):
        restored(backup, each)
        for path in (each, each.with_name("ledger.sqlite.lock")):
            assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, NOBODY)


def test_a_link_to_a_ledger_on_another_disk_stays_a_link(ledger: Path, backup: Path, tmp_path: Path) -> None:
    link = tmp_path / "linked" / "ledger.sqlite"
    link.parent.mkdir()
    link.symlink_to(ledger)
    number = ledger.stat().st_ino
    with closing(Lock(link)), pytest.raises(BackupError, match="is in use by process"):
        restored(backup, ledger)
    done = restored(backup, link)
    assert link.is_symlink()
    assert ledger.stat().st_ino != number
    assert done.previous is not None
    assert done.previous.parent == ledger.parent


def test_a_link_to_a_backup_on_another_disk_stays_a_link(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    link = tmp_path / "last.backup"
    link.symlink_to(tmp_path / "usb" / "b")
    made(ledger, link)
    assert link.is_symlink()
    assert (tmp_path / "usb" / "b").stat().st_size > 0


def test_a_row_that_references_a_missing_one_is_reported_with_its_table(ledger: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("UPDATE frame_number SET boot = boot + 99")
    with pytest.raises(BackupError, match="a row of the table frame_number references a missing row"):
        restored(made(ledger, tmp_path / "b"), ledger)


def test_the_log_of_an_emptied_ledger_is_preserved(ledger: Path, backup: Path) -> None:
    leave_a_log(ledger)
    log = ledger.with_name("ledger.sqlite-wal").read_bytes()
    ledger.write_bytes(b"")
    previous = restored(backup, ledger).previous
    assert previous is not None
    assert previous.with_name(f"{previous.name}-wal").read_bytes() == log
