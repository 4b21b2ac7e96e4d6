"""Atomic replacement of files: the old content or the new one, and no leftovers."""

import errno
import io
import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest

from tictally_shared.runtime import atomic_file

NAMES = ["contracts.toml", "é" * 125 + ".toml", "x" * 255]


@pytest.fixture(params=NAMES, ids=["short", "UTF-8, long", "longest"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    name: str = request.param
    return tmp_path / name


def fail_with(number: int) -> None:
    raise OSError(number, os.strerror(number))


def test_a_new_file_and_a_replaced_one_have_the_whole_content(path: Path) -> None:
    atomic_file.write_bytes(path, b"one")
    assert path.read_bytes() == b"one"
    atomic_file.write_text(path, "zwölf €")
    assert path.read_bytes() == "zwölf €".encode()
    assert list(path.parent.iterdir()) == [path]


def test_the_old_content_is_there_until_the_block_ends(path: Path) -> None:
    path.write_bytes(b"old")
    with atomic_file.open_replacement(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("content", [None, b"old"])
def test_an_exception_in_the_block_changes_nothing(path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(io.UnsupportedOperation), atomic_file.open_replacement(path) as file:
        file.writelines((b"half", file.read(1)))
    assert [each.read_bytes() for each in path.parent.iterdir()] == ([content] if content is not None else [])


@pytest.mark.parametrize("content", [None, b"old"])
def test_a_full_disk_changes_nothing(path: Path, content: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(os, "fsync", lambda _: fail_with(errno.ENOSPC))
    with pytest.raises(OSError, match="No space left"):
        atomic_file.write_bytes(path, b"new")
    assert [each.read_bytes() for each in path.parent.iterdir()] == ([content] if content is not None else [])


def test_content_and_name_are_flushed_in_this_order(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[tuple[bool, bool]] = []

    def note(descriptor: int) -> None:
        flushed.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists()))

    monkeypatch.setattr(os, "fsync", note)
    atomic_file.write_bytes(path, b"new")
    assert flushed == [(False, False), (True, True)]
    atomic_file.write_bytes(path, b"newer", is_durable=False)
    assert len(flushed) == 2
    assert path.read_bytes() == b"newer"


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_files_are_replaced_where_folders_cannot_be_flushed(
    path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def of_files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            fail_with(number)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", of_files_only)
    atomic_file.write_bytes(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_disk_that_fails_while_flushing_the_folder_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def of_files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            fail_with(errno.EIO)

    monkeypatch.setattr(os, "fsync", of_files_only)
    with pytest.raises(OSError, match="Input/output error"):
        atomic_file.write_bytes(path, b"new")


@pytest.mark.parametrize(("mode", "expected"), [(0o666, 0o644), (0o600, 0o600), (0o640, 0o640)])
def test_permissions_are_the_requested_ones_within_the_umask(path: Path, mode: int, expected: int) -> None:
    before = os.umask(0o022)
    try:
        atomic_file.write_bytes(path, b"secret", mode=mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == expected


def test_a_secret_is_at_no_moment_readable_by_others(path: Path) -> None:
    with atomic_file.open_replacement(path, mode=0o600) as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600


def test_a_library_that_opens_by_name_makes_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "copy.sqlite"
    path.write_bytes(b"old")
    with atomic_file.replacement_path(path) as part:
        with closing(sqlite3.connect(part)) as database:
            database.execute("CREATE TABLE t(a)")
        assert path.read_bytes() == b"old"
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("t",)]
    assert list(tmp_path.iterdir()) == [path]


def test_content_that_fails_verification_replaces_nothing(path: Path) -> None:
    path.write_bytes(b"old")

    def verify(part: Path) -> None:
        part.write_bytes(b"new")
        raise ValueError("no backup")

    with pytest.raises(ValueError, match="no backup"), atomic_file.replacement_path(path) as part:
        verify(part)
    assert [each.read_bytes() for each in path.parent.iterdir()] == [b"old"]


def test_a_killed_writer_leaves_the_old_file_and_a_part_that_the_next_one_removes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"old")
    child = os.fork()
    if not child:
        monkeypatch.setattr(os, "fsync", lambda _: os._exit(9))
        atomic_file.write_bytes(path, b"new")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert path.read_bytes() == b"old"
    (part,) = (each for each in path.parent.iterdir() if each != path)
    assert part.name.startswith(".")
    assert part.suffix == ".part"
    os.utime(part)  # a file system may have a clock of its own
    atomic_file.remove_stale_parts(path.parent, path.name)
    assert part.exists()  # it may be of a writer that is alive
    os.utime(part, (time.time() - atomic_file.STALE_AFTER_S - 1,) * 2)
    atomic_file.remove_stale_parts(path.parent, path.name)
    assert not part.exists()


def test_under_a_lock_parts_are_stale_at_once_and_only_those_of_this_file(tmp_path: Path) -> None:
    path = tmp_path / "hours.csv"
    others = [tmp_path / name for name in (".hours.csv.gz.17.part", ".mine.part", "hours.csv.17.part", ".hours.csv")]
    stale = [tmp_path / name for name in (".hours.csv.17.part", ".hours.csv.0a1b2c3d.part")]
    for each in (*others, *stale):
        each.touch()
    atomic_file.remove_stale_parts(tmp_path, path.name, older_than_s=0)
    assert sorted(tmp_path.iterdir()) == sorted(others)
    atomic_file.remove_stale_parts(tmp_path, older_than_s=0)
    assert sorted(each.name for each in tmp_path.iterdir()) == [".hours.csv", ".mine.part", "hours.csv.17.part"]
