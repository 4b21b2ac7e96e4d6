"""InfluxDB's tasks run again for windows that have passed."""

import logging
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final

from tictally_recorder.ledger import Window
from tictally_recorder.sinks.copying import Wait
from tictally_recorder.sinks.influx.client import Client, quoted
from tictally_recorder.sinks.influx.errors import InfluxError
from tictally_shared.frames import iso_utc

_LONGEST_S: Final = 120.0
_LOOK_S: Final = (0.02, 0.5)
_TRIES: Final = 5
_log = logging.getLogger(__name__)


class Runs:
    """Runs tasks, one at a time: InfluxDB on a small machine has other things to do.

    Args:
        client: with a token that may run tasks.
        wait: sleeps for so many seconds, or shorter where the sink shall end: True then.
    """

    def __init__(self, client: Client, wait: Wait) -> None:
        self._client = client
        self._wait = wait
        self._failed: Counter[Window] = Counter()

    def run(self, window: Window, task_ids: Mapping[int, str]) -> bool:
        """Run the task of a window; True where it has succeeded, or failed too often to be tried again.

        Args:
            window: that has passed.
            task_ids: length of windows → id of the task that makes them.

        Raises:
            InfluxError: it was not run, or nobody knows.
        """
        path = f"/api/v2/tasks/{quoted(task_ids[window.length_ms])}/runs"
        begun = self._client.post(path, {"scheduledFor": iso_utc(window.end_ms)})
        end_s, look_s = time.monotonic() + _LONGEST_S, _LOOK_S[0]
        while time.monotonic() < end_s:
            if self._wait(look_s):
                return False
            look_s = min(2 * look_s, _LOOK_S[1])
            run = self._client.get(f"{path}/{quoted(begun['id'])}")
            if run["status"] == "success":
                self._failed.pop(window, None)
                return True
            if run["status"] in {"failed", "canceled"}:
                return self._fail(window, run)
        raise InfluxError(f"InfluxDB has not run the task of {_told(window)} within {_LONGEST_S:g} s")

    def _fail(self, window: Window, run: Mapping[str, object]) -> bool:
        logs = run.get("log")
        said = logs[-1].get("message", "") if isinstance(logs, list) and logs else run["status"]
        self._failed[window] += 1
        if self._failed[window] < _TRIES:
            raise InfluxError(f"InfluxDB's task of {_told(window)} has failed: {str(said)[:200]}")
        del self._failed[window]
        _log.warning("InfluxDB's task of %s has failed %d times and is not run again", _told(window), _TRIES)
        return True


def _told(window: Window) -> str:
    return f"{iso_utc(window.start_ms)} to {iso_utc(window.end_ms)}"
