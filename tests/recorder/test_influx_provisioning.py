"""Provisioning, checks and messages where an InfluxDB has foreign resources or lacks required ones."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from influx_harness import SinkHarness, days_ago, hour, sink_harness
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
from tictally_recorder.translations import ENGLISH

REVOKED = "of-nobody-any-more"


def test_tasks_of_another_organization_are_ignored(server: Influxd) -> None:
    neighbour = f"neighbour-{time.monotonic_ns()}"
    server.ask("POST", "/api/v2/orgs", {"name": neighbour})
    buckets = Buckets.of("shared", 30, 365, 0, 0)
    with closing(Client(server.url, TOKEN, neighbour)) as other, closing(Client(server.url, TOKEN, ORG)) as own:
        theirs, ours = provision(other, buckets), provision(own, buckets)
        assert not set(theirs.task_ids.values()) & set(ours.task_ids.values())
        assert find_resources(own, buckets).task_ids == ours.task_ids


@pytest.mark.parametrize("days", [40, -40])
@pytest.mark.parametrize("counted_spans", ["now_ms", "write"])
def test_a_clock_that_is_far_off_is_reported_and_no_frame_is_skipped(
    server: Influxd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, counted_spans: str
) -> None:
    # A stub moves the clock: an influxd under another one would have to be a machine of its own.
    frames = hour(days_ago(1))
    with sink_harness(tmp_path, server, f"clock_{counted_spans}_{abs(days + 1)}", raw_days=30) as harness:
        harness.store(frames)
        sink = harness.begin()
        right = getattr(sink._client, counted_spans)
        monkeypatch.setattr(sink._client, counted_spans, lambda *args: right(*args) + days * DAY_MS)
        for _ in range(3):
            with pytest.raises(SinkError, match=r"clock is 40\.0 days (ahead|behind)"):
                sink.step()
        monkeypatch.setattr(sink._client, counted_spans, right)
        while sink.step() == 0.0 or not harness.is_done:
            pass
        assert harness.wrong_windows(frames) == []


@contextmanager
def harness_without_setup_rights(
    server: Influxd, folder: Path, prefix: str
) -> Iterator[tuple[SinkHarness, InfluxResources]]:
    """A ledger whose token has no setup rights, into provisioned buckets that retain raw frames for 30 days."""
    (folder / "set_up").mkdir()
    with sink_harness(folder / "set_up", server, prefix, raw_days=30) as admin:
        place = provision(admin.client, admin.target.buckets)
        token = create_token(admin.client, admin.target.buckets, place)
    with sink_harness(folder, server, prefix, raw_days=30, token=token) as harness:
        yield harness, place


def switch_off(server: Influxd, task_id: str) -> None:
    server.ask("PATCH", f"/api/v2/tasks/{task_id}", {"status": "inactive"})


def delete(server: Influxd, task_id: str) -> None:
    server.ask("DELETE", f"/api/v2/tasks/{task_id}")


@pytest.mark.parametrize(
    ("lose", "sentence"),
    [(switch_off, "task lacks_switch_off_hour switched off"), (delete, "no task lacks_delete_hour")],
)
def test_hours_wait_for_a_missing_task_and_everything_else_is_replicated(
    server: Influxd,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    lose: Callable[[Influxd, str], None],
    sentence: str,
) -> None:
    frames = hour(days_ago(1))
    with harness_without_setup_rights(server, tmp_path, f"lacks_{lose.__name__}") as (harness, place):
        lose(server, place.task_ids[HOUR_MS])
        problem = check(harness.target)
        assert problem is not None
        assert sentence in ENGLISH.phrase(problem)
        harness.store(frames)
        sink = harness.begin()
        while sink.step() == 0.0 or not replace(harness.ledger.sinks()[0], windows=0).is_done:
            pass
        assert [each.message for each in caplog.records if sentence in each.message] != []
        assert harness.wrong_ledger() == []
        assert harness.ledger.sinks()[0].windows == 1
        assert provision(harness.client, harness.target.buckets).changes != ()
        harness.target = replace(harness.target, token=TOKEN)  # a new task is not the old token's
        harness.copy()
        assert harness.wrong_windows(frames) == []


def test_a_revoked_setup_token_stops_nothing_while_the_other_is_valid(
    server: Influxd, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with harness_without_setup_rights(server, tmp_path, "revoked") as (harness, _):
        harness.target = replace(harness.target, setup_token=REVOKED)
        harness.store(hour(days_ago(1)))
        harness.copy()
        assert harness.wrong_ledger() == []
        warnings = [each.message for each in caplog.records if "TICTALLY_INFLUXDB_SETUP_TOKEN" in each.message]
        assert len(warnings) == 1
        harness.target = replace(harness.target, token=REVOKED)
        with pytest.raises(SinkError, match=r"TICTALLY_INFLUXDB_TOKEN.*TICTALLY_INFLUXDB_SETUP_TOKEN"):
            harness.copy()
