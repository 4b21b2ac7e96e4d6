"""What the sink looks for, makes and says in an InfluxDB that has more than is its own, or less than it needs."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from influx_home import Home, days_ago, home, hour
from ledger_building import DAY_MS
from real_influx import ORG, TOKEN, Influxd

from tictally_recorder.sinks.influxdb.client import Client
from tictally_recorder.sinks.influxdb.config import Buckets
from tictally_recorder.sinks.influxdb.provisioning import (
    InfluxResources,
    check,
    create_token,
    find_resources,
    provision,
)
from tictally_recorder.sinks.influxdb.windows import HOUR_MS
from tictally_recorder.sinks.protocol import SinkError

REVOKED = "of-nobody-any-more"


def test_tasks_of_another_organization_are_nobodys_here(server: Influxd) -> None:
    neighbour = f"neighbour-{time.monotonic_ns()}"
    server.ask("POST", "/api/v2/orgs", {"name": neighbour})
    buckets = Buckets.of("shared", 30, 365, 0, 0)
    with closing(Client(server.url, TOKEN, neighbour)) as other, closing(Client(server.url, TOKEN, ORG)) as own:
        theirs, ours = provision(other, buckets), provision(own, buckets)
        assert not set(theirs.task_ids.values()) & set(ours.task_ids.values())
        assert find_resources(own, buckets).task_ids == ours.task_ids


@pytest.mark.parametrize("days", [40, -40])
@pytest.mark.parametrize("counted_spans", ["now_ms", "write"])
def test_a_clock_that_is_far_off_is_told_and_no_frame_is_passed_over(
    server: Influxd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, counted_spans: str
) -> None:
    # A stub moves the clock: an influxd under another one would have to be a machine of its own.
    frames = hour(days_ago(1))
    with home(tmp_path, server, f"clock_{counted_spans}_{abs(days + 1)}", raw_days=30) as here:
        here.hear(frames)
        sink = here.begin()
        right = getattr(sink._client, counted_spans)
        monkeypatch.setattr(sink._client, counted_spans, lambda *args: right(*args) + days * DAY_MS)
        for _ in range(3):
            with pytest.raises(SinkError, match=r"clock is 40\.0 days (ahead|behind)"):
                sink.step()
        monkeypatch.setattr(sink._client, counted_spans, right)
        while sink.step() == 0.0 or not here.is_done:
            pass
        assert here.wrong_windows(frames) == []


@contextmanager
def of_every_day(server: Influxd, folder: Path, prefix: str) -> Iterator[tuple[Home, InfluxResources]]:
    """A ledger with a token of every day into what was set up for it, raw frames kept for 30 days."""
    (folder / "set_up").mkdir()
    with home(folder / "set_up", server, prefix, raw_days=30) as admin:
        place = provision(admin.client, admin.target.buckets)
        token = create_token(admin.client, admin.target.buckets, place)
    with home(folder, server, prefix, raw_days=30, token=token) as here:
        yield here, place


def switch_off(server: Influxd, task_id: str) -> None:
    server.ask("PATCH", f"/api/v2/tasks/{task_id}", {"status": "inactive"})


def delete(server: Influxd, task_id: str) -> None:
    server.ask("DELETE", f"/api/v2/tasks/{task_id}")


@pytest.mark.parametrize(
    ("lose", "sentence"),
    [(switch_off, "task lacks_switch_off_hour switched off"), (delete, "no task lacks_delete_hour")],
)
def test_hours_wait_for_a_task_that_is_not_there_and_all_else_goes_on(
    server: Influxd,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    lose: Callable[[Influxd, str], None],
    sentence: str,
) -> None:
    frames = hour(days_ago(1))
    with of_every_day(server, tmp_path, f"lacks_{lose.__name__}") as (here, place):
        lose(server, place.task_ids[HOUR_MS])
        assert sentence in str(check(here.target))
        here.hear(frames)
        sink = here.begin()
        while sink.step() == 0.0 or not replace(here.ledger.sinks()[0], windows=0).is_done:
            pass
        assert [each.message for each in caplog.records if sentence in each.message] != []
        assert here.wrong_ledger() == []
        assert here.ledger.sinks()[0].windows == 1
        assert provision(here.client, here.target.buckets).changes != ()
        here.target = replace(here.target, token=TOKEN)  # a new task is not the old token's
        here.copy()
        assert here.wrong_windows(frames) == []


def test_a_setup_token_that_holds_no_longer_stops_nothing_while_the_other_does(
    server: Influxd, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with of_every_day(server, tmp_path, "revoked") as (here, _):
        here.target = replace(here.target, setup_token=REVOKED)
        here.hear(hour(days_ago(1)))
        here.copy()
        assert here.wrong_ledger() == []
        told = [each.message for each in caplog.records if "TICTALLY_INFLUXDB_SETUP_TOKEN" in each.message]
        assert len(told) == 1
        here.target = replace(here.target, token=REVOKED)
        with pytest.raises(SinkError, match=r"TICTALLY_INFLUXDB_TOKEN.*TICTALLY_INFLUXDB_SETUP_TOKEN"):
            here.copy()
