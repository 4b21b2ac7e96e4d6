"""A ledger begins only where one is meant to: a disk that is not mounted is no reason for an empty one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from real_broker import Mosquitto
from recording import Recorder

from tictally_recorder.cli.app import main

REMEDY = "mount its disk, or create the folder"


def start_again(recorder: Recorder) -> None:
    before = recorder.log.count("recording all edges")
    recorder.start()
    recorder.wait_for_log("recording all edges", times=before + 1)
    recorder.stop()


def tictally(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(folder), "TICTALLY_LANGUAGE": "en", "TICTALLY_HTTP": "off"} | settings
    command = [sys.executable, "-m", "tictally_recorder", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", [("record",), ("energy",), ("site", "list"), ("backup", "file")])
def test_a_ledger_whose_folder_is_missing_is_refused_and_nothing_is_made(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    mount = tmp_path / "volume1"
    ledger = mount / "tictally" / "ledger.sqlite"
    done = tictally(tmp_path, *command, TICTALLY_LEDGER=str(ledger))
    assert done.returncode == 1
    assert done.stderr == (f"tictally: there is no ledger at {ledger}, nor a folder for it: {REMEDY} {ledger.parent}\n")
    assert not mount.exists()


def test_a_link_to_a_disk_that_is_not_mounted_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").symlink_to(tmp_path / "volume1" / "ledger.sqlite")
    done = tictally(tmp_path, "record", TICTALLY_LEDGER=str(tmp_path / "ledger.sqlite"))
    assert done.returncode == 1
    assert f"{REMEDY} {tmp_path / 'volume1'}\n" in done.stderr


def test_the_first_start_without_settings_creates_its_folder_and_logs_the_new_ledger(
    broker: Mosquitto, tmp_path: Path
) -> None:
    ledger = tmp_path / ".local" / "state" / "tictally" / "ledger.sqlite"
    with Recorder(tmp_path, broker.port, base="first-start", settings={"TICTALLY_LEDGER": ""}) as recorder:
        recorder.wait_for_log(f"new ledger path={ledger}")
    assert ledger.exists()


def test_a_ledger_that_vanished_is_not_begun_again(broker: Mosquitto, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    own = {"TICTALLY_LEDGER": str(disk / "ledger.sqlite"), "TICTALLY_STATE": str(tmp_path / "state")}
    recorder = Recorder(tmp_path, broker.port, base="vanished", settings=own)
    recorder.start()
    recorder.wait_for_log("new ledger")
    recorder.stop()
    start_again(recorder)
    assert recorder.log.count("new ledger") == 1
    shutil.rmtree(disk)
    disk.mkdir()  # the mount point of a disk that is not mounted
    done = tictally(tmp_path, "record", **own)
    assert done.returncode == 1
    assert f"the ledger {disk / 'ledger.sqlite'} is missing, and there was one" in done.stderr
    for remedy in ("mount its disk", "tictally restore", "tictally record --new-ledger"):
        assert remedy in done.stderr
    assert list(disk.iterdir()) == []
    (disk / "ledger.sqlite").touch()  # an empty file is no ledger either
    assert tictally(tmp_path, "record", **own).returncode == 1
    assert (disk / "ledger.sqlite").read_bytes() == b""


def test_a_new_ledger_begins_where_it_is_asked_for(broker: Mosquitto, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, broker.port, base="asked-for")
    recorder.start()
    recorder.wait_for_log("new ledger")
    recorder.stop()
    recorder.ledger.unlink()
    recorder.options = ("--new-ledger",)
    recorder.start()
    recorder.wait_for_log("new ledger")
    recorder.stop()
    start_again(recorder)  # an existing ledger is never replaced by a new one
    assert recorder.log.count("new ledger") == 2


def test_two_places_are_remembered_apart(broker: Mosquitto, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        own = {"TICTALLY_LEDGER": str(tmp_path / name / "ledger.sqlite")}
        with Recorder(tmp_path, broker.port, base=f"place-{name}", settings=own) as recorder:
            recorder.wait_for_log("new ledger")


def test_a_state_folder_that_cannot_be_written_is_reported_and_records_all_the_same(
    broker: Mosquitto, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file")
    own = {"TICTALLY_STATE": str(tmp_path / "state")}
    with Recorder(tmp_path, broker.port, base="unwritable", settings=own) as recorder:
        recorder.wait_for_log("TICTALLY_STATE")
        recorder.wait_for_log("recording all edges")


@pytest.mark.parametrize("command", [("sink", "refill"), ("sink", "resume"), ("job", "run", "backup")])
def test_no_command_but_record_creates_a_ledger(
    tmp_path: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "backups").mkdir()
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_BACKUP", str(tmp_path / "backups"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    monkeypatch.setenv("TICTALLY_INFLUXDB_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("TICTALLY_INFLUXDB_ORG", "home")
    monkeypatch.setenv("TICTALLY_INFLUXDB_TOKEN", "token")
    assert main(list(command)) == 1
    assert "there is no ledger at" in capsys.readouterr().err
    assert not (tmp_path / "ledger.sqlite").exists()


def test_a_restore_into_a_missing_folder_is_refused(tmp_path: Path) -> None:
    own = {"TICTALLY_LEDGER": str(tmp_path / "ledger.sqlite")}
    (tmp_path / "there").mkdir()
    from tictally_recorder.ledger import Ledger  # noqa: PLC0415 - only this test makes one

    Ledger.open(tmp_path / "ledger.sqlite").close()
    assert tictally(tmp_path, "backup", str(tmp_path / "file.ticbackup"), **own).returncode == 0
    elsewhere = {"TICTALLY_LEDGER": str(tmp_path / "volume1" / "tictally" / "ledger.sqlite")}
    done = tictally(tmp_path, "restore", str(tmp_path / "file.ticbackup"), **elsewhere)
    assert done.returncode == 1
    assert REMEDY in done.stderr
    assert not (tmp_path / "volume1").exists()
    there = {"TICTALLY_LEDGER": str(tmp_path / "there" / "ledger.sqlite")}
    assert tictally(tmp_path, "restore", str(tmp_path / "file.ticbackup"), **there).returncode == 0
