"""What the sink looks for, makes and says in an InfluxDB that has more than is its own, or less than it needs."""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from real_influx import ORG, TOKEN, Influxd, influxd

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
