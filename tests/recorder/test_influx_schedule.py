"""InfluxDB's own scheduler makes the rows of the present, without being asked to."""

import os
import time
from pathlib import Path

from influx_harness import sink_harness
from influx_truth import differences, windows_of
from ledger_building import MINUTE_MS, frame
from real_influx import influxd

from tictally_recorder.sinks.influxdb.windows import HOUR_MS, OFFSET_MS
from tictally_shared.frames import Frame  # noqa: TC001 - of a local name

# `./run hour` sets it: until the hour's task has run as well.
LENGTHS = (MINUTE_MS, HOUR_MS) if os.environ.get("TICTALLY_SCHEDULE_HOUR") else (MINUTE_MS,)
PATIENCE_MS = 15_000


def test_the_server_aggregates_the_minute_by_itself(tmp_path: Path) -> None:
    server = influxd(tmp_path)
    server.start()
    try:
        with sink_harness(tmp_path, server, "scheduled", raw_days=30) as harness:
            sink = harness.begin()
            sink.step()
            sink._outbox.drop_windows(
                sink._outbox.windows()
            )  # else the sink runs the task of the present minute itself
            stored: list[Frame] = []
            begin_ms = time.time_ns() // 1_000_000
            end_ms = max(begin_ms // each * each + each + OFFSET_MS[each] for each in LENGTHS) + PATIENCE_MS
            while (now_ms := time.time_ns() // 1_000_000) < end_ms:
                stored.append(frame(len(stored) + 1, now_ms, {"EAST": 1000 + len(stored), "SINSTS": len(stored) % 37}))
                harness.store(stored[-1:])
                sink.step()
                assert harness.ledger.sinks()[0].windows == 0
                time.sleep(0.9)
            for length_ms, what in zip(LENGTHS, ("minute", "hour"), strict=False):
                over_ms = (now_ms - PATIENCE_MS - OFFSET_MS[length_ms]) // length_ms * length_ms
                truth = windows_of((each for each in stored if each.time_ms < over_ms), length_ms)
                held = {key: value for key, value in harness.held(what).items() if int(key[1]) < over_ms}
                assert truth
                assert differences(truth, held) == []
                runs = server.ask("GET", f"/api/v2/tasks/{sink.task_ids[length_ms]}/runs")["runs"]
                assert [each["status"] for each in runs if "requestedAt" not in each].count("success") >= 1
    finally:
        server.kill()
