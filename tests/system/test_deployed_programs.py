"""Edge and recorder with what deploy/init gives them, on the deployment's broker: TLS, users, rights."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import real_edge
from deployed import PASSWORD, WITNESS, Box, DeployedMosquitto
from real_broker import Hub
from recording import Recorder

from tictally_recorder.ledger import LedgerReader

METER = "021961000001"  # as the simulated meter calls itself
REJECTED = "rejects messages of this edge"


@pytest.fixture
def box(tmp_path: Path) -> Box:
    box = Box(tmp_path / "box")
    box.folder.mkdir()
    box.init("--host", "nas", "--address", "127.0.0.1", "--device", "none")
    box.init("edge", "pi", "--meter", METER)
    box.add_witness()
    return box


@pytest.fixture
def own_broker(box: Box, tmp_path: Path) -> Iterator[DeployedMosquitto]:
    (tmp_path / "mosquitto").mkdir()
    mosquitto = DeployedMosquitto(tmp_path / "mosquitto", box=box)
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()


def edge_of(box: Box, folder: Path, port: int, name: str = "pi") -> real_edge.Process:
    """An edge on a machine of its own, with the generated settings except for paths, host and port."""
    handed = box.local / "clients" / f"edge-{name}"
    lines = (handed / "edge.env").read_text().splitlines()
    environ = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    edge = real_edge.edge(folder, "sim:tempo?mode=standard", port)
    edge.environ = {
        **edge.environ,
        **environ,
        "TICTALLY_EDGE_PORT": "sim:tempo?mode=standard",
        "TICTALLY_EDGE_MQTT_HOST": "127.0.0.1",
        "TICTALLY_EDGE_MQTT_PORT": str(port),
        "TICTALLY_EDGE_MQTT_CA": str(handed / "ca.pem"),
        "TICTALLY_EDGE_MQTT_PASSWORD_FILE": str(handed / "edge-password"),
    }
    return edge


@pytest.fixture
def edges() -> Iterator[list[real_edge.Process]]:
    started: list[real_edge.Process] = []
    yield started
    for each in started:
        each.end()


def recorder_of(box: Box, folder: Path, port: int, **settings: str) -> Recorder:
    own = {
        "TICTALLY_MQTT_USERNAME": "recorder-nas",
        "TICTALLY_MQTT_PASSWORD_FILE": str(box.local / "secrets" / "recorder-nas-password"),
        **settings,
    }
    return Recorder(folder, port, settings=own)


def test_frames_go_from_an_edge_to_the_ledger_by_tls_and_everything_that_is_reported_is_allowed(
    box: Box, own_broker: DeployedMosquitto, edges: list[real_edge.Process], tmp_path: Path
) -> None:
    edge = edge_of(box, tmp_path, own_broker.tls_port)
    edges.append(edge)
    edge.start()
    with recorder_of(box, tmp_path, own_broker.tls_port, TICTALLY_MQTT_CA=str(box.ca)) as recorder:
        recorder.wait_until(lambda counts: counts.frames >= 5)
        with Hub(own_broker.port, username=WITNESS, password=PASSWORD) as witness:
            for topic in (
                f"homeassistant/device/tictally_{METER}/config",
                "homeassistant/device/tictally_edge_pi/config",
                "homeassistant/device/tictally_recorder_nas/config",
                "tictally/recorder/nas/availability",
                f"tictally/{METER}/availability",
            ):
                witness.subscribe(topic)
                assert witness.wait_for(topic)
    assert re.findall("refuses|rejects", edge.output + recorder.log) == []


@pytest.mark.parametrize("which", ["edge", "recorder"])
def test_a_program_without_the_brokers_authority_does_not_connect(
    box: Box, own_broker: DeployedMosquitto, edges: list[real_edge.Process], tmp_path: Path, which: str
) -> None:
    other = Box(tmp_path / "other")
    other.folder.mkdir()
    other.init("--host", "nas", "--address", "127.0.0.1", "--device", "none")
    if which == "edge":
        edge = edge_of(box, tmp_path, own_broker.tls_port)
        edge.environ["TICTALLY_EDGE_MQTT_CA"] = str(other.ca)
        edges.append(edge)
        edge.start()
        edge.wait_for_output("cannot be reached")
    else:
        with recorder_of(box, tmp_path, own_broker.tls_port, TICTALLY_MQTT_CA=str(other.ca)) as recorder:
            recorder.wait_for_log("cannot be reached")
    assert "u'" not in (own_broker.folder / "mosquitto.log").read_text()


def test_an_edge_of_an_unauthorized_meter_logs_the_rejection_and_loses_nothing(
    box: Box, own_broker: DeployedMosquitto, edges: list[real_edge.Process], tmp_path: Path
) -> None:
    box.init("edge", "pi", "--meter", "021900000009")
    own_broker.reload()
    with recorder_of(box, tmp_path, own_broker.port) as recorder:
        recorder.wait_for_log("connected to the broker")
        edge = edge_of(box, tmp_path, own_broker.tls_port)
        edges.append(edge)
        edge.start()
        edge.wait_for_output(REJECTED)
        time.sleep(3)
        box.init("edge", "pi", "--meter", METER)
        own_broker.reload()
        recorder.wait_until(lambda counts: counts.frames >= 10, within_s=60)
        until(lambda: holds_all_from_the_first(recorder))


def holds_all_from_the_first(recorder: Recorder) -> bool:
    with LedgerReader.open(recorder.ledger) as reader:
        (ranges,) = reader.frame_numbers("pi").values()
    return (len(ranges), ranges[0].first) == (1, 1)


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_added_and_removed_users_take_effect_without_a_restart(box: Box, own_broker: DeployedMosquitto) -> None:
    def is_let_in(user: str, password: str) -> bool:
        with Hub(own_broker.port, username=user, password=password) as hub:
            return hub.is_let_in

    box.init("hub", "ha")
    password = box.password("hub-ha")
    assert not is_let_in("hub-ha", password)
    own_broker.reload()
    until(lambda: is_let_in("hub-ha", password))
    box.init("remove", "hub", "ha")
    own_broker.reload()
    until(lambda: not is_let_in("hub-ha", password))
