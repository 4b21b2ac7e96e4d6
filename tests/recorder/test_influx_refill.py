"""Data and tasks that somebody deletes or deactivates in an InfluxDB while the recorder runs are restored."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from influx_harness import SinkHarness, days_ago, hour, sink_harness
from real_influx import Influxd

from tictally_recorder.ledger import LedgerUnavailable, Night, refill_sinks
from tictally_recorder.sinks.influxdb.plugin import InfluxDb
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, MINUTE_MS, OFFSET_MS, window_of

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


def test_windows_that_are_open_on_connecting_wait_until_they_are_due_and_are_no_backlog(
    server: Influxd, tmp_path: Path
) -> None:
    # An InfluxDB that is killed between this connect and their tasks does not run these after its start.
    with sink_harness(tmp_path, server, "open_windows", raw_days=30) as harness:
        sink = harness.begin()
        sink.step()
        session = sink._session
        open_now = {window_of(session.now_ms, length_ms) for length_ms in (MINUTE_MS, HOUR_MS)}
        assert open_now <= set(sink._outbox.windows())
        (counts,) = harness.ledger.sinks()
        assert counts.upcoming >= 1
        assert replace(counts, windows=0).is_done  # the minute may be due by now
        hour = window_of(session.now_ms, HOUR_MS)
        assert hour not in sink._outbox.windows(hour.end_ms + OFFSET_MS[HOUR_MS] - 1)
        assert hour in sink._outbox.windows(hour.end_ms + OFFSET_MS[HOUR_MS])
        # They wait in the ledger: a recorder that starts before they are due knows of them.
        sink.close()
        assert open_now <= set(harness.begin()._outbox.windows())


def test_tasks_that_were_made_anew_leave_no_window_that_ended_before_them(server: Influxd, tmp_path: Path) -> None:
    with sink_harness(tmp_path, server, "anew", raw_days=30) as harness:
        sink = harness.begin()
        sink.step()
        sink._outbox.drop_windows(sink._outbox.windows())
        for task_id in sink.task_ids.values():
            server.ask("DELETE", f"/api/v2/tasks/{task_id}")
        sink._session._check_at_s = 0.0  # an hour later, without an outage between
        sink.step()
        present_ms = sink._session.present_ms
        assert {window_of(present_ms, length_ms) for length_ms in (MINUTE_MS, HOUR_MS)} <= set(sink._outbox.windows())


def test_rows_that_an_hour_lacks_are_found_after_it_and_made(server: Influxd, tmp_path: Path) -> None:
    with sink_harness(tmp_path, server, "verified", raw_days=30) as harness:
        sink = harness.begin()
        sink.step()
        last = window_of(sink._session.present_ms - OFFSET_MS[HOUR_MS] - MINUTE_MS - HOUR_MS, HOUR_MS)
        frames = hour(last.start_ms)
        harness.store(frames)
        while sink.step() == 0.0 or not harness.is_done:
            pass
        buckets = harness.target.buckets
        for bucket, end_ms in ((buckets.hour.name, last.end_ms), (buckets.minute.name, last.start_ms + 20 * MINUTE_MS)):
            harness.client.delete(bucket, "tic", {}, (last.start_ms, end_ms))
        sink._outbox.save_note({"verified_ms": last.start_ms - HOUR_MS})
        sink._session._verified_ms = None
        while sink.step() == 0.0 or not harness.is_done:
            pass
        assert harness.wrong_windows(frames) == []
        assert sink._outbox.note["verified_ms"] == last.start_ms


def replicate_again(harness: SinkHarness) -> None:
    """An hour later, the sink that runs takes some steps until nothing is left."""
    assert harness.sink is not None
    harness.sink._session._check_at_s = harness.sink._ledger._round_at_s = 0.0
    while harness.sink.step() == 0.0 or not harness.is_done:
        pass
