"""Data and tasks that somebody deletes or deactivates in an InfluxDB while the recorder runs are restored."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from influx_harness import SinkHarness, days_ago, hour, sink_harness
from ledger_building import frame
from real_influx import Influxd

from tictally_recorder.ledger import LedgerUnavailable, Night, refill_sinks
from tictally_recorder.sinks.influxdb.plugin import InfluxDb
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, MINUTE_MS, window_of

EVER_MS = 0, 4_102_444_800_000


def delete_bucket(server: Influxd, harness: SinkHarness) -> None:
    buckets = server.ask("GET", f"/api/v2/buckets?name={harness.target.buckets.hour.name}")["buckets"]
    server.ask("DELETE", f"/api/v2/buckets/{buckets[0]['id']}")


def delete_task(server: Influxd, harness: SinkHarness) -> None:
    assert harness.sink is not None
    server.ask("DELETE", f"/api/v2/tasks/{harness.sink.task_ids[HOUR_MS]}")
    harness.client.delete(harness.target.buckets.hour.name, "tic", {}, EVER_MS)  # what it would have made


def deactivate_task(server: Influxd, harness: SinkHarness) -> None:
    assert harness.sink is not None
    server.ask("PATCH", f"/api/v2/tasks/{harness.sink.task_ids[HOUR_MS]}", {"status": "inactive"})
    harness.client.delete(harness.target.buckets.hour.name, "tic", {}, EVER_MS)


@pytest.mark.parametrize("lose", [delete_bucket, delete_task, deactivate_task])
def test_lost_hours_are_aggregated_again_while_the_recorder_runs(
    server: Influxd, tmp_path: Path, lose: Callable[[Influxd, SinkHarness], None]
) -> None:
    frames = [*hour(days_ago(0.3)), *hour(days_ago(0.1), first=1000)]
    with sink_harness(tmp_path, server, f"lost_{lose.__name__}", raw_days=30) as harness:
        harness.store(frames)
        harness.copy()
        lose(server, harness)
        replicate_again(harness)
        assert harness.wrong_windows(frames) == []


def test_lost_hours_are_aggregated_although_the_ledger_was_busy_when_they_were_found(
    server: Influxd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A stub is busy: the moment between one transaction and the next cannot be hit from outside.
    frames = [*hour(days_ago(0.3)), *hour(days_ago(0.1), first=1000)]
    with sink_harness(tmp_path, server, "lost_while_busy", raw_days=30) as harness:
        harness.store(frames)
        harness.copy()
        deactivate_task(server, harness)
        delete_bucket(server, harness)
        sink = harness.begin()
        with monkeypatch.context() as busy:
            busy.setattr(sink._session, "_all_hours", raise_busy)
            with pytest.raises(LedgerUnavailable):
                sink.step()
        replicate_again(harness)
        assert harness.wrong_windows(frames) == []


def raise_busy() -> None:
    raise LedgerUnavailable("the ledger is unavailable: database is locked")


def test_a_refill_restores_nights_while_the_recorder_runs(server: Influxd, tmp_path: Path) -> None:
    with sink_harness(tmp_path, server, "nights_again", raw_days=30) as harness:
        harness.store(hour(days_ago(1)))
        (meter,) = harness.reader.sites()[0].meters
        harness.ledger.store_standby([Night(meter.id, date(2026, 1, 15), 142, 290)])
        harness.copy()
        before = harness.held("ledger")
        assert any(key[0] == "standby_day" for key in before)
        for measurement in {key[0] for key in before}:
            harness.client.delete(harness.target.buckets.ledger.name, measurement, {}, EVER_MS)
        refill_sinks(harness.path, [InfluxDb.name], *EVER_MS)
        replicate_again(harness)
        assert harness.held("ledger") == before


def test_windows_that_were_open_on_connecting_are_aggregated_again_once_they_have_ended(
    server: Influxd, tmp_path: Path
) -> None:
    # An InfluxDB that is killed between this connect and their tasks does not run these after its start.
    with sink_harness(tmp_path, server, "open_windows", raw_days=30) as harness:
        sink = harness.begin()
        sink.step()
        session = sink._session
        minute, hour = (window_of(session.now_ms, length_ms) for length_ms in (MINUTE_MS, HOUR_MS))
        harness.store([frame(1, session.now_ms, {"EAST": 1})])
        sink.step()
        assert not {minute, hour} & set(sink._outbox.windows())
        session._ahead_ms += 2 * HOUR_MS  # as if so much time had passed
        sink.step()
        assert {minute, hour} <= set(sink._outbox.windows())


def replicate_again(harness: SinkHarness) -> None:
    """An hour later, the sink that runs takes some steps until nothing is left."""
    assert harness.sink is not None
    harness.sink._session._check_at_s = harness.sink._ledger._round_at_s = 0.0
    while harness.sink.step() == 0.0 or not harness.is_done:
        pass
