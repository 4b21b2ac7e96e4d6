"""InfluxDB's tasks run again for windows that have passed."""

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tictally_recorder.ledger import Window
from tictally_recorder.logs import Seldom
from tictally_recorder.sinks.copying import Wait
from tictally_recorder.sinks.influx.client import Client, quoted
from tictally_recorder.sinks.influx.errors import FaultError, InfluxError, NotThereError
from tictally_shared.frames import iso_utc

_LONGEST_S: Final = 60.0
_LOOK_S: Final = 0.1
_TRIES: Final = 5
_TASKS: Final = "/api/v2/tasks"
_FAILED: Final = frozenset({"failed", "canceled"})
_ENDED: Final = _FAILED | {"success"}
_LONGEST_SENTENCE: Final = 200
AT_ONCE: Final = 5
"""InfluxDB looks once a second for runs that it is asked for: one by one they would take a second each."""
_log = logging.getLogger(__name__)


class Runs:
    """Runs tasks, a few at a time: InfluxDB on a small machine has other things to do.

    Args:
        client: with a token that may run tasks.
        wait: sleeps for so many seconds, or shorter where the sink shall end: True then.
    """

    def __init__(self, client: Client, wait: Wait) -> None:
        self._client = client
        self._wait = wait
        self._failed: Counter[Window] = Counter()
        self._seldom = Seldom(_log)

    def run(self, windows: Sequence[Window], task_ids: Mapping[int, str]) -> list[Window]:
        """Run the tasks of some windows; those that have succeeded, or failed too often to be tried again.

        Args:
            windows: that have passed, `AT_ONCE` at most.
            task_ids: length of windows → id of the task that makes them.

        Raises:
            InfluxError: one was not run, or nobody knows.
        """
        left: dict[str, Window] = {}
        for window in windows:
            path = f"{_TASKS}/{quoted(task_ids[window.length_ms])}/runs"
            begun = self._client.post(path, {"scheduledFor": iso_utc(window.end_ms)})
            left[f"{path}/{quoted(begun['id'])}"] = window
        done: list[Window] = []
        end_s = time.monotonic() + _LONGEST_S
        while left:
            if time.monotonic() > end_s:
                raise InfluxError(f"InfluxDB has not run its task of {_told(*left.values())} within {_LONGEST_S:g} s")
            if self._wait(_LOOK_S):
                break
            for path, window in list(left.items()):
                try:
                    run = self._client.get(path)
                except (NotThereError, FaultError):  # for a moment, between waiting, running and ended (2.8: a panic)
                    continue
                if run["status"] == "success" or (run["status"] in _FAILED and self._fail(window, run)):
                    self._failed.pop(window, None)
                    done.append(window)
                if run["status"] in _ENDED:
                    del left[path]
        return done

    def _fail(self, window: Window, run: Mapping[str, Any]) -> bool:
        """Count it; True where it has failed too often."""
        self._failed[window] += 1
        said = run.get("log") or [{"message": run["status"]}]
        sentence = f"InfluxDB's task of {_told(window)} has failed: {said[-1]['message'][:_LONGEST_SENTENCE]}"
        if self._failed[window] < _TRIES:
            self._seldom.say(sentence, time.monotonic())
            return False
        _log.warning("%s; it is not tried again", sentence)
        return True


def _told(window: Window, *_others: Window) -> str:
    return f"{iso_utc(window.start_ms)} to {iso_utc(window.end_ms)}"
