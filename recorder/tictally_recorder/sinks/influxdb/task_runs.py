"""InfluxDB's tasks run again for windows that have passed."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tictally_recorder.ledger import Window
from tictally_recorder.sinks.influxdb.client import Client, quoted
from tictally_recorder.sinks.influxdb.errors import FaultError, InfluxError, NotAllowedError, NotThereError
from tictally_recorder.sinks.runner import Wait
from tictally_shared.frames import iso_utc
from tictally_shared.runtime.log import RateLimitedLogger

_LONGEST_S: Final = 60.0
_LOOK_S: Final = 0.1
# After so long what has failed is tried again, the last for ever: what fails for an hour may be made tomorrow.
_AGAIN_S: Final = (1.0, 30.0, 300.0, 1800.0)
_TASKS: Final = "/api/v2/tasks"
_ENDED: Final = frozenset({"success", "failed", "canceled"})
# Lines of a run's log that say nothing of why.
_NO_REASON: Final = ("Started task from script", "Completed(")
_LONGEST_SENTENCE: Final = 300
AT_ONCE: Final = 5
"""InfluxDB looks once a second for runs that it is asked for: one by one they would take a second each."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Failure:
    tries: int
    next_s: float
    sentence: str


class Runs:
    """Runs tasks, a few at a time: InfluxDB on a small machine has other things to do.

    Args:
        client: with a token that may run tasks.
        wait: sleeps for so many seconds, or shorter where the sink shall end: True then.
    """

    def __init__(self, client: Client, wait: Wait) -> None:
        self._client = client
        self._wait = wait
        self._failures: dict[Window, _Failure] = {}
        self._limited_log = RateLimitedLogger(_log)

    def ready(self, windows: Sequence[Window]) -> list[Window]:
        """Those that may be run now: what has failed is tried again later and later, while others go on.

        Args:
            windows: all that wait; of what waits no longer nothing is remembered.
        """
        self._failures = {each: self._failures[each] for each in windows if each in self._failures}
        now_s = time.monotonic()
        return [each for each in windows if each not in self._failures or self._failures[each].next_s <= now_s]

    @property
    def trouble(self) -> str | None:
        """Why runs fail, a sentence, where all that have failed did so more than once; else None."""
        least = min(self._failures.values(), key=lambda each: each.tries, default=None)
        return None if least is None or least.tries == 1 else least.sentence

    def run(self, windows: Sequence[Window], task_ids: Mapping[int, str]) -> list[Window]:
        """Run the tasks of some windows; those that have succeeded.

        Args:
            windows: that have passed, `AT_ONCE` at most.
            task_ids: length of windows → id of the task that makes them.

        Raises:
            InfluxError: none was run, or nobody knows.
        """
        left: dict[str, Window] = {}
        for window in windows:
            path = f"{_TASKS}/{quoted(task_ids[window.length_ms])}/runs"
            try:
                begun = self._client.post(path, {"scheduledFor": iso_utc(window.end_ms)})
            except NotAllowedError as error:  # it may see the task only: minutes and hours are all that waits for it
                self._fail(window, str(error))
                continue
            left[f"{path}/{quoted(begun['id'])}"] = window
        done: list[Window] = []
        end_s = time.monotonic() + _LONGEST_S
        while left and not (done and time.monotonic() > end_s):
            if time.monotonic() > end_s:
                raise InfluxError(f"InfluxDB has not run its task of {_told(*left.values())} within {_LONGEST_S:g} s")
            if self._wait(_LOOK_S):
                break
            for path, window in list(left.items()):
                try:
                    run = self._client.get(path)
                except (NotThereError, FaultError):  # for a moment, between waiting, running and ended (2.8: a panic)
                    continue
                if run["status"] in _ENDED:
                    del left[path]
                    if self._has_succeeded(window, run):
                        done.append(window)
        return done

    def _has_succeeded(self, window: Window, run: Mapping[str, Any]) -> bool:
        if run["status"] == "success":
            self._failures.pop(window, None)
            return True
        said = [each["message"] for each in run.get("log") or () if not each["message"].startswith(_NO_REASON)]
        reason = " ".join((said or [run["status"]])[-1].split())[:_LONGEST_SENTENCE]
        self._fail(window, reason)
        return False

    def _fail(self, window: Window, reason: str) -> None:
        self._limited_log.log(f"a task of InfluxDB has failed, and is run again later: {reason}", time.monotonic())
        sentence = f"InfluxDB's task of {_told(window)} has failed: {reason}"
        tries = self._failures[window].tries + 1 if window in self._failures else 1
        after_s = _AGAIN_S[min(tries, len(_AGAIN_S)) - 1]
        self._failures[window] = _Failure(tries, time.monotonic() + after_s, sentence)


def _told(window: Window, *_others: Window) -> str:
    return f"{iso_utc(window.start_ms)} to {iso_utc(window.end_ms)}"
