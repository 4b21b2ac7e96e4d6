"""Recorders of one name, copies of a ledger, and an edge that would stop everybody: real recorders at a real broker."""

import json
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_broker import Hub, Mosquitto
from recorder_loop import Loop, recorder_loop
from recording import Recorder, frame
from scripted_edge import ScriptedEdge

from tictally_recorder.ingest.events import MessageReceived
from tictally_recorder.ledger import Ledger

HEALTH = "tictally/recorder/nas/health"
TOPIC = "tictally/edge/cellar/frame"


@pytest.fixture
def hub(own_broker: Mosquitto) -> Iterator[Hub]:
    with Hub(own_broker.port) as client:
        client.subscribe("tictally/recorder/#")
        yield client


def health_with(hub: Hub, field: str, within_s: float = 80.0) -> dict[str, Any]:
    """The next health of the recorder in which a count is not zero."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        health: dict[str, Any] = json.loads(hub.wait_for(HEALTH, within_s=within_s))
        if health[field]:
            return health
    raise AssertionError(f"{field} stays zero")


def test_two_recorders_of_one_name_notice_each_other(own_broker: Mosquitto, hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    with Recorder(tmp_path, own_broker.port) as first:
        hub.wait_for(HEALTH)
        with Recorder(tmp_path / "second", own_broker.port):
            first.wait_for_log("another recorder has the name 'nas' too")
            assert health_with(hub, "name_conflicts")["client_id_conflicts"] == 0


def test_a_recorder_that_is_killed_and_comes_back_is_no_other_one(
    own_broker: Mosquitto, hub: Hub, tmp_path: Path
) -> None:
    with Recorder(tmp_path, own_broker.port) as recorder:
        hub.wait_for(HEALTH)
        recorder.stop(signal.SIGKILL)
        recorder.start()
        health = json.loads(hub.wait_for(HEALTH))
        recorder.stop()
    assert (health["name_conflicts"], health["client_id_conflicts"]) == (0, 0)
    assert "another recorder" not in recorder.log


@pytest.mark.parametrize("name", ["nas", "laptop"])
def test_the_recorders_of_a_ledger_and_of_its_copy_report_it_and_take_turns(
    own_broker: Mosquitto, hub: Hub, tmp_path: Path, name: str
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    Ledger.open(tmp_path / "ledger.sqlite").close()
    shutil.copy(tmp_path / "ledger.sqlite", copy)
    with Recorder(tmp_path, own_broker.port) as first:
        hub.wait_for(HEALTH)
        with Recorder(copy, own_broker.port, settings={"TICTALLY_NAME": name}) as second:
            first.wait_for_log("they end each other's connection", 30)
            second.wait_for_log("they end each other's connection", 30)
            assert "another recorder uses a copy of this ledger" in first.log
            assert "has the name" not in first.log + second.log
            broker_log = own_broker.folder / "mosquitto.log"
            before = broker_log.read_text().count("already connected")
            time.sleep(10)
            assert broker_log.read_text().count("already connected") - before <= 2
            health: dict[str, Any] = json.loads(hub.wait_for(HEALTH, within_s=60))
            while not health["client_id_conflicts"]:
                health = json.loads(hub.wait_for(HEALTH, within_s=60))


def test_an_edge_that_invents_meters_does_not_cut_the_recorder_off(tmp_path: Path) -> None:
    narrow = Mosquitto(tmp_path, extra="allow_anonymous true\nmax_packet_size 8192")
    narrow.start()
    settings = {"TICTALLY_METERS_PER_EDGE": "100000"}
    try:
        with Hub(narrow.port) as hub, Recorder(tmp_path, narrow.port, settings=settings) as recorder:
            hub.subscribe(HEALTH)
            hub.wait_for(HEALTH)
            invented = (frame(seq, edge="attic", meter=f"meter-{seq}") for seq in range(1, 1001))
            hub.publish("tictally/edge/attic/frame", *invented)
            recorder.wait_until(lambda counts: counts.frames == 1000, within_s=60)
            hub.publish(TOPIC, frame(1))
            recorder.wait_until(lambda counts: counts.frames == 1001)
            health = {"meters": 0}
            while health["meters"] < 1000:
                health = json.loads(hub.wait_for(HEALTH, within_s=80))
            hub.publish(TOPIC, frame(2))
            recorder.wait_until(lambda counts: counts.frames == 1002)
            assert "connection lost" not in recorder.log
    finally:
        narrow.stop()


def test_health_fits_into_a_packet_however_many_meters_there_are(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, recorder_loop(tmp_path, ledger) as loop:
        connection = ledger._connection
        connection.execute("INSERT INTO site (id, name) VALUES (1, 'site')")
        connection.executemany(
            "INSERT INTO meter VALUES (?, ?, NULL, 1, 0, ?)", [(n, f"meter-{n}", n) for n in range(1, 4501)]
        )
        health = loop.health()
        assert (health["meters"], len(health["newest"])) == (4500, 64)
        assert "meter-4500" in health["newest"]
        assert len(loop.connection.payloads[HEALTH]) < 8192


def test_limits_and_conflicts_are_in_health(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, recorder_loop(tmp_path, ledger) as loop:
        assert {name: loop.health()[name] for name in ("edges_at_limit", "conflicts", "name_conflicts")} == {
            "edges_at_limit": {},
            "conflicts": 0,
            "name_conflicts": 0,
        }
        _store(loop, *(frame(seq, meter=f"m-{seq}") for seq in range(1, 70)))
        found = loop.health()
        assert (found["edges_at_limit"], found["conflicts"]) == ({"cellar": ["meters"]}, 0)
        _store(loop, frame(7, meter="m-7", time_ms=1_790_000_000_123))
        assert loop.health()["conflicts"] == 1


def _store(loop: Loop, *payloads: str) -> None:
    for payload in payloads:
        loop.ingest._handle(MessageReceived(TOPIC, payload.encode(), 1_790_000_500_000, 1, 0, 1), time.monotonic())
    loop.ingest._store()


def test_an_edge_that_uses_numbers_twice_is_asked_to_begin_a_new_boot(own_broker: Mosquitto, tmp_path: Path) -> None:
    with Recorder(tmp_path, own_broker.port) as recorder, ScriptedEdge(own_broker.port) as edge:
        recorder.wait_for_log("connected to the broker")
        edge.send(1, 50)
        recorder.wait_until(lambda counts: counts.frames == 50)
        late = {key: frame(key[1], time_ms=1_790_000_900_000 + key[1]) for key in edge.frames if key[1] > 30}
        edge.frames |= late
        edge._publish("frame", *late.values())
        recorder.wait_until(lambda counts: counts.frames == 70)
        end = time.monotonic() + 60
        while not edge.requests:
            assert time.monotonic() < end
            time.sleep(0.05)
        (request,) = edge.requests
        assert request == {"boot": "9f2c61d07ab3e514", "conflict": 50}
        recorder.wait_for_log("edge 'cellar' uses frame numbers twice")
