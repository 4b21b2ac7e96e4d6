"""A ledger that is replicated to a real InfluxDB, step by step, in the test's own thread."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from influx_truth import Cells, differences, held, of_ledger, windows_of
from ledger_building import DAY_MS, MINUTE_MS, frame, message
from real_influx import ORG, TOKEN, Influxd

from tictally_recorder.features import settings_with
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.sinks.influxdb.client import Client
from tictally_recorder.sinks.influxdb.config import Buckets, Target
from tictally_recorder.sinks.influxdb.plugin import InfluxDb
from tictally_recorder.sinks.influxdb.sink import InfluxSink, open_sink
from tictally_recorder.sinks.influxdb.windows import HOUR_MS
from tictally_recorder.sinks.protocol import HealthReport, SinkContext
from tictally_shared.frames import Frame

PARIS = ZoneInfo("Europe/Paris")
NOW_MS = int(time.time()) * 1000


@dataclass
class SinkHarness:
    """A ledger, the sink that replicates it, and its target."""

    path: Path
    target: Target
    ledger: Ledger
    reader: LedgerReader
    client: Client
    reports: deque[HealthReport] = field(default_factory=deque)
    sink: InfluxSink | None = None

    def store(self, frames: Iterable[Frame], *, arrived_ms: int | None = None) -> None:
        self.ledger.store(message(each, arrived_ms=arrived_ms) for each in frames)

    def begin(self) -> InfluxSink:
        """Start a sink as the recorder does."""
        settings = settings_with(name="nas", ledger=self.path, timezone=PARIS.key)
        self.sink = open_sink(self.target, SinkContext(settings, _sleep, self.reports))
        return self.sink

    def copy(self) -> None:
        """Replicate until nothing is left, by a new sink, which does not wait for its next minute."""
        sink = self.begin()
        end_s = time.monotonic() + 120
        while sink.step() == 0.0 or not self.is_done:
            assert time.monotonic() < end_s, self.ledger.sinks()

    @property
    def is_done(self) -> bool:
        """True if nothing is left that could be done now."""
        (counts,) = self.ledger.sinks()
        return counts.is_done

    def held(self, what: str) -> Cells:
        return held(self.client, getattr(self.target.buckets, what).name)

    def wrong_ledger(self) -> list[str]:
        return differences(of_ledger(self.reader, PARIS), self.held("ledger"))

    def wrong_windows(self, frames: Iterable[Frame]) -> list[str]:
        """Differences in minutes and hours, all of which have passed."""
        frames = list(frames)
        return [
            *differences(windows_of(frames, MINUTE_MS), self.held("minute")),
            *differences(windows_of(frames, HOUR_MS), self.held("hour")),
        ]


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def hour(start_ms: int, *, first: int = 1, step_ms: int = 20_000, without: int | None = None) -> list[Frame]:
    """An hour of frames; `without`: the minute whose frames are missing."""
    return [
        frame(first + n, at_ms, {"EAST": 1_000_000 + (at_ms - NOW_MS) // 1000, "SINSTS": n % 700})
        for n, at_ms in enumerate(range(start_ms, start_ms + HOUR_MS, step_ms))
        if without is None or n // (MINUTE_MS // step_ms) != without
    ]


def days_ago(days: float) -> int:
    """The start of an hour so many days ago."""
    return (NOW_MS - int(days * DAY_MS)) // HOUR_MS * HOUR_MS


@contextmanager
def sink_harness(
    folder: Path, server: Influxd, prefix: str, *, raw_days: int = 0, token: str = TOKEN
) -> Iterator[SinkHarness]:
    buckets = Buckets.of(prefix, raw_days, 0, 0, 0)
    target = Target(server.url, ORG, token, None, None, buckets)
    path = folder / f"{prefix}.sqlite"
    client = Client(server.url, TOKEN, ORG)
    with Ledger.open(path) as ledger, LedgerReader.open(path) as reader:
        ledger.use_sinks([InfluxDb.name])
        yield SinkHarness(path, target, ledger, reader, client)
        client.close()
