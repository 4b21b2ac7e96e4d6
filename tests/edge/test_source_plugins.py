"""A source, and the format of an MQTT publisher, each added as one file: in run, health, settings and doctor."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import real_edge
from real_broker import Hub, Mosquitto
from real_edge import Process

from demo.broker import free_port
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.encode import with_parity
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.sources.base import SourceSettingError
from tictally_edge.sources.registry import SourceRegistry
from tictally_shared.labels import Mode

PLUGINS = Path(__file__).parent / "plugins"
COUNTING, PUBLISHER = PLUGINS / "counting_source.py", PLUGINS / "json_publisher.py"
NUMBER = "021961000001"
Start = Callable[[Process], Process]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Process] = []

    def begin(process: Process) -> Process:
        started.append(process)
        process.start()
        return process

    yield begin
    for process in started:
        process.end()


def with_plugin(plugin: Path, edge: Process) -> Process:
    """The same edge, its program started through a file that adds something to it."""
    return Process([str(plugin), *edge.command[1:]], edge.log, edge.environ, is_module=False)


def doctor(edge: Process, plugin: Path | None = None) -> tuple[str, str]:
    """What the doctor finds about the port, and what it writes to standard error."""
    program = ["-m", "tictally_edge"] if plugin is None else [str(plugin)]
    done = subprocess.run(
        [sys.executable, *program, "doctor", "--json"],
        env={"PATH": os.environ["PATH"], **edge.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    found = {each["about"]: each["text"] for each in json.loads(done.stdout)} if done.stdout else {}
    return found.get("port", ""), done.stderr


def health_of(broker: Mosquitto, base: str) -> dict[str, Any]:
    """The health retained since the first frame."""
    with Hub(broker.port) as hub:
        hub.subscribe(f"{base}/edge/pi/health")
        while True:
            body: dict[str, Any] = json.loads(hub.wait_for(f"{base}/edge/pi/health"))
            if body["frames"]:
                return body


@contextmanager
def publishing(broker: Mosquitto, topic: str, payloads: Iterator[Sequence[bytes]]) -> Iterator[None]:
    """Publish a few messages every tenth of a second meanwhile."""
    stop = Event()

    def publish() -> None:
        with Hub(broker.port) as hub:
            for each in payloads:
                hub.publish(topic, *each)
                if stop.wait(0.1):
                    return

    thread = Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_source_of_ones_own_runs_and_is_in_settings_health_and_doctor(
    tmp_path: Path, broker: Mosquitto, start: Start
) -> None:
    edge = real_edge.edge(tmp_path, f"counting:{NUMBER}", broker.port, base_topic="own-source", counting_step="2")
    assert doctor(edge, COUNTING) == (f"counting:{NUMBER} counts by 2 Wh.", "")
    with Hub(broker.port) as hub:
        hub.subscribe("own-source/#")
        start(with_plugin(COUNTING, edge))
        first, second = (json.loads(hub.wait_for("own-source/edge/pi/frame")) for _ in range(2))
        health = health_of(broker, "own-source")
    assert (first["meter"], second["values"]["BASE"] - first["values"]["BASE"]) == (NUMBER, 2)
    assert health["source"]["type"] == "counting"
    assert health["source"]["count"] > 0
    assert (health["port"], health["meter"], health["meter_online"]) == (f"counting:{NUMBER}", NUMBER, True)


def test_without_its_file_a_source_is_unknown_and_the_known_ones_are_named(tmp_path: Path) -> None:
    finding, error = doctor(real_edge.edge(tmp_path, "counting://x", 1))
    assert finding == ""
    assert "TICTALLY_EDGE_PORT: 'counting://x' begins with counting:, which is unknown; give a device" in error
    assert "mqtt://host:port/topic" in error


def states() -> Iterator[Sequence[bytes]]:
    for index in count(5000):
        yield b"not JSON", json.dumps({"id": NUMBER, "index": index, "power": 40_000}).encode()


def test_messages_of_a_publisher_of_ones_own_become_frames(tmp_path: Path, broker: Mosquitto, start: Start) -> None:
    port = f"mqtt://127.0.0.1:{broker.port}/house/+/state?format=json-publisher"
    edge = real_edge.edge(tmp_path, port, broker.port, base_topic="own-publisher")
    with Hub(broker.port) as hub, publishing(broker, "house/cellar/state", states()):
        hub.subscribe("own-publisher/edge/pi/frame")
        start(with_plugin(PUBLISHER, edge))
        frames = [json.loads(hub.wait_for("own-publisher/edge/pi/frame")) for _ in range(5)]
        health = health_of(broker, "own-publisher")
    assert {frame["meter"] for frame in frames} == {NUMBER}
    assert [frame["seq"] for frame in frames] == [1, 2, 3, 4, 5]
    assert all(frame["values"]["BASE"] >= 5000 for frame in frames[1:])
    assert health["source"]["type"] == "mqtt"
    assert health["source"]["topic"] == "house/+/state"
    assert health["source"]["messages"] > 2


def pieces() -> Iterator[Sequence[bytes]]:
    start = datetime(2026, 1, 12, tzinfo=UTC)
    meter = SimulatedMeter(SimulatedContract.HPHC, Mode.STANDARD, start=start, number=NUMBER)
    while True:
        line = with_parity(meter.frame())
        yield line[:100], line[100:]


def test_bytes_of_the_line_on_a_topic_become_frames(tmp_path: Path, broker: Mosquitto, start: Start) -> None:
    edge = real_edge.edge(tmp_path, "mqtt:///bridge/tic", broker.port, base_topic="bridge-edge")
    with Hub(broker.port) as hub, publishing(broker, "bridge/tic", pieces()):
        hub.subscribe("bridge-edge/edge/pi/frame")
        start(edge)
        frame = json.loads(hub.wait_for("bridge-edge/edge/pi/frame"))
    assert frame["meter"] == NUMBER
    assert frame["values"]["NGTF"] == "H PLEINE/CREUSE"


def test_the_doctor_reports_a_source_whose_broker_is_away(tmp_path: Path) -> None:
    port = f"mqtt://127.0.0.1:{free_port()}/bridge/tic"
    finding, _ = doctor(real_edge.edge(tmp_path, port, free_port()))
    assert finding == f"{port}: no connection to its broker."


WRONG = {
    "mqtt://host": "names no",
    "mqtt://host/topic?format=smoke": "form='smoke' is unknown; known are esphome, lixee, raw",
    "mqtt://host/topic?colour=red": "mqtt: has no option 'colour'",
    "mqtt://host:smoke/topic": "has no valid port",
}


@pytest.mark.parametrize("port", WRONG)
def test_a_wrong_address_of_a_topic_ends_the_start_with_a_message(port: str, tmp_path: Path) -> None:
    edge = real_edge.edge(tmp_path, port, 1)
    edge.start()
    assert edge.wait() == 2
    assert WRONG[port] in edge.output


def test_two_kinds_of_sources_cannot_have_one_scheme() -> None:
    class Kind:
        schemes = ("same",)
        form = "same:x"
        open = examine = None

    registry = SourceRegistry()
    registry.register(Kind())  # type: ignore[arg-type]  # it is never opened
    with pytest.raises(ValueError, match="two kinds of sources have the scheme 'same'"):
        registry.register(Kind())  # type: ignore[arg-type]
    with pytest.raises(SourceSettingError, match="which is unknown; give "):
        registry.parse("/dev/ttyUSB0")
