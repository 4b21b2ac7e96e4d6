"""Kills an InfluxDB shortly before a window ends, starts it shortly after, and looks for rows that are missing."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from influx_harness import PARIS, SinkHarness, sink_harness
from influx_truth import differences, windows_of
from ledger_building import MINUTE_MS, frame
from real_influx import Influxd

from tictally_recorder.features import settings_with
from tictally_recorder.sinks.influxdb.sink import open_sink
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, OFFSET_MS
from tictally_recorder.sinks.protocol import SinkContext
from tictally_recorder.sinks.runner import SinkRunner
from tictally_shared.frames import Frame

KILLED_MS, STARTED_MS = 4_000, 2_000
_FRAME_S = 1.0
_PATIENCE_MS = 90_000


def present_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class RunningSink:
    """A ledger that gets a frame a second, and a recorder's own thread that replicates it."""

    harness: SinkHarness
    runner: SinkRunner
    frames: list[Frame] = field(default_factory=list)

    def store(self, now_ms: int) -> None:
        n = len(self.frames) + 1
        self.frames.append(frame(n, now_ms, {"EAST": 1000 + n, "SINSTS": n % 37}))
        self.harness.store(self.frames[-1:])

    def missing(self, start_ms: int, length_ms: int) -> list[str]:
        """Rows of the window [start, start + length), and of its minutes, that differ from the frames' own."""
        found: list[str] = []
        inside = [each for each in self.frames if start_ms <= each.time_ms < start_ms + length_ms]
        for each_ms, what in ((MINUTE_MS, "minute"), (HOUR_MS, "hour")):
            if each_ms <= length_ms:
                held = {
                    key: value
                    for key, value in self.harness.held(what).items()
                    if start_ms <= int(key[1]) < start_ms + length_ms
                }
                found += differences(windows_of(inside, each_ms), held)
        return found


@contextmanager
def running_sinks(folder: Path, server: Influxd, count: int) -> Iterator[list[RunningSink]]:
    """So many recorders' sinks on one InfluxDB, each with a ledger, buckets and tasks of its own."""
    with ExitStack() as stack:
        found = []
        for n in range(count):
            harness = stack.enter_context(sink_harness(folder, server, f"restart{n}", raw_days=30))
            settings = settings_with(name="nas", ledger=harness.path, timezone=PARIS.key)

            def opened(wait: object, harness: SinkHarness = harness, settings: object = settings) -> object:
                return open_sink(harness.target, SinkContext(settings, wait, deque()))  # type: ignore[arg-type]

            runner = SinkRunner(f"restart{n}", opened)  # type: ignore[arg-type]
            runner.start()
            stack.callback(runner.join)
            stack.callback(runner.request_stop)
            found.append(RunningSink(harness, runner))
        yield found


def restart_at(server: Influxd, sinks: list[RunningSink], end_ms: int, length_ms: int, *, wipes: bool) -> list[str]:
    """Kill the server before a moment and start it after it, while frames go on.

    Args:
        server: is running.
        sinks: that replicate to it.
        end_ms: of the window.
        length_ms: of the window.
        wipes: True if the server loses all its data.

    Returns:
        What is missing of the window some time after it is due, of all sinks.
    """
    restarting = threading.Thread(target=_restart, args=(server, end_ms, wipes))
    restarting.start()
    wrong: list[str] = []
    while (now_ms := present_ms()) < end_ms + OFFSET_MS[length_ms] + _PATIENCE_MS:
        for each in sinks:
            each.store(now_ms)
        if now_ms > end_ms + OFFSET_MS[length_ms] and not restarting.is_alive():
            wrong = _missing(sinks, end_ms - length_ms, length_ms)
            if not wrong:
                break
        time.sleep(max(_FRAME_S - (present_ms() - now_ms) / 1000, 0.0))
    restarting.join()
    return wrong


def _missing(sinks: list[RunningSink], start_ms: int, length_ms: int) -> list[str]:
    found = []
    for n, each in enumerate(sinks):
        try:
            found += [f"{n}: {line}" for line in each.missing(start_ms, length_ms)]
        except Exception as error:  # noqa: BLE001 - not ready yet
            found.append(f"{n}: {error}")
    return found


def _restart(server: Influxd, end_ms: int, wipes: bool) -> None:
    time.sleep(max(end_ms - KILLED_MS - present_ms(), 0) / 1000)
    server.kill()
    if wipes:
        server.wipe()
    time.sleep(max(end_ms + STARTED_MS - present_ms(), 0) / 1000)
    server.start()
