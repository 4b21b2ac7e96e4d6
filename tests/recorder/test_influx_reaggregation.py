"""Minutes and hours that are to be made again, where InfluxDB cannot make them, or would make them of less."""

from dataclasses import replace
from pathlib import Path

import pytest
from influx_home import Home, days_ago, home, hour
from ledger_building import frame
from real_influx import Influxd

from tictally_recorder.sinks.influxdb.provisioning import InfluxResources, provision
from tictally_recorder.sinks.influxdb.windows import HOUR_MS

FAILS = """
option task = {{name: "{name}", every: 1h, offset: 30s}}

from(bucket: "of-nobody") |> range(start: -1h) |> to(bucket: "of-nobody")
"""


def copy_all_but_windows(here: Home) -> None:
    assert here.sink is not None
    while here.sink.step() == 0.0 or not replace(here.ledger.sinks()[0], windows=0).is_done:
        pass


def test_an_hour_whose_run_fails_waits_until_the_trouble_has_passed(
    server: Influxd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tictally_recorder.sinks.influxdb.task_runs._RETRY_S", (0.0,) * 4 + (3600.0,), raising=False)
    frames = hour(days_ago(0.1))
    with home(tmp_path, server, "fails", raw_days=30) as here:
        sink = here.begin()
        sink.step()
        task_id = sink.task_ids[HOUR_MS]
        server.ask("PATCH", f"/api/v2/tasks/{task_id}", {"flux": FAILS.format(name="fails_hour")})
        here.hear(frames)
        sink._ledger._round_at_s = 0.0  # it looks for quarters twice a minute
        copy_all_but_windows(here)
        for _ in range(3):  # it rests between its tries
            assert sink.step() > 0
        runs = server.ask("GET", f"/api/v2/tasks/{task_id}/runs")["runs"]
        assert [each["status"] for each in runs] == ["failed"] * 5
        assert here.ledger.sinks()[0].windows == 1
        assert "could not find bucket" in str(sink.blocked)
        here.copy()  # another sink: it repairs the task
        assert here.wrong_windows(frames) == []


def test_a_token_that_sees_tasks_and_may_not_run_them_holds_up_nothing(server: Influxd, tmp_path: Path) -> None:
    with home(tmp_path, server, "sees", raw_days=30) as admin:
        place = provision(admin.client, admin.target.buckets)
        token = reading_tasks(server, place)
    (tmp_path / "other").mkdir()
    with home(tmp_path / "other", server, "sees", raw_days=30, token=token) as here:
        here.hear(hour(days_ago(0.1)))
        sink = here.begin()
        copy_all_but_windows(here)
        for _ in range(3):
            sink.step()
        assert here.wrong_ledger() == []
        assert here.ledger.sinks()[0].windows == 1


def reading_tasks(server: Influxd, place: InfluxResources) -> str:
    org = server.ask("GET", "/api/v2/orgs?org=home")["orgs"][0]["id"]
    rights = [(action, "buckets", each) for each in place.bucket_ids.values() for action in ("read", "write")]
    rights += [("read", "tasks", each) for each in place.task_ids.values()]
    permissions = [
        {"action": action, "resource": {"type": kind, "id": each, "orgID": org}} for action, kind, each in rights
    ]
    body = {"orgID": org, "permissions": permissions}
    return str(server.ask("POST", "/api/v2/authorizations", body)["token"])


def test_of_frames_of_which_some_are_gone_no_hour_is_made_anew(server: Influxd, tmp_path: Path) -> None:
    start_ms = days_ago(0.1)
    with home(tmp_path, server, "thinned", raw_days=30) as here:
        here.hear(hour(start_ms))
        here.copy()
        before = here.held("hour") | here.held("minute")
        here.client.delete("thinned_raw", "tic", {}, (start_ms, start_ms + HOUR_MS))
        here.hear([frame(9000, start_ms + 30_500, {"EAST": 1, "SINSTS": 7})])
        here.copy()
        assert here.held("hour") | here.held("minute") == before
        # Where the hour's row is gone too, its minutes tell.
        here.client.delete("thinned_hour", "tic", {}, (start_ms, start_ms + HOUR_MS))
        here.hear([frame(9001, start_ms + 31_500, {"EAST": 1, "SINSTS": 7})])
        here.copy()
        assert here.held("hour") == {}
        assert here.held("minute") == {key: each for key, each in before.items() if key in here.held("minute")}
