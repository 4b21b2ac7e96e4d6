"""Rights on the broker that deploy/init sets up, tried by every user on every kind of topic."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import paho.mqtt.client as mqtt
import pytest
from deployed import PASSWORD, WITNESS, Box, DeployedMosquitto
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

NOT_AUTHORISED = 135
ACCEPTED = (0, 16)  # 16: without a subscriber
WITHIN_S = 60.0

OWN_METER, OTHER_METER, OLD_METER = "021900000001", "house", "021900000009"
# Every kind of topic there is, and what a rogue would like to write.
TOPICS = (
    *(f"tictally/{meter}/{what}" for meter in (OWN_METER, OTHER_METER) for what in ("EAST", "DATE/time", "period")),
    *(f"tictally/{meter}/availability" for meter in (OWN_METER, OTHER_METER)),
    f"tictally/{OWN_METER}/EAST/other",
    *(f"tictally/edge/{edge}/{w}" for edge in ("nas", "cellar") for w in ("frame", "availability", "health", "resend")),
    "tictally/site/house/cost",
    "tictally/recorder/nas/availability",
    "tictally/recorder/nas/health",
    "tictally/recorder/other/health",
    *(f"homeassistant/device/tictally_{meter}/config" for meter in (OWN_METER, OTHER_METER)),
    *(f"homeassistant/device/tictally_edge_{edge}/config" for edge in ("nas", "cellar")),
    "homeassistant/device/tictally_recorder_nas/config",
    "homeassistant/device/tictally_site_house/config",
    f"homeassistant/device/tictally_site_{OLD_METER}/config",
    "homeassistant/device/tictally_rogue/config",
    "homeassistant/sensor/rogue/config",
    "homeassistant/status",
    "zigbee2mqtt/bridge/state",
    "zigbee2mqtt/the garden",
    "solar/roof/total",
    "rogue",
)


def edge(name: str, meter: str) -> set[str]:
    """What an edge owns: it writes it, and reads back what stands retained."""
    return {
        *(f"tictally/{meter}/{what}" for what in ("EAST", "DATE/time", "period", "availability")),
        *(f"tictally/edge/{name}/{what}" for what in ("availability", "health")),
        f"homeassistant/device/tictally_{meter}/config",
        f"homeassistant/device/tictally_edge_{name}/config",
    }


RECORDERS_OWN = {
    "tictally/site/house/cost",
    "tictally/recorder/nas/availability",
    "tictally/recorder/nas/health",
    "homeassistant/device/tictally_recorder_nas/config",
    "homeassistant/device/tictally_site_house/config",
    f"homeassistant/device/tictally_site_{OLD_METER}/config",
}
OF_EDGES = {f"tictally/edge/{name}/{what}" for name in ("nas", "cellar") for what in ("availability", "health")}
WRITES = {
    "edge-nas": {*edge("nas", OWN_METER), "tictally/edge/nas/frame"},
    "edge-cellar": {*edge("cellar", OTHER_METER), "tictally/edge/cellar/frame"},
    "recorder-nas": {*RECORDERS_OWN, "tictally/edge/nas/resend", "tictally/edge/cellar/resend"},
    "hub-ha": {"homeassistant/status"},
    "health": set[str](),
}
READS = {
    "edge-nas": {
        *edge("nas", OWN_METER),
        "tictally/edge/nas/resend",
        "tictally/recorder/nas/availability",
        "homeassistant/status",
    },
    "edge-cellar": {
        *edge("cellar", OTHER_METER),
        "tictally/edge/cellar/resend",
        "tictally/recorder/nas/availability",
        "homeassistant/status",
    },
    "recorder-nas": {
        *RECORDERS_OWN,
        "tictally/recorder/other/health",
        *OF_EDGES,
        *(f"tictally/edge/{name}/frame" for name in ("nas", "cellar")),
        *(f"tictally/{meter}/availability" for meter in (OWN_METER, OTHER_METER)),
        "homeassistant/status",
        "zigbee2mqtt/the garden",  # TICTALLY_WEATHER_TOPIC
        "solar/roof/total",  # TICTALLY_PRODUCTION_TOPIC
    },
    "hub-ha": {
        *edge("nas", OWN_METER),
        *edge("cellar", OTHER_METER),
        *RECORDERS_OWN,
        "tictally/recorder/other/health",
        "homeassistant/status",
    },
    "health": set[str](),
}
USERS = sorted(WRITES)


@dataclass
class Client:
    """An MQTT 5 client that waits for each answer."""

    port: int
    user: str | None = None
    password: str | None = None
    will: str | None = None
    ca: Path | None = None
    connected: list[int] = field(default_factory=list)
    acknowledged: dict[int, int] = field(default_factory=dict)
    subscribed: list[int] = field(default_factory=list)
    received: list[tuple[str, bytes]] = field(default_factory=list)
    is_gone: bool = False

    def __post_init__(self) -> None:
        self.client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        if self.user is not None:
            client.username_pw_set(self.user, self.password)
        if self.will is not None:
            client.will_set(self.will, "planted", qos=1, retain=True)
        if self.ca is not None:
            client.tls_set(ca_certs=str(self.ca), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        client.on_connect = lambda _c, _d, _f, reason, _p: self.connected.append(reason.value)
        client.on_publish = self._acknowledged
        client.on_subscribe = lambda _c, _d, mid, _r, _p: self.subscribed.append(mid)
        client.on_disconnect = lambda *_: setattr(self, "is_gone", True)
        client.on_message = lambda _c, _d, message: self.received.append((message.topic, bytes(message.payload)))

    def _acknowledged(self, _client: object, _data: object, mid: int, reason: ReasonCode, _shown: Properties) -> None:
        self.acknowledged[mid] = reason.value

    def __enter__(self) -> Self:
        self.client.connect("127.0.0.1", self.port)
        self.client.loop_start()
        self.until(lambda: bool(self.connected))
        return self

    def __exit__(self, *_error: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def until(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + WITHIN_S
        while not is_so():
            assert time.monotonic() < end, "the broker gave no answer"
            time.sleep(0.005)

    def publish(self, topic: str, payload: str, *, retain: bool = True) -> bool:
        """True if the broker accepted it."""
        mid = self.client.publish(topic, payload, qos=1, retain=retain).mid
        self.until(lambda: mid in self.acknowledged)
        assert self.acknowledged[mid] in {*ACCEPTED, NOT_AUTHORISED}
        return self.acknowledged[mid] in ACCEPTED

    def throw(self, topic: str, payload: str) -> None:
        """Publish with QoS 0, which is never answered; when this returns the broker has seen it."""
        self.client.publish(topic, payload, qos=0, retain=True)
        _, mid = self.client.subscribe("nothing/ever/comes/here")
        self.until(lambda: self.is_gone or mid in self.subscribed)

    def subscribe(self, *filters: str) -> None:
        """Whatever is delivered by it, or was before, is in `received` when this returns.

        Answers come in order, but mosquitto answers first and brings what is retained after that.
        """
        self._ask(*filters)
        self.catch_up()

    def catch_up(self) -> None:
        self._ask("nothing/ever/comes/here")

    def _ask(self, *filters: str) -> None:
        options = SubscribeOptions(qos=1)
        _, mid = self.client.subscribe([(each, options) for each in filters])
        assert mid is not None
        self.until(lambda: mid in self.subscribed)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Box:
    """The box itself with an edge, an edge elsewhere whose meter was exchanged, and a hub."""
    box = Box(tmp_path_factory.mktemp("box"))
    box.set_up()
    with (box.folder / ".env").open("a") as settings:
        settings.write("TICTALLY_WEATHER_TOPIC=zigbee2mqtt/the garden\nTICTALLY_PRODUCTION_TOPIC=solar/roof/total\n")
    box.init("edge", "cellar", "--meter", OLD_METER)
    box.init("edge", "cellar", "--meter", OTHER_METER)
    box.init("hub", "ha")
    box.add_witness()
    return box


@pytest.fixture(scope="module")
def broker(box: Box, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedMosquitto]:
    mosquitto = DeployedMosquitto(tmp_path_factory.mktemp("mosquitto"), box=box)
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()


@pytest.fixture
def witness(broker: DeployedMosquitto) -> Iterator[Client]:
    """A user with all rights; clears every retained topic at the end."""
    with Client(broker.port, WITNESS, PASSWORD) as witness:
        yield witness
        witness.received.clear()
        witness.subscribe("#")
        for topic in {topic for topic, _ in witness.received}:
            witness.publish(topic, "")


def as_user(broker: DeployedMosquitto, box: Box, user: str, will: str | None = None) -> Client:
    return Client(broker.port, user, box.password(user), will)


def attempt(broker: DeployedMosquitto, box: Box, user: str, topic: str) -> bool:
    """Publish with QoS 0 and 1; True if the broker accepted it.

    Each on a connection of its own: mosquitto 2.0.11 disconnects after a publish that it rejects.
    """
    with as_user(broker, box, user) as client:
        client.throw(topic, "tried without an answer")
    with as_user(broker, box, user) as client:
        return client.publish(topic, "tried")


@pytest.mark.parametrize("user", USERS)
def test_a_user_writes_its_own_topics_and_no_other(
    broker: DeployedMosquitto, box: Box, witness: Client, user: str
) -> None:
    witness.subscribe("#")
    accepted = {topic for topic in TOPICS if attempt(broker, box, user, topic)}
    witness.catch_up()
    assert accepted == WRITES[user]
    assert {topic for topic, payload in witness.received if payload == b"tried"} == WRITES[user]
    assert {topic for topic, payload in witness.received if payload == b"tried without an answer"} == WRITES[user]


@pytest.mark.parametrize("user", USERS)
def test_a_user_reads_what_concerns_it_and_nothing_else_whatever_it_subscribes_to(
    broker: DeployedMosquitto, box: Box, witness: Client, user: str
) -> None:
    for topic in TOPICS:
        witness.publish(topic, "retained")
    with as_user(broker, box, user) as client:
        client.subscribe("#", "+/+/+", "$share/thieves/tictally/#")
        client.subscribe(*TOPICS)
        for topic in TOPICS:
            witness.publish(topic, "live", retain=False)
        client.catch_up()
        assert {topic for topic, payload in client.received if payload == b"retained"} == READS[user]
        assert {topic for topic, payload in client.received if payload == b"live"} == READS[user]


@pytest.mark.parametrize("user", USERS)
def test_only_the_health_check_reads_the_brokers_own_topics(broker: DeployedMosquitto, box: Box, user: str) -> None:
    with as_user(broker, box, user) as client:
        client.subscribe("$SYS/#")
        client.catch_up()
        assert {topic for topic, _ in client.received} == ({"$SYS/broker/uptime"} if user == "health" else set())


@pytest.mark.parametrize("user", USERS)
def test_no_user_plants_an_entity_by_dying(broker: DeployedMosquitto, box: Box, witness: Client, user: str) -> None:
    witness.subscribe("#")
    planted = "homeassistant/device/tictally_rogue/config"
    die(broker, box, user, planted)
    time.sleep(0.2)
    witness.catch_up()
    assert planted not in {topic for topic, _ in witness.received}


def test_an_edges_last_will_is_reported_when_it_dies(broker: DeployedMosquitto, box: Box, witness: Client) -> None:
    witness.subscribe("#")
    availability = "tictally/edge/cellar/availability"
    die(broker, box, "edge-cellar", availability)
    witness.until(lambda: availability in {topic for topic, _ in witness.received})


def die(broker: DeployedMosquitto, box: Box, user: str, will: str) -> None:
    with as_user(broker, box, user, will=will) as client:
        sock = client.client.socket()
        if client.connected == [0] and isinstance(sock, socket.socket):
            sock.shutdown(socket.SHUT_RDWR)  # its own thread may be about to read from it
            client.until(lambda: client.is_gone)


@pytest.mark.parametrize(
    ("user", "password"),
    [(None, None), ("edge-nas", None), ("edge-nas", "wrong"), ("edge-nas", ""), ("nobody", "wrong"), ("", "")],
)
@pytest.mark.parametrize("is_tls", [False, True])
def test_nobody_connects_without_the_right_name_and_password(
    broker: DeployedMosquitto, box: Box, user: str | None, password: str | None, *, is_tls: bool
) -> None:
    port, ca = (broker.tls_port, box.ca) if is_tls else (broker.port, None)
    with Client(port, user, password, ca=ca) as client:
        assert client.connected[0] == NOT_AUTHORISED


def test_a_user_connects_by_tls_with_the_boxs_own_authority(broker: DeployedMosquitto, box: Box) -> None:
    with Client(broker.tls_port, "hub-ha", box.password("hub-ha"), ca=box.ca) as client:
        assert client.connected == [0]


def test_a_certificate_of_another_authority_is_rejected(broker: DeployedMosquitto, tmp_path: Path) -> None:
    other = Box(tmp_path)
    other.set_up()
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands("127.0.0.1", broker.tls_port, other.ca)


def test_a_name_that_is_not_in_the_certificate_is_rejected(broker: DeployedMosquitto, box: Box) -> None:
    for name in ("nas", "nas.local", "127.0.0.1"):
        shake_hands(name, broker.tls_port, box.ca)
    for name in ("other", "nas.other", "127.0.0.2"):
        with pytest.raises(ssl.SSLCertVerificationError):
            shake_hands(name, broker.tls_port, box.ca)


def shake_hands(name: str, port: int, ca: Path) -> None:
    """Verify as strictly as Python can, which is the default from 3.13 on."""
    context = ssl.create_default_context(cafile=str(ca))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        assert secure.version() in {"TLSv1.2", "TLSv1.3"}
