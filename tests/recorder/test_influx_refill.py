"""What somebody takes from an InfluxDB, or switches off and on in it, while the recorder runs, is filled again."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from influx_home import Home, days_ago, home, hour
from ledger_building import frame
from real_influx import Influxd

from tictally_recorder.ledger import LedgerUnavailable, Night, refill_sinks
from tictally_recorder.sinks.influxdb.plugin import InfluxDb
from tictally_recorder.sinks.influxdb.windows import HOUR_MS, MINUTE_MS, window_of

EVER_MS = 0, 4_102_444_800_000


def the_bucket(server: Influxd, here: Home) -> None:
    buckets = server.ask("GET", f"/api/v2/buckets?name={here.target.buckets.hour.name}")["buckets"]
    server.ask("DELETE", f"/api/v2/buckets/{buckets[0]['id']}")


def the_task(server: Influxd, here: Home) -> None:
    assert here.sink is not None
    server.ask("DELETE", f"/api/v2/tasks/{here.sink.task_ids[HOUR_MS]}")
    here.client.delete(here.target.buckets.hour.name, "tic", {}, EVER_MS)  # what it would have made


def its_being_on(server: Influxd, here: Home) -> None:
    assert here.sink is not None
    server.ask("PATCH", f"/api/v2/tasks/{here.sink.task_ids[HOUR_MS]}", {"status": "inactive"})
    here.client.delete(here.target.buckets.hour.name, "tic", {}, EVER_MS)


@pytest.mark.parametrize("lose", [the_bucket, the_task, its_being_on])
def test_hours_that_nobody_made_are_made_though_the_recorder_runs_on(
    server: Influxd, tmp_path: Path, lose: Callable[[Influxd, Home], None]
) -> None:
    frames = [*hour(days_ago(0.3)), *hour(days_ago(0.1), first=1000)]
    with home(tmp_path, server, f"lost_{lose.__name__}", raw_days=30) as here:
        here.hear(frames)
        here.copy()
        lose(server, here)
        go_on(here)
        assert here.wrong_windows(frames) == []


def test_hours_are_made_though_the_ledger_was_busy_when_their_loss_was_seen(
    server: Influxd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A stub is busy: the moment between one transaction and the next cannot be hit from outside.
    frames = [*hour(days_ago(0.3)), *hour(days_ago(0.1), first=1000)]
    with home(tmp_path, server, "lost_while_busy", raw_days=30) as here:
        here.hear(frames)
        here.copy()
        its_being_on(server, here)
        the_bucket(server, here)
        sink = here.begin()
        with monkeypatch.context() as busy:
            busy.setattr(sink._session, "_all_hours", raise_busy)
            with pytest.raises(LedgerUnavailable):
                sink.step()
        go_on(here)
        assert here.wrong_windows(frames) == []


def raise_busy() -> None:
    raise LedgerUnavailable("the ledger is unavailable: database is locked")


def test_a_refill_brings_nights_back_though_the_recorder_runs_on(server: Influxd, tmp_path: Path) -> None:
    with home(tmp_path, server, "nights_again", raw_days=30) as here:
        here.hear(hour(days_ago(1)))
        (meter,) = here.reader.sites()[0].meters
        here.ledger.store_standby([Night(meter.id, date(2026, 1, 15), 142, 290)])
        here.copy()
        before = here.held("ledger")
        assert any(key[0] == "standby_day" for key in before)
        for measurement in {key[0] for key in before}:
            here.client.delete(here.target.buckets.ledger.name, measurement, {}, EVER_MS)
        refill_sinks(here.path, [InfluxDb.name], *EVER_MS)
        go_on(here)
        assert here.held("ledger") == before


def test_minutes_and_hours_that_were_open_at_a_connect_are_aggregated_again_once_they_are_over(
    server: Influxd, tmp_path: Path
) -> None:
    # An InfluxDB that is killed between this connect and their tasks does not run these after its start.
    with home(tmp_path, server, "open_windows", raw_days=30) as here:
        sink = here.begin()
        sink.step()
        session = sink._session
        minute, hour = (window_of(session.now_ms, length_ms) for length_ms in (MINUTE_MS, HOUR_MS))
        here.hear([frame(1, session.now_ms, {"EAST": 1})])
        sink.step()
        assert not {minute, hour} & set(sink._outbox.windows())
        session._ahead_ms += 2 * HOUR_MS  # as if so much time had passed
        sink.step()
        assert {minute, hour} <= set(sink._outbox.windows())


def go_on(here: Home) -> None:
    """An hour later, the sink that runs takes some steps until nothing is left."""
    assert here.sink is not None
    here.sink._session._check_at_s = here.sink._ledger._round_at_s = 0.0
    while here.sink.step() == 0.0 or not here.is_done:
        pass
