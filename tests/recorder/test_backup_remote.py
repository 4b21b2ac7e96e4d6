"""The newest backup is handed to a command once, whose failure is reported everywhere and costs no local file."""

import json
import shlex
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from backup_building import PARIS, build

from tictally_recorder.backup.create import BackupSpec
from tictally_recorder.backup.remote import RemoteBackupJob
from tictally_recorder.backup.repository import back_up_into, list_backups
from tictally_recorder.backup.settings import REMOTE_NAME
from tictally_recorder.backup.verify import verify
from tictally_recorder.cli.app import main
from tictally_recorder.features import load, settings_with
from tictally_recorder.jobs.registry import enabled_jobs
from tictally_recorder.jobs.result import result_text
from tictally_recorder.jobs.runner import JobRunner
from tictally_recorder.jobs.scheduler import make_runner
from tictally_recorder.jobs.state import JobState, state_key
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.problem import ProblemCode
from tictally_recorder.translations import ENGLISH
from tictally_shared.phrase import Phrase
from tictally_shared.settings import Origins, read_file
from tictally_shared.settings_error import SettingsError


class Home:
    """A ledger with its backups, and another place."""

    def __init__(self, folder: Path) -> None:
        self.ledger, self.backups, self.other = folder / "nas" / "l.sqlite", folder / "backups", folder / "other"
        self.folder = folder
        self.backups.mkdir()
        self.other.mkdir()
        build(self.ledger, 1)
        self.state: JobState | None = None

    def back_up(self, days_ago: int = 0) -> Path:
        spec = BackupSpec(self.ledger, self.folder / "contracts.toml", self.folder / "tariffs", "nas", PARIS)
        back_up_into(self.backups, spec, datetime.now(UTC) - timedelta(days=days_ago))
        return max(list_backups(self.backups, "nas").items())[1]

    def script(self, text: str) -> str:
        """A command that runs a shell script with the file's path as `$1`."""
        path = self.folder / "take it.sh"
        path.write_text(text)
        return f"sh {shlex.quote(str(path))} {{file}}"

    def runner(self, command: str) -> JobRunner:
        """The job as a recorder that starts anew has it."""
        settings = settings_with(name="nas", ledger=self.ledger, backup=self.backups, remote_backup_command=command)
        job = enabled_jobs(settings)[REMOTE_NAME]
        stored = None if self.state is None else self.state.to_json()
        return make_runner(settings, REMOTE_NAME, job, lambda _: stored)

    def poll(self, command: str, *, is_forced: bool = False) -> str:
        """What a look of the job resulted in: its problem, or what it did last."""
        runner = self.runner(command)
        runner.poll(time.time_ns() // 1_000_000, is_forced=is_forced)
        self.state = runner.state
        if self.state.problem is not None:
            return ENGLISH.phrase(self.state.problem)
        result = self.state.runs[-1].result if self.state.runs else None
        return "" if result is None else result_text(result, ENGLISH)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_each_backup_is_taken_once(home: Home) -> None:
    copy = f"cp {{file}} {shlex.quote(str(home.other))}"
    assert home.poll(copy) == ""
    first = home.back_up(days_ago=1)
    assert home.poll(copy) == f"cp has taken {first.name}"
    (home.other / first.name).unlink()
    home.poll(copy)
    assert list(home.other.iterdir()) == []
    assert home.poll(copy, is_forced=True) == f"cp has taken {first.name}"
    second = home.back_up()
    home.poll(copy)
    assert {each.name for each in home.other.iterdir()} == {first.name, second.name}
    verify(home.other / second.name)
    assert home.state is not None
    assert [run.problem for run in home.state.runs] == [None] * 3


def test_another_command_gets_it_again(home: Home) -> None:
    made = home.back_up()
    home.poll("true {file}")
    assert home.poll(f"cp {{file}} {shlex.quote(str(home.other))}") == f"cp has taken {made.name}"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo copying; echo quota exceeded >&2; exit 3", "sh ended with 3 for {name}: quota exceeded"),
        ("exit 1", "sh ended with 1 for {name}: it wrote nothing"),
        ("kill -9 $$", "sh ended with -9 for {name}: it wrote nothing"),
        ('rm "$1"', "sh has removed or changed {name}, which is there again: use a command that copies"),
        ('mv "$1" "$1.away"', "sh has removed or changed {name}, which is there again: use a command that copies"),
        ('rm "$1"; exit 1', "sh has removed or changed {name}, which is there again: use a command that copies"),
    ],
)
def test_a_failure_is_reported_tried_again_and_costs_no_local_file(home: Home, script: str, problem: str) -> None:
    made = home.back_up()
    assert home.poll(home.script(script)) == problem.format(name=made.name)
    verify(made)
    assert home.state is not None
    assert home.state.retry_ms is not None
    assert home.poll(home.script('cp "$1" /dev/null')) == f"sh has taken {made.name}"
    assert home.state.problem is None


def test_a_file_that_was_emptied_is_reported(home: Home) -> None:
    made = home.back_up()
    assert home.poll(home.script('echo > "$1"')) == (
        f"sh has removed or changed {made.name}, and it cannot be restored: use a command that copies"
    )


def test_a_program_that_is_missing_is_reported_before_there_is_a_backup(home: Home) -> None:
    assert home.poll("/gone/rclone copy {file} cloud:") == (
        "the command of TICTALLY_REMOTE_BACKUP_COMMAND cannot be started (/gone/rclone): there is no such program"
    )
    assert home.poll("true {file}", is_forced=True) == f"there is no backup in {home.backups} yet"
    home.backups.rmdir()
    assert home.poll("true {file}") == f"there is no folder {home.backups} for backups; is its disk or share mounted?"


def test_a_command_that_hangs_is_killed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    made = home.back_up()
    runner = home.runner(home.script("sleep 300"))
    monkeypatch.setattr(runner._job, "_limit_minutes", 0.001)
    runner.poll(time.time_ns() // 1_000_000)
    assert runner.state.problem is not None
    assert ENGLISH.phrase(runner.state.problem).startswith("sh took more than 0.001 min for " + made.name)
    verify(made)


def test_a_recorder_that_stops_kills_the_command_with_what_it_started(home: Home) -> None:
    home.back_up()
    pid = home.other / "pid"
    script = f'sleep 300 & echo $! > "{pid}.new"; mv "{pid}.new" "{pid}"; wait'
    runner = home.runner(home.script(script))
    thread = Thread(target=runner.poll, args=(time.time_ns() // 1_000_000,))
    thread.start()
    wait_until(pid.exists)
    runner.stop()
    thread.join(20)
    assert runner.state.problem == Phrase(ProblemCode.RECORDER_STOPPED)
    wait_until(lambda: is_gone(pid.read_text().strip()))


def test_a_stop_that_comes_while_the_command_starts_kills_it_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.back_up()
    runner = home.runner(home.script("sleep 300"))

    def stopped_first(environ: Mapping[str, str]) -> dict[str, str]:
        runner.stop()
        return dict(environ)

    monkeypatch.setattr("tictally_recorder.backup.remote._environment", stopped_first)
    thread = Thread(target=runner.poll, args=(time.time_ns() // 1_000_000,), daemon=True)
    thread.start()
    thread.join(20)
    assert runner.state.problem == Phrase(ProblemCode.RECORDER_STOPPED)


def is_gone(pid: str) -> bool:
    """True if a process is no more, or is left to whoever has to read its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(is_so: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_its_settings_are_not_in_the_environment_of_the_command(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICTALLY_MQTT_PASSWORD", "secret")
    monkeypatch.setenv("RCLONE_CONFIG", "/etc/rclone.conf")
    home.back_up()
    home.poll(home.script(f"env > {shlex.quote(str(home.other / 'env'))}"))
    found = (home.other / "env").read_text()
    assert "TICTALLY" not in found
    assert "RCLONE_CONFIG=/etc/rclone.conf" in found


def test_doctor_and_command_line_show_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home.back_up()
    home.poll(home.script("echo no space left; exit 1"))
    assert home.state is not None
    with Ledger.open(home.ledger) as ledger:
        ledger.put_value(state_key(REMOTE_NAME), home.state.to_json())
    monkeypatch.setenv("TICTALLY_NAME", "nas")
    monkeypatch.setenv("TICTALLY_LEDGER", str(home.ledger))
    monkeypatch.setenv("TICTALLY_BACKUP", str(home.backups))
    monkeypatch.setenv("TICTALLY_REMOTE_BACKUP_COMMAND", "true {file}")
    monkeypatch.setenv("TICTALLY_MQTT_PORT", "1")
    main(["doctor", "--json"])
    (about,) = [each for each in json.loads(capsys.readouterr().out) if each["about"] == f"job {REMOTE_NAME}"]
    assert about["level"] == "trouble"
    assert "no space left" in about["text"]
    assert main(["job", "run", REMOTE_NAME]) == 0
    capsys.readouterr()
    main(["job", "list", "--json"])
    (listed,) = [each for each in json.loads(capsys.readouterr().out) if each["name"] == REMOTE_NAME]
    assert listed["problem"] is None
    assert listed["last_result"].startswith("true has taken tictally-nas-")
    with LedgerReader.open(home.ledger) as reader:
        assert "take it" not in (reader.get_value(state_key(REMOTE_NAME)) or "")  # a command may have a password in it


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"REMOTE_BACKUP_COMMAND": "cp {file} /x"}, "there are no backups to copy: set TICTALLY_BACKUP"),
        ({"BACKUP": "/b", "REMOTE_BACKUP_COMMAND": "rclone sync /b cloud:"}, "it must contain {file}"),
        ({"BACKUP": "/b", "REMOTE_BACKUP_COMMAND": "cp {file} 'x"}, "cannot be divided into words"),
        ({"BACKUP": "/b", "REMOTE_BACKUP_COMMAND": " "}, "give a program and its arguments"),
        ({"BACKUP": "/b", "REMOTE_BACKUP_LIMIT_MINUTES": "0"}, "REMOTE_BACKUP_LIMIT_MINUTES"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], problem: str, tmp_path: Path) -> None:
    environ = {f"TICTALLY_{name}": value for name, value in settings.items()}
    with pytest.raises(SettingsError) as caught:
        load(Origins({"HOME": str(tmp_path), **environ}, read_file), hostname="nas")
    assert problem in str(caught.value)


def test_without_a_command_there_is_no_job(home: Home) -> None:
    settings = settings_with(name="nas", ledger=home.ledger, backup=home.backups)
    assert REMOTE_NAME not in enabled_jobs(settings)
    assert RemoteBackupJob.retry_s == (300.0, 3600.0)
