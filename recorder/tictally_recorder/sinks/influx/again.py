"""Minutes and hours that are made again for late frames: which of those that wait now, which never."""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Final

from tictally_recorder.ledger import Outbox, Window
from tictally_recorder.logs import Seldom
from tictally_recorder.sinks.copying import Wait
from tictally_recorder.sinks.influx.buckets import Buckets
from tictally_recorder.sinks.influx.client import Client
from tictally_recorder.sinks.influx.provision import Place
from tictally_recorder.sinks.influx.runs import AT_ONCE, Runs
from tictally_recorder.sinks.influx.thinned import thinned
from tictally_recorder.sinks.influx.windows import coalesced

_THINNED: Final = (
    "InfluxDB has no longer all frames of some minutes or hours that late frames are for: they stay as made"
)
_log = logging.getLogger(__name__)


class Again:
    """Lets InfluxDB's tasks run again.

    Args:
        client: with a token that may run tasks.
        buckets: in which they aggregate.
        outbox: in which windows wait.
        wait: sleeps for so many seconds, or shorter where the sink shall end: True then.

    Attributes:
        unmade: why windows wait that are not run now nor in a moment, a sentence; or None.
    """

    def __init__(self, client: Client, buckets: Buckets, outbox: Outbox, wait: Wait) -> None:
        self._client, self._buckets, self._outbox = client, buckets, outbox
        self._runs = Runs(client, wait)
        self._seldom = Seldom(_log)
        self.unmade: str | None = None

    def step(self, place: Place, waiting: Sequence[Window], now_ms: int, since_ms: int) -> bool:
        """Run some of those that wait; True where there may be more to run at once.

        Args:
            place: with the tasks that there are.
            waiting: in the outbox.
            now_ms: by InfluxDB's clock.
            since_ms: what begins earlier lacks raw frames, and is left as it is.
        """
        found = coalesced(waiting, now_ms)
        here = [each for each in found if each.start_ms >= since_ms]
        self._drop(found, [each for each in found if each.start_ms < since_ms])
        self._keep_as_hours({each: found[each] for each in here if each.length_ms not in place.task_ids})
        ready = self._runs.ready([each for each in here if each.length_ms in place.task_ids])
        now = ready[:AT_ONCE]
        if now:
            less = thinned(self._client.query, self._buckets, now)
            if less:
                self._seldom.say(_THINNED, time.monotonic())
                self._drop(found, less)
            self._drop(found, self._runs.run([each for each in now if each not in less], place.task_ids))
        lack = None if place.lack is None else f"InfluxDB {place.lack}"
        self.unmade = None if ready else self._runs.trouble or lack
        return bool(ready)

    def _drop(self, found: Mapping[Window, Sequence[Window]], windows: Sequence[Window]) -> None:
        if windows:
            self._outbox.drop_windows(each for window in windows for each in found[window])

    def _keep_as_hours(self, found: Mapping[Window, Sequence[Window]]) -> None:
        """Windows without a task wait, as hours where they are due, of which there are at most as many as raw has."""
        done = [each for window, own in found.items() for each in own if each != window]
        if done:
            self._outbox.add_windows(found)
            self._outbox.drop_windows(done)
