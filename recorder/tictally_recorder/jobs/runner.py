"""One job in a thread of its own: checks every minute whether it is due, runs it, and retries what failed."""

import logging
import time
from concurrent.futures import Future
from copy import deepcopy
from dataclasses import replace
from threading import Event, Lock, Thread
from typing import Final

from tictally_recorder.jobs.job import Job, JobContext, JobError
from tictally_recorder.jobs.result import result_text
from tictally_recorder.jobs.schedule import Schedule
from tictally_recorder.jobs.state import JobRun, JobState
from tictally_recorder.ledger import LedgerError
from tictally_recorder.problem import ProblemCode, ProblemError
from tictally_recorder.translations import ENGLISH
from tictally_shared.phrase import Phrase
from tictally_shared.runtime.backoff import Backoff

# What became due while no recorder ran goes first.
_START_DELAY_S: Final = 10.0
_CHECK_EVERY_S: Final = 60.0
# A call to a network share whose server is away may never return.
_CHECK_LIMIT_S: Final = 5 * 60.0
# A home may be without internet for a weekend, and nobody has to do anything.
_TOLERATED_MS: Final = 48 * 3_600_000
_log = logging.getLogger(__name__)


class JobRunner:
    """Runs one job.

    Args:
        name: of the job.
        job: itself.
        schedule: when it is due.
        state: as it was stored last.
    """

    def __init__(self, name: str, job: Job, schedule: Schedule, state: JobState) -> None:
        self.name = name
        self._job = job
        self._schedule = schedule
        self._state = state
        self._backoff = Backoff(*job.retry_s)
        # The call under way and its deadline on the monotonic clock; None between two.
        self._context: JobContext | None = None
        self._deadline_s: float | None = None
        self._stopping = Event()
        # Set to end the pause between two checks, for a request or for the end.
        self._wake = Event()
        self._lock = Lock()
        self._requested: Future[JobState] | None = None
        self._thread = Thread(target=self._loop, name=f"job-{name}", daemon=True)

    @property
    def state(self) -> JobState:
        """As it is, also while the job hangs; never waits."""
        context, deadline_s = self._context, self._deadline_s
        if context is None or deadline_s is None or time.monotonic() <= deadline_s:
            return self._state
        hangs = Phrase(ProblemCode.JOB_TOO_LONG)
        if context.waits_for:
            hangs = Phrase(ProblemCode.JOB_HANGS, {"place": context.waits_for})
        return replace(self._state, problem=hangs)

    def start(self) -> None:
        """Begin, some seconds from now."""
        self._thread.start()

    def request(self) -> Future[JobState]:
        """Run it now, whether or not it is due, once a run that is under way has ended.

        Returns:
            Its state afterwards; cancelled where the recorder stops before.
        """
        with self._lock:
            if self._requested is None:
                self._requested = Future()
            if self._stopping.is_set():
                self._requested.cancel()
            self._wake.set()
            return self._requested

    def stop(self) -> None:
        """End the thread, and a run that is under way; waits for neither."""
        self._stopping.set()
        self._wake.set()
        self._job.stop()

    def join(self, limit_s: float) -> None:
        """Wait until the thread has ended, so long at most, seconds."""
        if self._thread.is_alive():
            self._thread.join(max(limit_s, 0.0))

    def poll(self, now_ms: int, *, is_forced: bool = False) -> bool:
        """Run the job where it is due.

        Args:
            now_ms: milliseconds since 1970.
            is_forced: True to run it in any case.

        Returns:
            True if all is well.
        """
        state = self._state
        is_scheduled = state.last_success_ms is None or state.last_success_ms < self._schedule.last_ms(now_ms)
        # What a job changes in it must not change the state that others read and compare meanwhile.
        memory = deepcopy(dict(state.memory))
        context = JobContext(now_ms, is_scheduled, state.last_success_ms, memory, "", self._stopping)
        self._context = context
        result: Phrase | str | None = None
        failure: ProblemError | None = None
        try:
            result = self._check_and_run(context, is_forced=is_forced)
        except ProblemError as error:
            failure = error
        except LedgerError as error:
            failure = JobError(str(error))
        except Exception as error:  # noqa: BLE001 - the thread must not end: nothing would run the job any more
            _log.exception("job %s failed", self.name)
            failure = JobError(Phrase(ProblemCode.JOB_FAILED, {"detail": repr(error)}))
        finally:
            self._deadline_s = self._context = None
        self._state = self._succeeded(context, result) if failure is None else self._failed(context, failure)
        return failure is None

    def _check_and_run(self, context: JobContext, *, is_forced: bool) -> Phrase | str | None:
        """What a run did, or None if none was due."""
        self._expect_within(_CHECK_LIMIT_S)
        is_due = self._job.check(context)
        if not is_due and not is_forced:
            return None
        self._expect_within(self._job.time_limit_s + _CHECK_LIMIT_S)
        result = self._job.run(context)
        _log.info("job %s: %s", self.name, result_text(result, ENGLISH))
        return result

    def _expect_within(self, limit_s: float) -> None:
        self._deadline_s = time.monotonic() + limit_s

    def _succeeded(self, context: JobContext, result: Phrase | str | None) -> JobState:
        before, finished_ms = self._state, _now_ms()
        last_success_ms = context.last_success_ms
        if result is not None and last_success_ms == before.last_success_ms:
            last_success_ms = finished_ms
        self._backoff.reset()
        state = JobState(last_success_ms, memory=context.memory, runs=before.runs)
        return state if result is None else state.with_run(JobRun(context.now_ms, finished_ms, result, None))

    def _failed(self, context: JobContext, failure: ProblemError) -> JobState:
        before, finished_ms, problem = self._state, _now_ms(), failure.problem
        wait_s = max(self._backoff.next_s(), failure.retry_after_s or 0.0)
        tolerated_ms = None
        if failure.is_normal:
            tolerated_ms = before.tolerated_until_ms or finished_ms + _TOLERATED_MS
        state = replace(
            before,
            last_success_ms=context.last_success_ms,
            problem=problem,
            retry_ms=finished_ms + int(wait_s * 1000),
            tolerated_until_ms=tolerated_ms,
            memory=context.memory,
        )
        if problem == before.problem:
            return state
        _log.log(
            logging.INFO if failure.is_normal else logging.WARNING, "job %s: %s", self.name, ENGLISH.phrase(problem)
        )
        return state.with_run(JobRun(context.now_ms, finished_ms, None, problem))

    def _loop(self) -> None:
        wait_s = _START_DELAY_S
        while True:
            self._wake.wait(wait_s)
            requested = self._take_request()
            if self._stopping.is_set():
                break
            self.poll(_now_ms(), is_forced=requested is not None)
            if requested is not None:
                requested.set_result(self._state)
            now_ms = _now_ms()
            wait_s = (self.next_poll_ms(now_ms) - now_ms) / 1000
        if requested is not None:
            requested.cancel()

    def _take_request(self) -> Future[JobState] | None:
        with self._lock:
            requested, self._requested = self._requested, None
            if self._stopping.is_set():
                return requested
            self._wake.clear()
        # From now on nobody can cancel it, and it gets its result.
        return requested if requested is not None and requested.set_running_or_notify_cancel() else None

    def next_poll_ms(self, now_ms: int) -> int:
        """When to poll next, milliseconds since 1970: within a minute, and at the schedule's own second."""
        retry_ms = self._state.retry_ms
        if retry_ms is not None:
            return max(retry_ms, now_ms)
        return min(now_ms + int(_CHECK_EVERY_S * 1000), self._schedule.next_ms(now_ms))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
