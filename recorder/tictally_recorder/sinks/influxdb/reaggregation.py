"""Minutes and hours that are made again for late frames: which of those that wait now, which never."""

import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from tictally_recorder.ledger import Outbox, Window
from tictally_recorder.sinks.influxdb.client import Client
from tictally_recorder.sinks.influxdb.config import Buckets
from tictally_recorder.sinks.influxdb.provisioning import Place
from tictally_recorder.sinks.influxdb.reconcile import Query
from tictally_recorder.sinks.influxdb.task_runs import AT_ONCE, Runs
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, coalesced
from tictally_recorder.sinks.runner import Wait
from tictally_shared.frames import iso_utc
from tictally_shared.runtime.log import RateLimitedLogger

_PART: Final = """
    from(bucket: "{bucket}")
        |> range(start: {start}, stop: {stop})
        |> filter(fn: (r) => r._measurement == "tic" and r._field == "{field}")
        |> group(columns: ["meter"])
        |> {fn}()
        |> set(key: "part", value: "{part}"),
"""


def thinned(query: Query, buckets: Buckets, windows: Sequence[Window]) -> list[Window]:
    """Those of some windows, asked for at once.

    Args:
        query: asks InfluxDB, as `Client.query` does.
        buckets: where raw frames and rows are.
        windows: that are to be run again.

    Raises:
        InfluxError: InfluxDB does not answer.
    """
    parts = []
    for n, window in enumerate(windows):
        # The run of an hour makes its minutes too. Where one of them is not there, what is tells.
        made = [buckets.minute.name, *([buckets.hour.name] if window.length_ms == HOUR_MS else [])]
        about = {"start": iso_utc(window.start_ms), "stop": iso_utc(window.end_ms)}
        parts.append(_PART.format(**about, bucket=buckets.raw.name, field="seq", fn="count", part=f"{n} raw"))
        parts += [_PART.format(**about, bucket=each, field="frames", fn="sum", part=f"{n} {each}") for each in made]
    raw: dict[tuple[int, str], int] = defaultdict(int)
    rows: dict[tuple[int, str], int] = defaultdict(int)
    for row in query(f"union(tables: [{''.join(parts)}]) |> group()"):
        number, _, bucket = row["part"].partition(" ")
        key, frames = (int(number), row["meter"]), int(row["_value"])
        into = raw if bucket == "raw" else rows
        into[key] = max(into[key], frames)
    less = {n for (n, meter), frames in rows.items() if raw[n, meter] < frames}
    return [window for n, window in enumerate(windows) if n in less]


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
        self._limited_log = RateLimitedLogger(_log)
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
                self._limited_log.log(_THINNED, time.monotonic())
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
