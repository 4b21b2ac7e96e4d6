"""Runs InfluxDB's tasks again for windows that have passed."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tictally_recorder.ledger import TimeWindow
from tictally_recorder.problem import ProblemCode
from tictally_recorder.sinks.influxdb.client import Client, quoted
from tictally_recorder.sinks.influxdb.errors import InfluxError, NotAllowedError, NotFoundError, ServerFaultError
from tictally_recorder.sinks.protocol import Wait
from tictally_shared.frames import iso_utc
from tictally_shared.phrase import Phrase, Value
from tictally_shared.runtime.log import RateLimitedLogger

_TIMEOUT_S: Final = 60.0
_POLL_S: Final = 0.1
# Delays after the first, second … failure; the last one repeats for ever, as the cause may be gone tomorrow.
_RETRY_S: Final = (1.0, 30.0, 300.0, 1800.0)
_TASKS: Final = "/api/v2/tasks"
_ENDED: Final = frozenset({"success", "failed", "canceled"})
# Lines of a run's log that do not explain a failure.
_NO_REASON: Final = ("Started task from script", "Completed(")
_MAX_REASON_LENGTH: Final = 300
MAX_CONCURRENT_RUNS: Final = 5
"""InfluxDB polls once a second for forced runs: one by one they would take a second each."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Failure:
    count: int
    retry_at_s: float
    problem: Phrase


class TaskRunner:
    """Runs tasks, a few at a time, so that an InfluxDB on a small machine keeps answering.

    Args:
        client: with a token that may run tasks.
        wait: sleeps; returns True if the sink shall stop.
    """

    def __init__(self, client: Client, wait: Wait) -> None:
        self._client = client
        self._wait = wait
        self._failures: dict[TimeWindow, _Failure] = {}
        self._limited_log = RateLimitedLogger(_log)

    def ready(self, windows: Sequence[TimeWindow]) -> list[TimeWindow]:
        """The windows that may run now; failed ones wait longer after each failure, while others go on.

        Args:
            windows: all that wait; failures of any other window are forgotten.
        """
        self._failures = {each: self._failures[each] for each in windows if each in self._failures}
        now_s = time.monotonic()
        return [each for each in windows if each not in self._failures or self._failures[each].retry_at_s <= now_s]

    @property
    def persistent_failure(self) -> Phrase | None:
        """Why runs fail, where every failed window has failed more than once; else None."""
        fewest = min(self._failures.values(), key=lambda each: each.count, default=None)
        return None if fewest is None or fewest.count == 1 else fewest.problem

    def run(self, windows: Sequence[TimeWindow], task_ids: Mapping[int, str]) -> list[TimeWindow]:
        """Run the tasks of some windows; returns the windows whose run succeeded.

        Args:
            windows: that have passed, `MAX_CONCURRENT_RUNS` at most.
            task_ids: length of windows, in ms → id of the task that aggregates them.

        Raises:
            InfluxError: no run started, or their results are unknown.
        """
        running: dict[str, TimeWindow] = {}
        for window in windows:
            path = f"{_TASKS}/{quoted(task_ids[window.length_ms])}/runs"
            try:
                run = self._client.post(path, {"scheduledFor": iso_utc(window.end_ms)})
            except NotAllowedError as error:  # the token may only see the task: nothing but windows waits for it
                self._record_failure(window, str(error))
                continue
            running[f"{path}/{quoted(run['id'])}"] = window
        succeeded: list[TimeWindow] = []
        deadline_s = time.monotonic() + _TIMEOUT_S
        while running and not (succeeded and time.monotonic() > deadline_s):
            if time.monotonic() > deadline_s:
                window = next(iter(running.values()))
                about: dict[str, Value] = {**_range(window), "seconds": f"{_TIMEOUT_S:g}"}
                raise InfluxError(Phrase(ProblemCode.INFLUX_TASK_SLOW, about))
            if self._wait(_POLL_S):
                break
            for path, window in list(running.items()):
                try:
                    run = self._client.get(path)
                except (NotFoundError, ServerFaultError):  # for a moment, while a run changes state (2.8: a panic)
                    continue
                if run["status"] in _ENDED:
                    del running[path]
                    if self._has_succeeded(window, run):
                        succeeded.append(window)
        return succeeded

    def _has_succeeded(self, window: TimeWindow, run: Mapping[str, Any]) -> bool:
        if run["status"] == "success":
            self._failures.pop(window, None)
            return True
        lines = [each["message"] for each in run.get("log") or () if not each["message"].startswith(_NO_REASON)]
        self._record_failure(window, " ".join((lines or [run["status"]])[-1].split())[:_MAX_REASON_LENGTH])
        return False

    def _record_failure(self, window: TimeWindow, reason: str) -> None:
        self._limited_log.log(f"an InfluxDB task failed, it runs again later: {reason}", time.monotonic())
        problem = Phrase(ProblemCode.INFLUX_TASK_FAILED, {**_range(window), "detail": reason})
        count = self._failures[window].count + 1 if window in self._failures else 1
        delay_s = _RETRY_S[min(count, len(_RETRY_S)) - 1]
        self._failures[window] = _Failure(count, time.monotonic() + delay_s, problem)


def _range(window: TimeWindow) -> dict[str, str]:
    return {"start": iso_utc(window.start_ms), "end": iso_utc(window.end_ms)}
