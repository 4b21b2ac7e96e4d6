"""Re-aggregates minutes and hours that late frames have changed: which waiting windows run now, and which never."""

import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from tictally_recorder.ledger import Outbox, TimeWindow
from tictally_recorder.sinks.influxdb.client import Client
from tictally_recorder.sinks.influxdb.config import Buckets
from tictally_recorder.sinks.influxdb.provisioning import InfluxResources
from tictally_recorder.sinks.influxdb.reconcile import Query
from tictally_recorder.sinks.influxdb.task_runs import MAX_CONCURRENT_RUNS, TaskRunner
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, coalesced
from tictally_recorder.sinks.protocol import Wait
from tictally_shared.frames import iso_utc
from tictally_shared.phrase import Phrase
from tictally_shared.runtime.log import RateLimitedLogger

_COUNT: Final = """
    from(bucket: "{bucket}")
        |> range(start: {start}, stop: {stop})
        |> filter(fn: (r) => r._measurement == "tic" and r._field == "{field}")
        |> group(columns: ["meter"])
        |> {fn}()
        |> set(key: "part", value: "{part}"),
"""


def incomplete_windows(query: Query, buckets: Buckets, windows: Sequence[TimeWindow]) -> list[TimeWindow]:
    """The windows whose raw bucket holds fewer frames than their rows were made of; one query for all.

    Args:
        query: as `Client.query`.
        buckets: of raw frames and of rows.
        windows: that wait to be aggregated again.

    Raises:
        InfluxError: InfluxDB does not answer.
    """
    counts = []
    for n, window in enumerate(windows):
        # An hour's run makes its minutes too, so their rows count where the hour's is missing.
        filled = [buckets.minute.name, *([buckets.hour.name] if window.length_ms == HOUR_MS else [])]
        span = {"start": iso_utc(window.start_ms), "stop": iso_utc(window.end_ms)}
        counts.append(_COUNT.format(**span, bucket=buckets.raw.name, field="seq", fn="count", part=f"{n} raw"))
        counts += [_COUNT.format(**span, bucket=each, field="frames", fn="sum", part=f"{n} {each}") for each in filled]
    raw: dict[tuple[int, str], int] = defaultdict(int)
    aggregated: dict[tuple[int, str], int] = defaultdict(int)
    for row in query(f"union(tables: [{''.join(counts)}]) |> group()"):
        number, _, bucket = row["part"].partition(" ")
        key, frames = (int(number), row["meter"]), int(row["_value"])
        into = raw if bucket == "raw" else aggregated
        into[key] = max(into[key], frames)
    incomplete = {n for (n, meter), frames in aggregated.items() if raw[n, meter] < frames}
    return [window for n, window in enumerate(windows) if n in incomplete]


_INCOMPLETE: Final = (
    "InfluxDB lacks raw frames of some minutes or hours that late frames belong to: their rows stay as they are"
)
_log = logging.getLogger(__name__)


class Reaggregator:
    """Lets InfluxDB's tasks run again for the outbox's windows.

    Args:
        client: with a token that may run tasks.
        buckets: that the tasks read and fill.
        outbox: in which windows wait.
        wait: sleeps; returns True if the sink shall stop.

    Attributes:
        blocked: why windows wait though none runs now or in a moment, or None.
    """

    blocked: Phrase | None = None

    def __init__(self, client: Client, buckets: Buckets, outbox: Outbox, wait: Wait) -> None:
        self._client, self._buckets, self._outbox = client, buckets, outbox
        self._tasks = TaskRunner(client, wait)
        self._limited_log = RateLimitedLogger(_log)

    def step(self, resources: InfluxResources, waiting: Sequence[TimeWindow], now_ms: int, raw_since_ms: int) -> bool:
        """Run some of the waiting windows; True if more may run at once.

        Args:
            resources: with the tasks that exist.
            waiting: the windows in the outbox.
            now_ms: by InfluxDB's clock.
            raw_since_ms: windows that begin earlier lack raw frames, and are dropped.
        """
        due = coalesced(waiting, now_ms)
        complete = [each for each in due if each.start_ms >= raw_since_ms]
        self._drop(due, [each for each in due if each.start_ms < raw_since_ms])
        self._keep_as_hours({each: due[each] for each in complete if each.length_ms not in resources.task_ids})
        ready = self._tasks.ready([each for each in complete if each.length_ms in resources.task_ids])
        batch = ready[:MAX_CONCURRENT_RUNS]
        if batch:
            incomplete = incomplete_windows(self._client.query, self._buckets, batch)
            if incomplete:
                self._limited_log.log(_INCOMPLETE, time.monotonic())
                self._drop(due, incomplete)
            self._drop(due, self._tasks.run([each for each in batch if each not in incomplete], resources.task_ids))
        self.blocked = None if ready else self._tasks.persistent_failure or resources.problem
        return bool(ready)

    def _drop(self, due: Mapping[TimeWindow, Sequence[TimeWindow]], windows: Sequence[TimeWindow]) -> None:
        if windows:
            self._outbox.drop_windows(each for window in windows for each in due[window])

    def _keep_as_hours(self, due: Mapping[TimeWindow, Sequence[TimeWindow]]) -> None:
        """Windows without a task wait as hours where these are due: no more of them than the raw bucket has hours."""
        replaced = [each for window, members in due.items() for each in members if each != window]
        if replaced:
            self._outbox.add_windows(due)
            self._outbox.drop_windows(replaced)
