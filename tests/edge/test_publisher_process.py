"""A meter that another program publishes, read by a real edge from a real broker: what it leaves to the publisher, what
outages do, and what the doctor reports."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
import real_edge
from certificates import make_certificate
from published_meters import NUMBER, TASMOTA_HPHC, ZIGBEE2MQTT_TEMPO, Message, as_json
from real_broker import Hub, Mosquitto
from real_edge import Process

from demo.broker import free_port
from tictally_edge.features import settings_with
from tictally_edge.finding import EdgeFinding, FindingCode
from tictally_edge.sources import mqtt_topic
from tictally_edge.sources.base import SourceSettingError
from tictally_edge.sources.registry import SOURCES

TOPIC = "zigbee2mqtt/Lixee"
TIER2 = "current_tier2_summ_delivered"


@contextmanager
def started(edge: Process) -> Iterator[Process]:
    edge.start()
    try:
        yield edge
    finally:
        edge.end()


def tasmota(n: int) -> Message:
    return as_json("tele/denky/SENSOR", {"TIC": TASMOTA_HPHC["TIC"] | {"HCHP": 2275560 + n}})


@contextmanager
def publishing(port: int, *messages: Message) -> Iterator[None]:
    stop = Event()

    def publish() -> None:
        with Hub(port) as hub:
            for n in range(1000):
                for topic, payload in messages:
                    hub.publish(topic, payload + b" " * (n % 50))  # else it is taken for a doubled one
                if stop.wait(0.1):
                    return

    thread = Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def retained(port: int, *topics: str) -> set[str]:
    with Hub(port) as hub:
        for topic in topics:
            hub.subscribe(topic)
        return hub.retained()


@pytest.mark.parametrize("republish", [False, True])
def test_labels_and_devices_are_left_to_the_publisher_unless_wanted(
    tmp_path: Path, broker: Mosquitto, *, republish: bool
) -> None:
    base, found = f"relay-{republish}".lower(), f"relay-{republish}-hub".lower()
    edge = real_edge.edge(
        tmp_path,
        f"mqtt:///{base}/tele",
        broker.port,
        base_topic=f"{base}-own",
        discovery=found,
        source_mqtt_republish=str(republish).lower(),
    )
    messages = [(f"{base}/{topic}", payload) for topic, payload in map(tasmota, range(6))]
    with Hub(broker.port) as hub, started(edge), publishing(broker.port, *messages):
        hub.subscribe(f"{base}-own/edge/pi/frame")
        hub.wait_for(f"{base}-own/edge/pi/frame")
        if republish:
            hub.subscribe(f"{found}/device/tictally_{NUMBER}/config")
            hub.wait_for(f"{found}/device/tictally_{NUMBER}/config")
        topics = retained(broker.port, f"{base}-own/{NUMBER}/+", f"{found}/#")
    own = {topic for topic in topics if topic.startswith(f"{base}-own")}
    assert (f"{base}-own/{NUMBER}/HCHP" in own) is republish
    assert bool({topic for topic in topics if topic.startswith(found)}) is republish
    assert f"{base}-own/{NUMBER}/availability" in own


def test_neither_an_outage_of_the_broker_nor_a_killed_edge_makes_a_wrong_register(
    tmp_path: Path, own_broker: Mosquitto
) -> None:
    edge = real_edge.edge(tmp_path, f"mqtt:///{TOPIC}", own_broker.port)
    right = [as_json(TOPIC, ZIGBEE2MQTT_TEMPO | {"linkquality": n}) for n in range(4)]
    later = [as_json(TOPIC, ZIGBEE2MQTT_TEMPO | {TIER2: 5508.9, "linkquality": n}) for n in range(4)]
    zero = [as_json(TOPIC, ZIGBEE2MQTT_TEMPO | {TIER2: 0, "linkquality": n}) for n in range(4)]
    with started(edge):
        first = frames(own_broker.port, right, 2)
        own_broker.stop(signal.SIGKILL)
        own_broker.start()
        after_broker = frames(own_broker.port, zero, 3)
        edge.stop(signal.SIGKILL)
    with started(edge):
        after_kill = [*frames(own_broker.port, zero, 3), *frames(own_broker.port, later, 8)]
    assert {frame["meter"] for frame in first} == {NUMBER}
    assert {values(frame).get("EASF02", 5508800) for frame in first} == {5508800}
    assert [values(frame) for frame in after_broker if values(frame).get("EASF02") == 0] == []
    assert {values(frame).get("EASF02", 5508900) for frame in after_kill} <= {5508800, 5508900}
    assert values(after_kill[-1])["EASF02"] == 5508900


def frames(port: int, messages: list[Message], count: int) -> list[dict[str, object]]:
    """So many frames that are published while these messages come."""
    with Hub(port) as hub:
        hub.subscribe("tictally/edge/pi/frame")
        with publishing(port, *messages):
            return [json.loads(hub.wait_for("tictally/edge/pi/frame", within_s=60)) for _ in range(count)]


def values(frame: dict[str, object]) -> dict[str, object]:
    found = frame["values"]
    assert isinstance(found, dict)
    return found


def examined(port: str, broker_port: int, monkeypatch: pytest.MonkeyPatch, **more: object) -> EdgeFinding:
    monkeypatch.setattr(mqtt_topic, "_EXAMINE_S", 2.0)
    own = {"mqtt_host": "127.0.0.1", "mqtt_port": broker_port}
    settings = settings_with(name="pi", journal="/nowhere", port=port, **own, **more)
    kind, address = SOURCES.parse(port)
    return kind.examine(address, settings).finding


def zlinky(topic: str, **changes: object) -> Message:
    return as_json(topic, ZIGBEE2MQTT_TEMPO | changes)


EXAMINED: dict[str, tuple[list[Message], FindingCode, str]] = {
    "a ZLinky": ([zlinky("x1/Lixee")], FindingCode.SOURCE_RECOGNISED, "zigbee2mqtt"),
    "two of them": (
        [zlinky("x2/Lixee"), zlinky("x2/garage", meter_serial_number="021961004999")],
        FindingCode.SOURCE_SEVERAL_METERS,
        "x2/Lixee, x2/garage",
    ),
    "another device": (
        [as_json("x3/plug", {"power": 4})],
        FindingCode.SOURCE_FORM_UNKNOWN,
        "x3/plug",
    ),
    "broken messages": ([("x4/Lixee", b'{"current_tier1_summ_delivered": 93')], FindingCode.SOURCE_FORM_UNKNOWN, "x4"),
    "no number": (
        [zlinky("x5/Lixee", meter_serial_number=None)],
        FindingCode.SOURCE_WITHOUT_NUMBER,
        "zigbee2mqtt",
    ),
    "nothing": ([], FindingCode.SOURCE_CONNECTED_WITHOUT_MESSAGE, "no message"),
}


@pytest.mark.parametrize("case", EXAMINED)
def test_the_doctor_reports_what_comes_on_a_topic(
    case: str, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, code, words = EXAMINED[case]
    topic = messages[0][0].split("/")[0] if messages else "x9"
    with publishing(broker.port, *messages):
        finding = examined(f"mqtt://127.0.0.1:{broker.port}/{topic}/#", broker.port, monkeypatch)
    assert finding.phrase.code is code
    assert words in finding.lines("en")


def test_a_rejected_login_names_the_settings_of_that_broker(
    tmp_path: Path, own_broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = tmp_path / "passwords"
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed")
    subprocess.run([program, "-c", "-b", str(passwords), "reader", "right"], check=True)
    own_broker.stop()
    own_broker.extra = f"allow_anonymous false\npassword_file {passwords}"
    own_broker.start()
    port = f"mqtt://127.0.0.1:{own_broker.port}/{TOPIC}"
    login = {"source_mqtt_username": "reader", "source_mqtt_password": "wrong"}
    finding = examined(port, free_port(), monkeypatch, **login)
    assert finding.phrase.code is FindingCode.SOURCE_BROKER_REJECTS
    assert "TICTALLY_EDGE_SOURCE_MQTT_PASSWORD_FILE" in finding.lines("en")
    secret = tmp_path / "secret"
    secret.write_text("wrong\n")
    edge = real_edge.edge(
        tmp_path, port, free_port(), source_mqtt_username="reader", source_mqtt_password_file=str(secret)
    )
    with started(edge):
        edge.wait_for_output("check TICTALLY_EDGE_SOURCE_MQTT_USERNAME and TICTALLY_EDGE_SOURCE_MQTT_PASSWORD_FILE")
        assert "wrong" not in edge.output


def test_a_broker_with_tls_is_read_with_its_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = make_certificate(tmp_path, "reader")
    (tmp_path / "tls").mkdir()
    tls = Mosquitto(tmp_path / "tls", extra=f"allow_anonymous true\ncertfile {certificate}\nkeyfile {key}")
    tls.start()
    try:
        port = f"mqtts://127.0.0.1:{tls.port}/{TOPIC}"
        with_it = examined(port, free_port(), monkeypatch, source_mqtt_ca=str(certificate))
        with started(real_edge.edge(tmp_path, port, free_port())) as without:
            without.wait_for_output("set TICTALLY_EDGE_SOURCE_MQTT_CA to the one that has signed it")
    finally:
        tls.stop()
    assert with_it.phrase.code is FindingCode.SOURCE_CONNECTED_WITHOUT_MESSAGE


WRONG = {
    "mqtt://user:geheim@host/topic": "TICTALLY_EDGE_SOURCE_MQTT_PASSWORD_FILE",
    "mqtt://host/a/#/b": "is no topic",
    "mqtt://host/a+/b": "is no topic",
    "mqtt://host/topic?number=12": "number='12' is not a meter's number",
    "mqtt://host/topic?option=zen": "option='zen' is none of base, hphc, ejp, tempo",
    "mqtt://host/topic?unit=MJ": "unit='MJ' is neither Wh nor kWh",
    "mqtt://host/topic?mode=modern": "mode='modern' is neither historique nor standard",
    "mqtt://host/topic?form=zlinky": "form='zlinky' is unknown; known are esphome",
    "mqtts://host": "names no",
}


@pytest.mark.parametrize("port", WRONG)
def test_a_wrong_address_is_answered_by_what_is_wrong_without_its_password(port: str) -> None:
    kind, address = SOURCES.parse(port)
    with pytest.raises(SourceSettingError) as caught:
        kind.open(address, settings_with(name="pi", journal="/nowhere", port=port))
    assert WRONG[port] in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_password_in_an_address_ends_the_start_and_is_not_shown(tmp_path: Path) -> None:
    edge = real_edge.edge(tmp_path, "mqtt://user:geheim@host/topic", 1)
    edge.start()
    assert edge.wait(15.0) == 2
    assert "TICTALLY_EDGE_SOURCE_MQTT_PASSWORD_FILE" in edge.output
    assert "geheim" not in edge.output
