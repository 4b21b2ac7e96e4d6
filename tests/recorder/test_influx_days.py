"""Nights and Tempo colours in a real InfluxDB, and their correction by late frames."""

from datetime import date, datetime
from pathlib import Path

import pytest
from cost_building import PARIS
from influx_harness import SinkHarness, sink_harness
from ledger_building import METER, frame
from real_influx import Influxd

from tictally_recorder.ledger import Night
from tictally_shared.frames import Frame

BLUE, RED = 1 << 24, 3 << 24
THURSDAY, FRIDAY = date(2026, 1, 15), date(2026, 1, 16)


def at(seq: int, moment: str, status: int) -> Frame:
    time_ms = int(datetime.fromisoformat(f"{moment}+01:00").timestamp()) * 1000
    return frame(seq, time_ms, {"EAST": 1000 + seq, "SINSTS": 300, "STGE": f"{status:08X}"})


def rows(harness: SinkHarness, measurement: str) -> dict[tuple[str, ...], str]:
    return {key[1:]: value for key, value in harness.held("ledger").items() if key[0] == measurement}


def row(day: date, tags: tuple[str, ...], fields: dict[str, str]) -> dict[tuple[str, ...], str]:
    """A row by day as docs/influxdb.md has it: stamped at the local midnight."""
    midnight = str(int(datetime(day.year, day.month, day.day, tzinfo=PARIS).timestamp()) * 1000)
    tags_and_dates = sorted([*tags, f"month={day:%Y-%m}", f"year={day:%Y}"])
    return {(midnight, *tags_and_dates, name): value for name, value in {**fields, "day": str(day)}.items()}


def test_a_colour_is_stored_under_the_day_on_whose_morning_it_begins(server: Influxd, tmp_path: Path) -> None:
    site = (f"site={METER}",)
    with sink_harness(tmp_path, server, "colours") as harness:
        harness.store([at(1, "2026-01-15T12:00", RED), at(2, "2026-01-16T02:00", RED), at(3, "2026-01-16T07:00", BLUE)])
        harness.copy()
        both = row(THURSDAY, site, {"colour": "red"}) | row(FRIDAY, site, {"colour": "blue"})
        assert rows(harness, "tempo_day") == both
        # Two reported colours contradict one another: the colour is unknown, and an unknown colour has no row.
        harness.store([at(4, "2026-01-15T18:00", BLUE)])
        harness.copy()
        assert rows(harness, "tempo_day") == row(FRIDAY, site, {"colour": "blue"})


def test_nights_are_replicated_and_one_that_late_frames_change_is_replicated_again(
    server: Influxd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tictally_recorder.sinks.influxdb.ledger_replicator._ROUND_INTERVAL_S", 0.0)
    tags = (f"site={METER}", f"meter={METER}")
    with sink_harness(tmp_path, server, "nights") as harness:
        harness.store([at(1, "2026-01-15T12:00", BLUE)])
        (meter,) = harness.reader.sites()[0].meters
        harness.ledger.store_standby([Night(meter.id, THURSDAY, 142, 290), Night(meter.id, FRIDAY, 155, 300)])
        sink = harness.begin()
        for _ in range(4):
            sink.step()
        friday = row(FRIDAY, tags, {"va": "155", "minutes": "300"})
        assert rows(harness, "standby_day") == row(THURSDAY, tags, {"va": "142", "minutes": "290"}) | friday
        harness.ledger.store_standby([Night(meter.id, THURSDAY, 97, 300)])
        sink.step()
        sink.step()
        assert rows(harness, "standby_day") == row(THURSDAY, tags, {"va": "97", "minutes": "300"}) | friday
