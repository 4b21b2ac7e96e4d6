"""Minutes and hours that are to be made again, where InfluxDB cannot make them, or would make them of less."""

from dataclasses import replace
from pathlib import Path

import pytest
from influx_harness import SinkHarness, days_ago, hour, sink_harness
from ledger_building import frame
from real_influx import Influxd

from tictally_recorder.sinks.influxdb.provisioning import InfluxResources, provision
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, window_of

FAILS = """
option task = {{name: "{name}", every: 1h, offset: 30s}}

from(bucket: "of-nobody") |> range(start: -1h) |> to(bucket: "of-nobody")
"""


def copy_all_but_windows(harness: SinkHarness) -> None:
    assert harness.sink is not None
    while harness.sink.step() == 0.0 or not replace(harness.ledger.sinks()[0], windows=0).is_done:
        pass


def test_an_hour_whose_task_run_fails_waits_until_the_fault_is_gone(
    server: Influxd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tictally_recorder.sinks.influxdb.task_runs._RETRY_S", (0.0,) * 4 + (3600.0,), raising=False)
    frames = hour(days_ago(0.1))
    with sink_harness(tmp_path, server, "fails", raw_days=30) as harness:
        sink = harness.begin()
        sink.step()
        task_id = sink.task_ids[HOUR_MS]
        server.ask("PATCH", f"/api/v2/tasks/{task_id}", {"flux": FAILS.format(name="fails_hour")})
        harness.store(frames)
        sink._ledger._round_at_s = 0.0  # it looks for quarters twice a minute
        copy_all_but_windows(harness)
        for _ in range(3):  # it rests between its tries
            assert sink.step() > 0
        runs = server.ask("GET", f"/api/v2/tasks/{task_id}/runs")["runs"]
        assert {each["status"] for each in runs} == {"failed"}
        assert len(runs) % 5 == 0  # an hour that is due by now is tried as often
        assert window_of(frames[0].time_ms, HOUR_MS) in sink._outbox.windows()
        assert "could not find bucket" in str(sink.blocked)
        harness.copy()  # another sink: it repairs the task
        assert harness.wrong_windows(frames) == []


def test_a_token_that_may_read_but_not_run_tasks_delays_nothing(server: Influxd, tmp_path: Path) -> None:
    with sink_harness(tmp_path, server, "sees", raw_days=30) as admin:
        place = provision(admin.client, admin.target.buckets)
        token = reading_tasks(server, place)
    (tmp_path / "other").mkdir()
    with sink_harness(tmp_path / "other", server, "sees", raw_days=30, token=token) as harness:
        start_ms = days_ago(0.1)
        harness.store(hour(start_ms))
        sink = harness.begin()
        copy_all_but_windows(harness)
        for _ in range(3):
            sink.step()
        assert harness.wrong_ledger() == []
        assert window_of(start_ms, HOUR_MS) in sink._outbox.windows()


def reading_tasks(server: Influxd, place: InfluxResources) -> str:
    org = server.ask("GET", "/api/v2/orgs?org=home")["orgs"][0]["id"]
    rights = [(action, "buckets", each) for each in place.bucket_ids.values() for action in ("read", "write")]
    rights += [("read", "tasks", each) for each in place.task_ids.values()]
    permissions = [
        {"action": action, "resource": {"type": kind, "id": each, "orgID": org}} for action, kind, each in rights
    ]
    body = {"orgID": org, "permissions": permissions}
    return str(server.ask("POST", "/api/v2/authorizations", body)["token"])


def test_no_hour_is_aggregated_again_from_incomplete_raw_frames(server: Influxd, tmp_path: Path) -> None:
    start_ms = days_ago(0.1)
    with sink_harness(tmp_path, server, "thinned", raw_days=30) as harness:
        harness.store(hour(start_ms))
        harness.copy()
        before = harness.held("hour") | harness.held("minute")
        harness.client.delete("thinned_raw", "tic", {}, (start_ms, start_ms + HOUR_MS))
        harness.store([frame(9000, start_ms + 30_500, {"EAST": 1, "SINSTS": 7})])
        harness.copy()
        assert harness.held("hour") | harness.held("minute") == before
        # Without the hour's row, its minutes show that raw frames are missing.
        harness.client.delete("thinned_hour", "tic", {}, (start_ms, start_ms + HOUR_MS))
        harness.store([frame(9001, start_ms + 31_500, {"EAST": 1, "SINSTS": 7})])
        harness.copy()
        assert harness.held("hour") == {}
        assert harness.held("minute") == {key: each for key, each in before.items() if key in harness.held("minute")}
