"""The live snapshot and its stream: updated by what the loop stores, without a ledger query each time."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_serving import METER, NOON, Served, frames
from real_broker import Hub, Mosquitto
from recording import Recorder, frame

from demo.broker import free_port
from tictally_recorder.api.routes import live
from tictally_recorder.ingest.broadcast import Broadcast, EdgeStatus
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as found:
        yield found


def newest(power: int, seconds: float, **more: int | str) -> Frame:
    values: dict[str, int | str] = {"EAST": 1_003_700, "SINSTS": power, "LTARF": "BASE", "STGE": "003A4401"}
    at_ms = int((NOON + timedelta(seconds=seconds)).timestamp() * 1000)
    return Frame(METER, "cellar", "a1" * 8, 1000 + int(seconds), at_ms, Mode.STANDARD, values | more)


def now(served: Served) -> dict[str, Any]:
    (item,) = served.items("/api/v1/now")
    return item


def events(stream: httpx.Response) -> Iterator[tuple[dict[str, str], dict[str, Any] | None]]:
    """(fields, data) of each event; a comment is an event without data."""
    fields: dict[str, str] = {}
    for line in stream.iter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name or "comment"] = value.strip()
            continue
        yield fields, json.loads(fields["data"]) if "data" in fields else None
        fields = {}


def test_the_snapshot_is_the_newest_frame_also_after_a_start(served: Served) -> None:
    item = now(served)
    assert (item["power_va"], item["subscribed_kva"], item["state"], item["age_s"]) == (1854, 6, "online", 0)
    assert item["at"] == "2026-03-30T12:00:00+02:00"
    assert (item["today"]["consumption_wh"], item["today"]["injection_wh"]) == (720, 144)
    assert item["today"]["cost"] == served.items("/api/v1/cost")[-1]["rounded"]
    assert item["period"] == "BASE"
    assert {"register": "EAST", "period": None, "value": 1_003_540, "unit": "Wh"} in item["registers"]


def test_active_power_and_what_an_hour_of_it_costs_come_from_registers(served: Served) -> None:
    """60 Wh an hour at 360 VA, hourly 1500 VA and more: about 0.11 W a VA; none injected that is known."""
    item = now(served)
    apparent_va = (5 * 360 + 1800) / 6
    assert item["power_w"] == pytest.approx(1854 * 60 / apparent_va, rel=0.15)
    assert item["injection_w"] is None
    price = Decimal(item["price"])
    assert Decimal(item["cost_per_hour"]) == pytest.approx(item["power_w"] * price / 1000, abs=Decimal("0.0001"))
    served.store([newest(0, 1)])
    assert (now(served)["power_w"], now(served)["cost_per_hour"]) == (0, "0.0000")


def test_a_meter_that_has_not_counted_yet_has_no_active_power(tmp_path: Path) -> None:
    with Served(tmp_path, stored=frames(0.2)) as new:
        item = now(new)
    assert (item["power_w"], item["cost_per_hour"]) == (None, None)


def test_stored_frames_are_shown_without_reading_the_ledger(served: Served) -> None:
    now(served)
    served.broadcast.publish_frames([])
    hidden = served.path.with_suffix(".hidden")
    served.store([newest(2345, 1)])
    served.path.rename(hidden)  # figures are ten seconds old at most, and the frame is in memory
    assert now(served)["power_va"] == 2345
    hidden.rename(served.path)


def test_an_older_frame_does_not_change_the_snapshot(served: Served) -> None:
    served.store([newest(2345, 2)])
    served.store([newest(99, 1)])
    assert now(served)["power_va"] == 2345


def test_overload_phases_and_colours_are_shown(served: Served) -> None:
    served.store([newest(9000, 1, STGE="093A4481", SINSTS1=3000, SINSTS2=2000, SINSTS3=4000, IRMS2=9, URMS3=231)])
    item = now(served)
    assert item["overload"] is True
    assert (item["colour_today"], item["colour_tomorrow"]) == ("blue", "white")
    assert item["phases"] == [
        {"phase": 1, "power_va": 3000, "current_a": None, "voltage_v": None},
        {"phase": 2, "power_va": 2000, "current_a": 9, "voltage_v": None},
        {"phase": 3, "power_va": 4000, "current_a": None, "voltage_v": 231},
    ]


def test_missing_frames_and_an_offline_edge_are_distinguished(served: Served) -> None:
    assert now(served)["state"] == "online"
    served.now += timedelta(seconds=31)
    assert (now(served)["state"], now(served)["age_s"]) == ("silent", 31)
    served.broadcast.publish_status("cellar", "availability", b"offline", int(served.now.timestamp() * 1000))
    item = now(served)
    assert (item["state"], item["edges"]) == ("offline", [{"edge": "cellar", "state": "offline"}])
    served.now += timedelta(seconds=9)
    served.store([newest(100, 40)])
    assert now(served)["state"] == "online"


def test_the_stream_sends_the_state_at_once_and_then_changes(served: Served) -> None:
    with served.client.stream("GET", "/api/v1/live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        found = events(stream)
        assert next(found) == ({"retry": "3000"}, None)
        fields, first = next(found)
        assert first is not None
        assert (fields["event"], first["power_va"]) == ("now", 1854)
        served.store([newest(2345, 3)])
        fields, second = next(found)
        assert second is not None
        assert (second["power_va"], fields["id"]) == (2345, str(newest(0, 3).time_ms))


def test_a_reconnected_stream_starts_with_the_snapshot(served: Served) -> None:
    for power in (100, 200):
        served.store([newest(power, power)])
        with served.client.stream("GET", "/api/v1/live", headers={"last-event-id": "1"}) as stream:
            received = [data for _, data in zip(range(2), (data for _, data in events(stream)), strict=False)]
            assert received[1] is not None
            assert received[1]["power_va"] == power


def test_an_idle_stream_sends_keep_alive_comments(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_HEARTBEAT_S", 0.2)
    with served.client.stream("GET", "/api/v1/live") as stream:
        found = events(stream)
        assert any(fields.get("comment") == "alive" for fields, _ in (next(found) for _ in range(4)))


def test_a_stream_of_one_site_has_no_events_of_others(tmp_path: Path) -> None:
    other = [replace(each, seq=each.seq) for each in frames(60, meter="021900000003", edge="barn", boot="b2" * 8)]
    with Served(tmp_path, stored=[*frames(59), *other]) as served:
        with served.client.stream("GET", "/api/v1/live?site=021900000003") as stream:
            found = events(stream)
            next(found)
            _, data = next(found)
            assert data is not None
            assert data["site"] == "021900000003"
        assert served.get("/api/v1/live?site=x").status_code == 404


def test_streams_end_when_the_server_stops(tmp_path: Path) -> None:
    with Served(tmp_path) as served, httpx.Client(base_url=served.base, timeout=60) as client:
        stream = client.stream("GET", "/api/v1/live")
        answer = stream.__enter__()
        found = events(answer)
        next(found)
        begin = time.monotonic()
        served.context.close()
        assert len(list(found)) < 5
        assert time.monotonic() - begin < 5
        stream.__exit__(None, None, None)


def test_the_broadcast_queue_is_bounded() -> None:
    broadcast = Broadcast()
    for number in range(2000):
        broadcast.publish_status(f"edge-{number}", "health", b"{}", number)
    assert len(broadcast.health) == 1024
    broadcast.publish_status("edge-1", "health", b"[]", 7)
    assert broadcast.health["edge-1"] == EdgeStatus(b"[]", 7)


def wait_until_ready(address: str) -> None:
    end = time.monotonic() + 60
    while (answer := httpx.get(f"{address}/readyz")).status_code != 200:
        assert time.monotonic() < end, answer.text
        time.sleep(0.1)


def test_a_recorder_serves_received_frames_also_after_a_restart(broker: Mosquitto, tmp_path: Path) -> None:
    port, base = free_port(), "api-live"
    settings = {"TICTALLY_HTTP": "on", "TICTALLY_HTTP_PORT": str(port), "TICTALLY_DISCOVERY": "off"}
    address = f"http://127.0.0.1:{port}"
    recorder = Recorder(tmp_path, broker.port, base, settings)
    now_ms = time.time_ns() // 1_000_000
    with Hub(broker.port) as hub, recorder:
        recorder.wait_for_log("HTTP server listens on")
        recorder.wait_for_log("connected to the broker")
        hub.publish(f"{base}/edge/cellar/frame", frame(1, time_ms=now_ms))
        recorder.wait_until(lambda counts: counts.frames == 1)
        with httpx.stream("GET", f"{address}/api/v1/live", timeout=60) as stream:
            found = events(stream)
            next(found)
            _, data = next(found)
            assert data is not None
            assert data["power_va"] == 3600
            wait_until_ready(address)
            hub.publish(f"{base}/edge/cellar/frame", frame(2, time_ms=now_ms + 1000))
            _, data = next(found)
            assert data is not None
            assert data["registers"][0]["value"] == 1_000_020
        recorder.stop()
        recorder.start()
        end = time.monotonic() + 60
        while True:
            try:
                with httpx.stream("GET", f"{address}/api/v1/live", timeout=60) as stream:
                    found = events(stream)
                    next(found)
                    assert next(found)[1] is not None
                break
            except httpx.TransportError:
                assert time.monotonic() < end
                time.sleep(0.1)


def test_a_port_in_use_does_not_stop_recording(broker: Mosquitto, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = {"TICTALLY_HTTP": "on", "TICTALLY_HTTP_PORT": str(taken.getsockname()[1])}
        with Hub(broker.port) as hub, Recorder(tmp_path, broker.port, "api-taken", settings) as recorder:
            recorder.wait_for_log("recording continues, next attempt in")
            recorder.wait_for_log("connected to the broker")
            hub.publish("api-taken/edge/cellar/frame", frame(1))
            recorder.wait_until(lambda counts: counts.frames == 1)
