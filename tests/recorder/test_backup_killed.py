"""Backup and restore, killed at any moment or on a full disk, lose no existing file and report the reason."""

import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from backup_building import PARIS, build, rows

from devel.child_process import ChildProcess
from tictally_recorder.backup.create import BackupSpec, back_up
from tictally_recorder.backup.verify import verify
from tictally_recorder.ledger import integrity

NOW = datetime(2026, 11, 25, 2, 15, tzinfo=UTC)
KILLED = 10


def command(*arguments: str | Path, ledger: Path) -> list[str]:
    return [sys.executable, "-m", "tictally_recorder", *map(str, arguments), "--ledger", str(ledger)]


def run(*arguments: str | Path, ledger: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments, ledger=ledger), env=environ(), capture_output=True, text=True, check=False
    )


def environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TICTALLY_")}


def made(ledger: Path, target: Path) -> Path:
    spec = BackupSpec(
        ledger, ledger.parent / "contracts.toml", ledger.parent / "tariffs", "nas", PARIS, is_complete=True
    )
    return back_up(spec, target, NOW).path


def kill_at_random(seed: int, *arguments: str | Path, ledger: Path) -> int:
    """Start it repeatedly, kill it at another moment each time; return how often it had finished before.

    What it takes is measured again whenever it finishes: another load of the machine must not let all of them finish.
    """
    rng = random.Random(seed)
    begin = time.monotonic()
    assert run("backup", ledger.with_name("how-long"), ledger=ledger).returncode == 0
    takes_s = time.monotonic() - begin
    done = 0
    for _ in range(KILLED):
        log = ledger.with_name("killed.log")
        program = ChildProcess("tictally", command(*arguments, ledger=ledger), log, environ())
        begin = time.monotonic()
        with program as process, suppress(TimeoutError):
            done += process.wait(takes_s * rng.uniform(0.3, 1.1)) == 0
            takes_s = time.monotonic() - begin
    return done


def test_a_killed_backup_leaves_the_previous_one_and_the_ledger(tmp_path: Path) -> None:
    ledger = tmp_path / "nas" / "ledger.sqlite"
    build(ledger, 60)
    before = rows(ledger)
    target = made(ledger, tmp_path / "b")
    assert kill_at_random(11, "backup", target, ledger=ledger) < KILLED
    verify(target)
    assert rows(ledger) == before
    assert integrity(ledger) == []


def test_a_killed_restore_leaves_the_old_or_the_new_ledger_complete(tmp_path: Path) -> None:
    ledger = tmp_path / "nas" / "ledger.sqlite"
    build(ledger, 60)
    target = made(ledger, tmp_path / "b")
    build(ledger, 61, seed=2)
    old = rows(ledger)["frame_number"]
    assert kill_at_random(12, "restore", target, ledger=ledger) < KILLED
    assert integrity(ledger) == []
    assert rows(ledger)["frame_number"] in (old, rows_of(target, tmp_path)["frame_number"])
    for previous in ledger.parent.glob("*before-restore*"):
        if previous.suffix != ".part" and not previous.name.endswith("-wal"):
            assert integrity(previous) == []
    assert run("restore", target, ledger=ledger).returncode == 0
    assert not list(ledger.parent.glob("*.restoring*"))


def rows_of(backup: Path, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    other = folder / "other" / "ledger.sqlite"
    assert run("restore", backup, ledger=other).returncode == 0
    return rows(other)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_backup_to_a_full_disk_is_reported_and_the_previous_one_stays(tmp_path: Path) -> None:
    ledger = tmp_path / "nas" / "ledger.sqlite"
    build(ledger, 60)
    with small_disk(tmp_path / "disk", "256k") as disk:
        target = made(ledger, disk / "b")
        size = os.statvfs(disk)
        (disk / "other").write_bytes(bytes(size.f_bavail * size.f_frsize - 8192))
        done = run("backup", "--whole", target, ledger=ledger)
        assert done.returncode == 1
        sentence = "cannot be created: No space left on device; what was there before is unchanged\n"
        assert done.stderr == f"tictally: the backup {target} {sentence}"
        verify(target)
        assert {each.name for each in disk.iterdir()} == {"b", "other"}
        (disk / "other").unlink()
        assert run("backup", target, ledger=ledger).returncode == 0


def lasting(folder: Path) -> set[Path]:
    """Files of a folder, without those that SQLite and the ledger's lock make and remove."""
    return {each for each in folder.iterdir() if not each.name.endswith((".lock", "-wal", "-shm"))}


def test_a_restore_to_a_full_disk_is_reported_and_the_old_ledger_stays(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as disk:
        ledger = disk / "nas" / "ledger.sqlite"
        build(ledger, 60)
        target = made(ledger, tmp_path / "b")
        before, there = ledger.read_bytes(), lasting(ledger.parent)
        size = os.statvfs(disk)
        (disk / "other").write_bytes(bytes(size.f_bavail * size.f_frsize - 20_000))
        done = run("restore", target, ledger=ledger)
        assert (done.returncode, done.stdout) == (1, "")
        assert "full" in done.stderr or "No space left" in done.stderr
        assert done.stderr.endswith("the previous ledger is unchanged\n")
        assert ledger.read_bytes() == before
        assert lasting(ledger.parent) == there
        (disk / "other").unlink()
        assert run("restore", target, ledger=ledger).returncode == 0


@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_file_size_limit_loses_nothing(tmp_path: Path, what: str) -> None:
    """At any size, also in the middle of SQLite's writes."""
    ledger = tmp_path / "nas" / "ledger.sqlite"
    build(ledger, 60)
    target = made(ledger, tmp_path / "b")
    build(ledger, 61, seed=2)
    before, backed_up = rows(ledger), target.read_bytes()
    whole = target.stat().st_size if what == "backup" else ledger.stat().st_size
    rng = random.Random(what)
    for _ in range(6):
        limit = rng.randrange(whole * 8 // 10)

        def held(size: int = limit) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        done = subprocess.run(
            command(what, target, *(["--whole"] if what == "backup" else []), ledger=ledger),
            env=environ() | {"PYTHONDONTWRITEBYTECODE": "1"},
            preexec_fn=held,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        assert done.stderr.count("\n") == 1
        assert rows(ledger) == before
        assert target.read_bytes() == backed_up
