"""Jobs: one that only this file knows appears everywhere; schedules, retries and stored states."""

import json
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from api_serving import Served
from pydantic import BaseModel, ConfigDict, Field
from recorder_loop import recorder_loop

from tictally_recorder.__main__ import main
from tictally_recorder.doctor.words import subject_text
from tictally_recorder.features import all_settings, settings_with
from tictally_recorder.finding import Finding, Moments
from tictally_recorder.jobs import JobContext, JobError, JobKind, JobRun, JobScheduler, JobState, job_reports, register
from tictally_recorder.jobs.report import job_findings
from tictally_recorder.jobs.runner import JobRunner
from tictally_recorder.jobs.schedule import Schedule
from tictally_recorder.jobs.state import state_key
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.problem import ProblemCode, uncoded
from tictally_recorder.settings import Settings
from tictally_recorder.translations import catalogue
from tictally_shared.phrase import Phrase, Value

PARIS = ZoneInfo("Europe/Paris")
HOUR_MS = 3600_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


class TideSettings(BaseModel):
    """Settings of a job that fetches the tides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: str | None = Field(default=None, description="Port whose tides are fetched; unset: none.")


@dataclass
class TideJob:
    """Fetches the tides of a port, as a feature outside this program might."""

    port: str
    problem: str | None = None
    runs: int = 0
    schedule: ClassVar[str] = "15 20 * * *"
    time_limit_s: ClassVar[float] = 60.0
    retry_s: ClassVar[tuple[float, float]] = (60.0, 240.0)

    def check(self, context: JobContext) -> bool:
        return context.is_scheduled

    def run(self, context: JobContext) -> str:
        self.runs += 1
        if self.problem is not None:
            raise JobError(self.problem)
        context.memory["runs"] = self.runs
        return f"fetched the tides of {self.port}"

    def stop(self) -> None:
        """Nothing is left behind."""


def make_tides(settings: Settings) -> TideJob | None:
    port = settings.section(TideSettings).port
    return None if port is None else TideJob(port)


@pytest.fixture
def _tides() -> Iterator[None]:
    unregister = register(JobKind("tides", {"fr": "Marées", "en": "Tides"}, make_tides, TideSettings))
    yield
    unregister()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _tides: None) -> Settings:
    ledger = tmp_path / "ledger.sqlite"
    for name, value in (("LEDGER", ledger), ("NAME", "nas"), ("TIDES_PORT", "Brest")):
        monkeypatch.setenv(f"TICTALLY_{name}", str(value))
    Ledger.open(ledger).close()
    return settings_with(name="nas", ledger=ledger, tides_port="Brest", language="en")


def runner_of(job: TideJob, state: JobState | None = None) -> JobRunner:
    return JobRunner("tides", job, Schedule(job.schedule, PARIS), state or JobState())


def test_its_settings_are_settings_of_the_recorder(settings: Settings) -> None:
    assert settings.section(TideSettings).port == "Brest"
    assert any(TideSettings is field.annotation for field in all_settings().model_fields.values())


@pytest.mark.usefixtures("settings")
def test_the_command_line_lists_runs_and_logs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    assert main(["job", "run", "tides"]) == 0
    assert capsys.readouterr().out == "fetched the tides of Brest\n"
    assert main(["job", "list"]) == 0
    (line,) = [each for each in capsys.readouterr().out.splitlines() if each.startswith("tides ")]
    assert line.split()[1:6] == ["15", "20", "*", "*", "*"]
    assert "fetched the tides" in line
    assert main(["job", "list", "--json"]) == 0
    (record,) = [each for each in json.loads(capsys.readouterr().out) if each["name"] == "tides"]
    assert (record["title"], record["last_result"], record["problem"]) == ("Tides", "fetched the tides of Brest", None)
    assert main(["job", "log", "tides"]) == 0
    assert capsys.readouterr().out.endswith("s  fetched the tides of Brest\n")
    assert main(["job", "run", "tide"]) == 2
    assert re.search(r"there is no job 'tide'; there are: backup, .*tides, ", capsys.readouterr().err.strip())
    assert main(["job", "run", "backup"]) == 1
    assert "job backup is switched off by the settings" in capsys.readouterr().err
    monkeypatch.setenv("TICTALLY_LANGUAGE", "fr")
    assert main(["job", "list"]) == 0
    heading, *lines = (" ".join(each.split()) for each in capsys.readouterr().out.splitlines())
    assert heading == "Tâche Horaire Dernière réussite Prochaine exécution Dernier résultat"
    assert "backup désactivée jamais jamais" in lines


def test_a_manual_run_fails_with_its_reason(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> str:
        raise JobError("the server is away")

    monkeypatch.setattr(TideJob, "run", fail)
    assert main(["job", "run", "tides"]) == 1
    assert capsys.readouterr().err == "tictally: tâche tides : the server is away\n"
    with LedgerReader.open(settings.ledger) as reader:
        assert JobState.from_json(reader.get_value(state_key("tides"))).problem == uncoded("the server is away")


def test_an_interrupted_manual_run_is_not_a_failure(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> str:
        signal.raise_signal(signal.SIGINT)
        raise JobError("it was stopped")

    monkeypatch.setattr(TideJob, "run", interrupted)
    assert main(["job", "run", "tides"]) == 130
    assert capsys.readouterr().out == ""
    with LedgerReader.open(settings.ledger) as reader:
        assert reader.get_value(state_key("tides")) is None


def test_what_a_job_has_done_right_before_the_recorder_stops_is_stored(settings: Settings) -> None:
    with Ledger.open(settings.ledger) as ledger:
        jobs = JobScheduler(settings, ledger.get_value)
        with jobs.running():
            jobs.request("tides").result(10)
        jobs.store(ledger)
        assert JobState.from_json(ledger.get_value(state_key("tides"))).memory == {"runs": 1}


class NestedJob(TideJob):
    """Changes a list in its memory."""

    def check(self, context: JobContext) -> bool:
        context.memory["seen"].append(context.now_ms)
        return False


def test_what_a_job_changes_inside_its_memory_leaves_the_earlier_state_as_it_was() -> None:
    runner = runner_of(NestedJob("Brest"), JobState(memory={"seen": []}))
    before = runner.state
    runner.poll(7)
    assert (before.memory, runner.state.memory) == ({"seen": []}, {"seen": [7]})


def test_health_includes_it(settings: Settings, tmp_path: Path) -> None:
    with Ledger.open(settings.ledger) as ledger:
        ledger.put_value(state_key("tides"), JobState(1_000, uncoded("the server is away"), 5_000).to_json())
        with recorder_loop(tmp_path, ledger, settings=settings) as loop:
            assert loop.health()["jobs"]["tides"] == {
                "schedule": "15 20 * * *",
                "last_run": None,
                "last_result": None,
                "last_success": "1970-01-01T00:00:01.000Z",
                "next_run": "1970-01-01T00:00:05.000Z",
                "problem": "the server is away",
                "is_failing": True,
            }


def test_the_doctor_has_a_finding_about_it(settings: Settings) -> None:
    states = {state_key("tides"): JobState(1_000, uncoded("the server is away"), 5_000).to_json()}
    moments = Moments(61_000, ZoneInfo("UTC"))
    (finding,) = job_findings(job_reports(settings, states.get, 0), moments)
    assert in_english(finding) == (
        "job tides",
        "trouble",
        (
            "the server is away; its last success was 1970-01-01 00:00:01 (60 s ago), "
            "the next attempt is 1970-01-01 00:00:05"
        ),
    )
    states = {state_key("tides"): JobState(1_000).to_json()}
    (finding,) = job_findings(job_reports(settings, states.get, 0), moments)
    assert re.fullmatch(
        r"its last success was 1970-01-01 00:00:01 \(60 s ago\), its next run is 1970-01-01 19:15:\d\d",
        in_english(finding)[2],
    )
    (finding,) = job_findings(job_reports(settings, lambda _: None, 0), moments)
    assert in_english(finding) == ("job tides", "note", "it has not succeeded yet")


def in_english(finding: Finding) -> tuple[str, str, str]:
    words = catalogue("en")
    return subject_text(words, finding.about), finding.level, words.phrase(finding.phrase)


@pytest.mark.usefixtures("_tides")
def test_api_and_metrics_include_it(tmp_path: Path) -> None:
    with Served(tmp_path, settings={"tides_port": "Brest"}) as served:
        run = JobRun(900, 1_000, "fetched the tides of Brest", None)
        served.ledger.put_value(state_key("tides"), JobState(1_000, runs=(run,)).to_json())
        (item,) = [each for each in served.items("/api/v1/jobs?language=en") if each["name"] == "tides"]
        assert (item["title"], item["is_enabled"]) == ("Tides", True)
        assert (item["last_result"], item["last_success"]) == (run.result, "1970-01-01T00:00:01.000Z")
        metrics = served.get("/metrics").text
        assert 'tictally_job_info{job="tides",schedule="15 20 * * *"} 1.0' in metrics
        assert 'tictally_job_last_run_succeeded{job="tides"} 1.0' in metrics
        assert 'tictally_job_last_success_timestamp_seconds{job="tides"} 1.0' in metrics


def test_it_runs_when_it_is_due_and_not_again() -> None:
    job = TideJob("Brest")
    runner = runner_of(job, JobState(ms("2026-11-20T20:15:30+01:00")))
    assert runner.poll(ms("2026-11-21T20:14:59+01:00"))
    assert job.runs == 0
    assert runner.poll(ms("2026-11-21T20:15:00+01:00"))
    assert runner.poll(ms("2026-11-21T20:16:00+01:00"))
    assert (job.runs, runner.state.memory) == (1, {"runs": 1})
    (run,) = runner.state.runs
    assert (run.result, run.problem) == ("fetched the tides of Brest", None)


def test_runs_missed_while_no_recorder_ran_are_made_up_for_once() -> None:
    job = TideJob("Brest")
    runner = runner_of(job, JobState(ms("2026-11-01T20:15:30+01:00")))
    for minute in range(3):
        runner.poll(ms("2026-11-21T09:00:00+01:00") + minute * 60_000)
    assert job.runs == 1


def test_a_failure_is_retried_ever_later_and_logged_once() -> None:
    job = TideJob("Brest", problem="the server is away")
    runner = runner_of(job)
    delays = []
    for _ in range(4):
        assert not runner.poll(time.time_ns() // 1_000_000)
        retry_ms = runner.state.retry_ms
        assert retry_ms is not None
        delays.append(round((retry_ms - time.time_ns() // 1_000_000) / 1000))
    assert delays == [60, 120, 240, 240]
    assert [run.problem for run in runner.state.runs] == [uncoded("the server is away")]
    job.problem = None
    assert runner.poll(time.time_ns() // 1_000_000)
    assert (runner.state.problem, runner.state.retry_ms, len(runner.state.runs)) == (None, None, 2)


def test_a_state_is_read_as_it_was_stored() -> None:
    job = TideJob("Brest")
    runner = runner_of(job)
    runner.poll(ms("2026-11-21T20:15:00+01:00"))
    assert JobState.from_json(runner.state.to_json()) == runner.state


@pytest.mark.parametrize(
    ("expression", "now", "last", "following"),
    [
        ("0 4 * * *", "2026-11-21T04:00:00+01:00", "2026-11-21T04:00:00+01:00", "2026-11-22T04:00:00+01:00"),
        ("0 4 * * *", "2026-11-21T03:59:59+01:00", "2026-11-20T04:00:00+01:00", "2026-11-21T04:00:00+01:00"),
        # Clocks go forward at 02:00 and back at 03:00.
        ("30 2 * * *", "2027-03-28T12:00:00+02:00", "2027-03-28T03:00:00+02:00", "2027-03-29T02:30:00+02:00"),
        ("30 2 * * *", "2027-10-31T12:00:00+01:00", "2027-10-31T02:30:00+02:00", "2027-11-01T02:30:00+01:00"),
        ("0 6 * * mon", "2026-11-21T12:00:00+01:00", "2026-11-16T06:00:00+01:00", "2026-11-23T06:00:00+01:00"),
    ],
)
def test_a_schedule_is_in_local_time(expression: str, now: str, last: str, following: str) -> None:
    schedule = Schedule(expression, PARIS)
    assert (schedule.last_ms(ms(now)), schedule.next_ms(ms(now))) == (ms(last), ms(following))


def test_each_recorder_has_seconds_of_its_own() -> None:
    offsets = {Schedule.spread("0 4 * * *", PARIS, f"recorder-{n}/backup").offset_s for n in range(100)}
    assert offsets <= set(range(60))
    assert len(offsets) > 30
    moved = Schedule("0 4 * * *", PARIS, 17)
    assert moved.last_ms(ms("2026-11-21T04:00:16+01:00")) == ms("2026-11-20T04:00:17+01:00")
    assert moved.next_ms(ms("2026-11-21T04:00:16+01:00")) == ms("2026-11-21T04:00:17+01:00")


@pytest.mark.parametrize("expression", ["at noon", "0 4 30 2 *", "61 4 * * *"])
def test_a_schedule_that_makes_no_sense_is_rejected(expression: str) -> None:
    with pytest.raises(ValueError, match="is no cron expression"):
        Schedule(expression, PARIS)


def test_a_job_is_polled_every_minute_and_at_its_own_second() -> None:
    schedule = Schedule("15 20 * * *", PARIS, 37)
    job = JobRunner("tides", TideJob("Brest"), schedule, JobState())
    due_ms = ms("2026-11-21T20:15:37+01:00")
    assert job.next_poll_ms(due_ms - HOUR_MS) == due_ms - HOUR_MS + 60_000
    assert job.next_poll_ms(due_ms - 20_000) == due_ms
    assert job.next_poll_ms(due_ms) == due_ms + 60_000
    waiting = JobRunner("tides", TideJob("Brest"), schedule, JobState(retry_ms=due_ms + 5000))
    assert waiting.next_poll_ms(due_ms) == due_ms + 5000


def test_a_problem_with_another_inside_it_is_read_back_as_it_was() -> None:
    about: dict[str, Value] = {"file": "a.backup", "restored": Phrase(ProblemCode.REMOTE_BACKUP_FILE_LOST)}
    problem = Phrase(ProblemCode.REMOTE_BACKUP_CHANGED_FILE, about)
    state = JobState(None, problem, runs=(JobRun(1, 2, None, problem),))
    assert JobState.from_json(state.to_json()) == state


@pytest.mark.parametrize("key", ["problem.of_a_later_version", "tides.high"])
def test_a_problem_of_another_version_does_not_keep_a_recorder_from_starting(key: str) -> None:
    text = JobState(5, Phrase(ProblemCode.OTHER, {"detail": "x"})).to_json().replace("problem.other", key)
    state = JobState.from_json(text)
    assert (state.last_success_ms, state.problem) == (5, Phrase(ProblemCode.OTHER, {"detail": key}))
