"""Contracts and tariffs: files that a restore can write are backed up, others are reported."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from backup_building import PARIS, build, rows

from tictally_recorder.backup import create as writing
from tictally_recorder.backup.config_files import restore_file, skipped_files
from tictally_recorder.backup.create import BackupSpec, back_up
from tictally_recorder.backup.file_format import BackupError
from tictally_recorder.backup.restore import restore
from tictally_recorder.backup.verify import verify
from tictally_recorder.cli.app import main

NOW = datetime(2026, 11, 25, 2, 15, tzinfo=UTC)
NAME = "a restore rejects its name, which contains a backslash or is not UTF-8"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "nas" / "ledger.sqlite"
    build(path, 3)
    (path.parent / "tariffs").mkdir()
    (path.parent / "tariffs" / "mine.toml").write_text("# mine\n")
    return path


def made(ledger: Path, target: Path) -> Path:
    return back_up(
        BackupSpec(ledger, ledger.parent / "contracts.toml", ledger.parent / "tariffs", "nas", PARIS), target, NOW
    ).path


def make_odd(tariffs: Path, odd: str) -> tuple[str, str]:
    """Create the file; return the name in the message and the reason for leaving it out."""
    if odd == "backslash":
        (tariffs / "win\\edf.toml").touch()
        return "win\\edf.toml", NAME
    if odd == "not UTF-8":
        Path(os.fsdecode(os.fsencode(tariffs) + b"/caf\xe9.toml")).touch()
        return "caf\\xe9.toml", NAME
    if odd == "folder of such a name":
        (tariffs / "a\\b").mkdir()
        (tariffs / "a\\b" / "c.toml").touch()
        return "a\\b/c.toml", NAME
    if odd == "linked folder":
        elsewhere = tariffs.parent / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "other.toml").touch()
        (tariffs / "more").symlink_to(elsewhere)
        return "more", "it is a link to a folder"
    if odd == "dangling link":
        (tariffs / "gone.toml").symlink_to(tariffs / "away.toml")
        return "gone.toml", "it is a broken link"
    os.mkfifo(tariffs / "pipe")
    return "pipe", "it is not a file"


@pytest.mark.parametrize(
    "odd", ["backslash", "not UTF-8", "folder of such a name", "linked folder", "dangling link", "pipe"]
)
def test_a_file_that_a_restore_would_reject_is_skipped_and_reported(
    ledger: Path, tmp_path: Path, odd: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tariffs, new = ledger.parent / "tariffs", tmp_path / "new" / "ledger.sqlite"
    name, reason = make_odd(tariffs, odd)
    assert main(["backup", str(tmp_path / "b"), "--ledger", str(ledger)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{tariffs}/{name} is not in the backup: {reason}."
    assert main(["restore", str(tmp_path / "b"), "--ledger", str(new)]) == 0
    assert [each.name for each in (new.parent / "tariffs").rglob("*")] == ["mine.toml"]


def test_a_broken_link_to_contracts_is_reported(ledger: Path) -> None:
    contracts = ledger.parent / "contracts.toml"
    contracts.unlink()
    contracts.symlink_to(ledger.parent / "gone.toml")
    sentence = f"{contracts} is not in the backup: it is a broken link."
    assert skipped_files(contracts, ledger.parent / "tariffs") == (sentence,)


def test_included_and_hidden_files_are_not_reported(ledger: Path) -> None:
    tariffs = ledger.parent / "tariffs"
    (tariffs / ".git").mkdir()
    (tariffs / ".git" / "a\\b").touch()
    (tariffs / "linked.toml").symlink_to(tariffs / "mine.toml")
    (tariffs / "été").mkdir()
    (tariffs / "été" / "prix.csv").touch()
    assert skipped_files(ledger.parent / "contracts.toml", tariffs) == ()


@pytest.mark.parametrize("name", ["tariffs/win\\edf.toml", "../evil", "tariffs/a\0b"])
def test_a_file_with_an_odd_name_does_not_stop_the_restore_of_the_ledger(
    ledger: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [(name, b"odd"), ("tariffs/mine.toml", b"# mine\n")]
    monkeypatch.setattr(writing, "config_files", lambda _contracts, _tariffs: iter(files))
    backup, new = made(ledger, tmp_path / "b"), tmp_path / "new" / "ledger.sqlite"
    verify(backup)
    done = restore(backup, new, new.parent / "contracts.toml", new.parent / "tariffs", NOW)
    assert rows(new)["frame_number"] == rows(ledger)["frame_number"]
    assert "a file with an unexpected name" in done.notes[0]
    assert [each.name for each in (new.parent / "tariffs").iterdir()] == ["mine.toml"]


def test_a_name_that_is_not_utf_8_is_not_restored(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"a file with an unexpected name: 'tariffs/\\udce9.toml'$"):
        restore_file(tmp_path / "contracts.toml", tmp_path / "tariffs", "tariffs/\udce9.toml", b"odd", NOW)


@pytest.mark.parametrize("existing", [None, b"another"])
@pytest.mark.parametrize("name", ["contracts.toml", "tariffs/deep/prices.csv"])
def test_a_full_disk_leaves_no_truncated_file(
    tmp_path: Path, name: str, existing: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    contracts, path = tmp_path / "contracts.toml", tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if existing is not None:
        path.write_bytes(existing)
    before = [each for each in tmp_path.rglob("*") if each.is_file()]

    def is_full(_number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", is_full)
        with pytest.raises(BackupError, match=f"{path.name} cannot be written: No space left on device"):
            restore_file(contracts, tmp_path / "tariffs", name, b"content", NOW)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == before
    note = restore_file(contracts, tmp_path / "tariffs", name, b"content", NOW)
    assert note is not None
    assert path.read_bytes() == (existing or b"content")


@pytest.mark.parametrize("existing", [None, b"another"])
def test_a_killed_restore_leaves_no_truncated_file_under_a_name_that_is_read(
    tmp_path: Path, existing: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    contracts, tariffs = tmp_path / "contracts.toml", tmp_path / "tariffs"
    path = tariffs / "prices.csv"
    tariffs.mkdir()
    if existing is not None:
        path.write_bytes(existing)
    child = os.fork()
    if not child:
        monkeypatch.setattr(os, "fsync", lambda _number: os._exit(9))
        restore_file(contracts, tariffs, "tariffs/prices.csv", b"content", NOW)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    (part,) = (each for each in tariffs.iterdir() if each != path)
    assert part.name.startswith(".prices.csv.")
    assert part.suffix == ".part"
    assert path.exists() is (existing is not None)
    restore_file(contracts, tariffs, "tariffs/prices.csv", b"content", NOW)
    assert not part.exists()


def test_a_name_of_maximum_length_is_restored(tmp_path: Path) -> None:
    name = "é" * 125 + ".toml"
    restore_file(tmp_path / "contracts.toml", tmp_path / "tariffs", f"tariffs/{name}", b"content", NOW)
    assert (tmp_path / "tariffs" / name).read_bytes() == b"content"
