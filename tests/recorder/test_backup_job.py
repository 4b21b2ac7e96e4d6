"""The nightly backup runs by itself, beside the loop; a missing or full folder is reported everywhere."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from backup_building import PARIS, build
from real_broker import Hub, Mosquitto
from recording import Recorder, frame

from tictally_recorder.backup import job as backup_job
from tictally_recorder.backup.create import BackupSpec
from tictally_recorder.backup.job import BackupJob, stored_state
from tictally_recorder.backup.repository import back_up_into, list_backups
from tictally_recorder.backup.restore import restore
from tictally_recorder.backup.settings import NAME
from tictally_recorder.backup.verify import verify
from tictally_recorder.features import settings_with
from tictally_recorder.jobs import JobState
from tictally_recorder.jobs import runner as job_runner
from tictally_recorder.jobs.runner import JobRunner
from tictally_recorder.jobs.scheduler import make_runner
from tictally_recorder.jobs.state import state_key
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.translations import ENGLISH

HEALTH = "tictally/recorder/nas/health"
# The process of a backup gives way to every other one, here to all the tests that run beside it.
BACKED_UP_WITHIN_S = 300.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "backups"
    path.mkdir()
    return path


def runner_of(ledger: Path, folder: Path, name: str = "nas", state: JobState | None = None) -> JobRunner:
    settings = settings_with(name=name, ledger=ledger, backup=folder)
    stored = None if state is None else state.to_json()
    return make_runner(settings, NAME, BackupJob(settings, folder), lambda _: stored)


@pytest.fixture
def nightly(tmp_path: Path, folder: Path) -> JobRunner:
    ledger = tmp_path / "nas" / "ledger.sqlite"
    build(ledger, 3)
    return runner_of(ledger, folder)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_a_backup_is_made_once_when_it_is_due(nightly: JobRunner, folder: Path) -> None:
    assert nightly.poll(now_ms())
    (made,) = list_backups(folder, "nas").values()
    verify(made)
    assert nightly.poll(now_ms())
    assert list(folder.iterdir()) == [made]
    assert (nightly.state.last_success_ms, nightly.state.problem) == (max(list_backups(folder, "nas")), None)
    made.rename(folder / "tictally-nas-20200101T040000Z.backup")
    assert nightly.poll(now_ms())
    assert len(list(folder.iterdir())) == 2


def test_retention_deletes_old_backups_and_nothing_else(nightly: JobRunner, folder: Path) -> None:
    for n in range(1, 60):
        (folder / f"tictally-nas-{datetime.now(UTC) - timedelta(days=n):%Y%m%dT%H%M%S}Z.backup").touch()
    others = [
        "tictally-other-20200101T030000Z.backup",
        "tictally-other-20200101T040000Z.backup",
        "photo.jpg",
        "tictally-nas-20200101T040000Z.backup.old",
    ]
    for name in others:
        (folder / name).touch()
    stale = folder / ".tictally-nas-20200101T040000Z.backup.17.part"
    stale.touch()
    os.utime(stale, (0, 0))
    assert nightly.poll(now_ms())
    assert len(list_backups(folder, "nas")) <= 7 + 4 + 3
    assert all((folder / name).exists() for name in others)
    assert not stale.exists()


def test_a_missing_folder_is_reported_and_not_created(nightly: JobRunner, folder: Path) -> None:
    folder.rmdir()
    assert not nightly.poll(now_ms())
    assert problem_of(nightly) == f"there is no folder {folder} for backups; is its disk or share mounted?"
    assert not folder.exists()
    folder.mkdir()
    assert nightly.poll(now_ms())
    assert nightly.state.problem is None


def test_a_folder_that_has_become_empty_is_used_again_only_after_a_backup_is_back(
    nightly: JobRunner, folder: Path
) -> None:
    assert nightly.poll(now_ms())
    (made,) = folder.iterdir()
    content = made.read_bytes()
    made.unlink()  # as if its share is not mounted
    assert not nightly.poll(now_ms())
    assert "is empty, and backups were put there before" in problem_of(nightly)
    assert nightly.state.last_success_ms is not None
    assert list(folder.iterdir()) == []
    made.write_bytes(content)
    assert nightly.poll(now_ms())
    assert nightly.state.problem is None


def test_a_renamed_recorder_starts_its_own_backups(nightly: JobRunner, folder: Path, tmp_path: Path) -> None:
    assert nightly.poll(now_ms())
    renamed = runner_of(tmp_path / "nas" / "ledger.sqlite", folder, "attic", nightly.state)
    assert renamed.poll(now_ms())
    assert len(list_backups(folder, "attic")) == len(list_backups(folder, "nas")) == 1


def test_a_failed_backup_is_reported_with_its_own_message(nightly: JobRunner, folder: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "nas" / "ledger.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert not nightly.poll(now_ms())
    assert "has version 99; this program reads versions up to" in problem_of(nightly)
    assert list(folder.iterdir()) == []


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_runner, "_START_DELAY_S", 0.01)
    monkeypatch.setattr(job_runner, "_CHECK_EVERY_S", 0.05)
    monkeypatch.setattr(BackupJob, "retry_s", (0.05, 0.05))


def problem_of(nightly: JobRunner, within_s: float = 60.0) -> str:
    """The first problem that it reports."""
    end_s = time.monotonic() + within_s
    while nightly.state.problem is None:
        assert time.monotonic() < end_s, "no problem is reported"
        time.sleep(0.01)
    return ENGLISH.phrase(nightly.state.problem)


def wait_until_well(nightly: JobRunner, within_s: float = BACKED_UP_WITHIN_S) -> None:
    end_s = time.monotonic() + within_s
    while nightly.state.problem is not None or nightly.state.last_success_ms is None:
        assert time.monotonic() < end_s, nightly.state
        time.sleep(0.01)


@pytest.mark.usefixtures("hasty")
def test_a_process_that_cannot_be_started_is_reported_and_retried(
    monkeypatch: pytest.MonkeyPatch, nightly: JobRunner
) -> None:
    with monkeypatch.context() as gone:
        gone.setattr(sys, "executable", "/gone/python")
        nightly.start()
        assert problem_of(nightly) == "its process cannot be started (/gone/python): No such file or directory"
    wait_until_well(nightly)
    nightly.stop()


@pytest.mark.usefixtures("hasty")
def test_an_unexpected_error_is_reported_and_retried(
    monkeypatch: pytest.MonkeyPatch, nightly: JobRunner, folder: Path
) -> None:
    def broken(*_: object) -> dict[int, Path]:
        raise MemoryError("no more")

    with monkeypatch.context() as ill:
        ill.setattr(backup_job, "list_backups", broken)
        nightly.start()
        assert problem_of(nightly) == "internal error: MemoryError('no more')"
    wait_until_well(nightly)
    nightly.stop()
    assert len(list_backups(folder, "nas")) == 1


@pytest.mark.usefixtures("hasty")
def test_a_folder_that_does_not_answer_is_reported_while_it_hangs(
    monkeypatch: pytest.MonkeyPatch, nightly: JobRunner, folder: Path
) -> None:
    answers = Event()

    def hangs(*_: object) -> dict[int, Path]:
        answers.wait(30)
        return {now_ms(): folder}

    monkeypatch.setattr(job_runner, "_CHECK_LIMIT_S", 0.2)
    monkeypatch.setattr(backup_job, "list_backups", hangs)
    nightly.start()
    assert problem_of(nightly) == f"{folder} does not answer"
    answers.set()
    wait_until_well(nightly)
    nightly.stop()


def test_a_process_that_cannot_be_killed_blocks_nothing_and_no_other_is_started(
    monkeypatch: pytest.MonkeyPatch, nightly: JobRunner, folder: Path
) -> None:
    """Like a process blocked in a system call on a share whose server is down."""

    class Stuck(subprocess.Popen[str]):
        def __init__(self, _command: list[str], **more: Any) -> None:  # noqa: ANN401 - as in Popen
            super().__init__(["sleep", "60"], **more)

        def kill(self) -> None:
            pass

    monkeypatch.setattr(BackupJob, "time_limit_s", 0.1)
    monkeypatch.setattr(backup_job, "_KILL_LIMIT_S", 0.1)
    monkeypatch.setattr(subprocess, "Popen", Stuck)
    began_s = time.monotonic()
    assert not nightly.poll(now_ms())
    assert "was not done within" in problem_of(nightly)
    job = nightly._job
    assert isinstance(job, BackupJob)
    process = job._process
    assert not nightly.poll(now_ms())
    assert problem_of(nightly) == f"the folder {folder} does not answer: the backup begun in it cannot be ended"
    assert job._process is process
    assert time.monotonic() - began_s < 30
    assert process is not None
    process.terminate()
    process.wait()


def test_a_backup_dated_years_ahead_is_not_the_newest(nightly: JobRunner, folder: Path) -> None:
    (folder / "tictally-nas-20990101T040000Z.backup").touch()
    assert nightly.poll(now_ms())
    assert nightly.state.last_success_ms == min(list_backups(folder, "nas"))


def test_a_backup_under_a_slow_clock_is_made_and_deletes_no_other(tmp_path: Path, folder: Path) -> None:
    ledger = tmp_path / "nas" / "ledger.sqlite"
    build(ledger, 3)
    right = [folder / f"tictally-nas-2025{month:02}28T030000Z.backup" for month in range(1, 13)]
    for path in right:
        path.touch()
    spec = BackupSpec(ledger, ledger.parent / "contracts.toml", ledger.parent / "tariffs", "nas", PARIS)
    made = back_up_into(folder, spec, datetime(2020, 1, 1, 5, tzinfo=UTC))
    assert made.path.exists()
    assert all(path.exists() for path in right)


@pytest.fixture
def other(tmp_path: Path, folder: Path) -> JobRunner:
    """Of the same name and folder as `nightly`, with a ledger that was started some days before."""
    ledger = tmp_path / "other" / "ledger.sqlite"
    build(ledger, 3)
    began(ledger, datetime.now(UTC) - timedelta(days=5))
    return runner_of(ledger, folder)


def began(ledger: Path, moment: datetime) -> None:
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("UPDATE meta SET value = ? WHERE name = 'created'", (f"{moment:%Y-%m-%dT%H:%M:%SZ}",))


def test_two_recorders_of_one_name_make_separate_backups_and_report_it(
    nightly: JobRunner, other: JobRunner, folder: Path, tmp_path: Path
) -> None:
    began(tmp_path / "nas" / "ledger.sqlite", datetime.now(UTC) - timedelta(days=9))
    assert nightly.poll(now_ms())
    (first,) = folder.iterdir()
    time.sleep(1.1)  # file names have whole seconds
    assert not other.poll(now_ms())
    assert f"another recorder of this name writes its backups into this folder too ({first.name})" in problem_of(other)
    assert first.exists()
    assert len(list_backups(folder, "nas")) == 2
    assert not nightly.poll(now_ms())
    assert nightly.state.last_success_ms == min(list_backups(folder, "nas"))
    assert len(list_backups(folder, "nas")) == 2


def test_backups_of_a_lost_ledger_stay_and_are_no_problem(
    nightly: JobRunner, other: JobRunner, folder: Path, tmp_path: Path
) -> None:
    assert other.poll(now_ms())
    (left,) = folder.iterdir()
    time.sleep(1.1)
    began(tmp_path / "nas" / "ledger.sqlite", datetime.now(UTC))
    assert nightly.poll(now_ms())
    assert left.exists()
    assert nightly.state.last_success_ms == max(list_backups(folder, "nas"))


def test_a_ledger_restored_elsewhere_recognizes_its_backups(nightly: JobRunner, folder: Path, tmp_path: Path) -> None:
    assert nightly.poll(now_ms())
    (made,) = folder.iterdir()
    new = tmp_path / "new" / "ledger.sqlite"
    restore(made, new, new.parent / "contracts.toml", new.parent / "tariffs", datetime.now(UTC))
    moved = runner_of(new, folder)
    assert moved.poll(now_ms())
    assert list(folder.iterdir()) == [made]


def test_the_backup_process_gets_no_secret(monkeypatch: pytest.MonkeyPatch, nightly: JobRunner, folder: Path) -> None:
    monkeypatch.setenv("TICTALLY_MQTT_PASSWORD", "secret")
    monkeypatch.setenv("TICTALLY_CONFIG", "/nowhere")
    monkeypatch.setenv("TICTALLY_LEDGER_FILE", "/nowhere")
    assert nightly.poll(now_ms())
    assert len(list(folder.iterdir())) == 1


def job_in(health: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(health)["jobs"][NAME]
    return found


def test_a_recorder_makes_backups_by_itself_and_reports_them_to_hubs(
    own_broker: Mosquitto, tmp_path: Path, folder: Path
) -> None:
    recorder = Recorder(tmp_path, own_broker.port, settings={"TICTALLY_BACKUP": str(folder)})
    with Hub(own_broker.port) as hub, recorder:
        hub.subscribe(HEALTH)
        job = job_in(hub.wait_for(HEALTH))
        assert (job["last_success"], job["is_failing"]) == (None, False)
        hub.publish("tictally/edge/cellar/frame", *(frame(seq) for seq in range(1, 100)))
        while job["last_success"] is None:
            job = job_in(hub.wait_for(HEALTH, within_s=BACKED_UP_WITHIN_S))
        (made_ms,) = list_backups(folder, "nas")
        assert job["last_success"].startswith(f"{datetime.fromtimestamp(made_ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}")
        assert job["problem"] is None
        assert recorder.stop() == 0
    with LedgerReader.open(recorder.ledger) as reader:
        state = stored_state(reader.get_value, folder)
        assert (state.last_success_ms, state.problem, len(state.runs)) == (made_ms, None, 1)
        assert stored_state(reader.get_value, tmp_path) == JobState()


def test_a_recorder_without_its_share_reports_it_and_records(own_broker: Mosquitto, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, own_broker.port, settings={"TICTALLY_BACKUP": str(tmp_path / "share")})
    with Hub(own_broker.port) as hub, recorder:
        hub.subscribe(HEALTH)
        job = job_in(hub.wait_for(HEALTH))
        while not job["is_failing"]:
            job = job_in(hub.wait_for(HEALTH, within_s=60))
        assert "is its disk or share mounted?" in job["problem"]
        hub.publish("tictally/edge/cellar/frame", frame(1))
        recorder.wait_until(lambda counts: counts.frames == 1)
    assert not (tmp_path / "share").exists()


def test_a_restored_ledger_expects_no_earlier_backups(tmp_path: Path, nightly: JobRunner, folder: Path) -> None:
    """Otherwise the folder of its new machine would look like an unmounted share."""
    ledger = tmp_path / "nas" / "ledger.sqlite"
    with Ledger.open(ledger) as opened:
        opened.put_value(state_key(NAME), JobState(1, memory={"folder": str(folder)}).to_json())
    assert nightly.poll(now_ms())
    (made,) = folder.iterdir()
    restore(made, ledger, ledger.parent / "contracts.toml", ledger.parent / "tariffs", datetime.now(UTC))
    with LedgerReader.open(ledger) as reader:
        assert reader.get_value(state_key(NAME)) is None
