"""All enabled jobs of a recorder, and the maintenance step that stores their states in the ledger."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import ClassVar, Final

from tictally_recorder.jobs.job import Job
from tictally_recorder.jobs.registry import enabled_jobs
from tictally_recorder.jobs.report import job_reports
from tictally_recorder.jobs.runner import JobRunner
from tictally_recorder.jobs.schedule import Schedule
from tictally_recorder.jobs.state import JobState, state_key
from tictally_recorder.ledger import Ledger
from tictally_recorder.maintenance import Turn, Wake
from tictally_recorder.problem import ProblemCode
from tictally_recorder.settings import Settings
from tictally_recorder.translations import catalogue

# A message that is being sent ends in that time; a job that hangs must not hold up the stop.
_STOP_LIMIT_S: Final = 3.0
_HEALTH_FIELDS: Final = ("schedule", "last_run", "last_result", "last_success", "next_run")


class JobScheduler:
    """Runs every enabled job.

    Args:
        settings: the recorder's.
        get_value: reads its ledger's key-value store.
    """

    def __init__(self, settings: Settings, get_value: Callable[[str], str | None]) -> None:
        self._runners = [make_runner(settings, name, job, get_value) for name, job in enabled_jobs(settings).items()]

    @contextmanager
    def running(self) -> Iterator[None]:
        """While the block runs, the jobs do."""
        for runner in self._runners:
            runner.start()
        try:
            yield
        finally:
            for runner in self._runners:
                runner.stop()
            end_s = time.monotonic() + _STOP_LIMIT_S
            for runner in self._runners:
                runner.join(end_s - time.monotonic())

    def store(self, ledger: Ledger) -> None:
        """Store the states of all jobs when the recorder stops: what one has just done must not be done again.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        for name, state in self.states.items():
            is_stopped = state.problem is not None and state.problem.code is ProblemCode.RECORDER_STOPPED
            if state != JobState() and not is_stopped:
                ledger.put_value(state_key(name), state.to_json())

    def request(self, name: str) -> Future[JobState]:
        """Run an enabled job now; see `JobRunner.request`.

        Raises:
            KeyError: there is no such job, or it is switched off.
        """
        return {runner.name: runner for runner in self._runners}[name].request()

    @property
    def states(self) -> dict[str, JobState]:
        """Job → its state now."""
        return {runner.name: runner.state for runner in self._runners}


def make_runner(settings: Settings, name: str, job: Job, get_value: Callable[[str], str | None]) -> JobRunner:
    """The runner of a job, in the state that was stored last.

    Args:
        settings: the recorder's.
        name: of the job.
        job: itself.
        get_value: reads the ledger's key-value store.
    """
    schedule = Schedule.spread(job.schedule, settings.zone, f"{settings.name}/{name}")
    return JobRunner(name, job, schedule, JobState.from_json(get_value(state_key(name))))


class JobStep:
    """Stores states in the ledger where they have changed; the jobs' own threads may not write there.

    Args:
        scheduler: of the jobs.
        ledger: where states are stored.
        settings: the recorder's.
        on_change: called after a state has changed.
    """

    name: ClassVar[str] = "jobs"
    needs_idle: ClassVar[bool] = False
    due_s: ClassVar[float] = 0.0

    def __init__(
        self, scheduler: JobScheduler, ledger: Ledger, settings: Settings, on_change: Callable[[], None]
    ) -> None:
        self._scheduler = scheduler
        self._ledger = ledger
        self._settings = settings
        self._on_change = on_change
        self._stored = scheduler.states

    def run(self, _turn: Turn) -> bool:
        """Store what has changed."""
        for name, state in self._scheduler.states.items():
            if state != self._stored[name]:
                self._ledger.put_value(state_key(name), state.to_json())
                self._stored[name] = state
                self._on_change()
        return True

    def wake(self, reason: Wake) -> None:
        """Nothing changes: jobs have their own clock."""

    def health(self, turn: Turn) -> dict[str, object]:
        """`jobs` of the recorder's health, by name.

        `schedule` is a cron expression in local time; `last_run`, `last_success` and `next_run` are times.
        `last_result` is what the newest run did, null where it failed; `problem` is a sentence, or null, and
        `is_failing` whether a person has to look.
        """
        reports = job_reports(self._settings, self._ledger.get_value, turn.now_ms)
        words = catalogue(self._settings.language)
        return {
            "jobs": {
                report.name: {
                    **{each: report.to_record()[each] for each in _HEALTH_FIELDS},
                    "problem": report.problem and words.phrase(report.problem),
                    "is_failing": report.is_failing,
                }
                for report in reports
                if report.is_enabled
            }
        }
