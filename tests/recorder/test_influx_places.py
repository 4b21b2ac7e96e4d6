"""What the sink looks for, makes and says in an InfluxDB that has more than is its own, or less than it needs."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from influx_home import days_ago, home, hour
from ledger_building import DAY_MS
from real_influx import ORG, TOKEN, Influxd, influxd

from tictally_recorder.sinks.copying import SinkError
from tictally_recorder.sinks.influx.buckets import Buckets
from tictally_recorder.sinks.influx.client import Client
from tictally_recorder.sinks.influx.provision import find, set_up


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    found = influxd(tmp_path_factory.mktemp("influxd"))
    found.start()
    yield found
    found.kill()


def test_tasks_of_another_organization_are_nobodys_here(server: Influxd) -> None:
    neighbour = f"neighbour-{time.monotonic_ns()}"
    server.ask("POST", "/api/v2/orgs", {"name": neighbour})
    buckets = Buckets.of("shared", 30, 365, 0, 0)
    with closing(Client(server.url, TOKEN, neighbour)) as other, closing(Client(server.url, TOKEN, ORG)) as own:
        theirs, ours = set_up(other, buckets), set_up(own, buckets)
        assert not set(theirs.task_ids.values()) & set(ours.task_ids.values())
        assert find(own, buckets).task_ids == ours.task_ids


@pytest.mark.parametrize("days", [40, -40])
@pytest.mark.parametrize("told_by", ["now_ms", "write"])
def test_a_clock_that_is_far_off_is_told_and_no_frame_is_passed_over(
    server: Influxd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, told_by: str
) -> None:
    # A stub moves the clock: an influxd under another one would have to be a machine of its own.
    frames = hour(days_ago(1))
    with home(tmp_path, server, f"clock_{told_by}_{abs(days + 1)}", raw_days=30) as here:
        here.hear(frames)
        sink = here.begin()
        right = getattr(sink._client, told_by)
        monkeypatch.setattr(sink._client, told_by, lambda *args: right(*args) + days * DAY_MS)
        for _ in range(3):
            with pytest.raises(SinkError, match=r"clock is 40\.0 days (ahead|behind)"):
                sink.step()
        monkeypatch.setattr(sink._client, told_by, right)
        while sink.step() == 0.0 or not here.is_done:
            pass
        assert here.wrong_windows(frames) == []
