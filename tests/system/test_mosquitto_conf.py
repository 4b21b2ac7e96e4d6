"""The broker's common configuration, shown by a real mosquitto."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from real_broker import Mosquitto

NOT_AUTHORISED = 135
LARGEST_PACKET = 256 * 1024
FRAME_LIMIT = 64 * 1024


def until(ready: Callable[[], bool], timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not ready():
        assert time.monotonic() < deadline, "it did not come to it in time"
        time.sleep(0.02)


@dataclass
class ClientLog:
    connected: list[int] = field(default_factory=list)
    subscribed: list[int] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    largest_packet: int | None = None

    def connects(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, shown: Properties | None
    ) -> None:
        self.largest_packet = getattr(shown, "MaximumPacketSize", None)
        self.connected.append(reason.value)


@contextmanager
def client(port: int, name: str = "", *, acknowledges: bool = True) -> Iterator[tuple[mqtt.Client, ClientLog]]:
    """A client with a persistent session; its callbacks record events."""
    seen = ClientLog()
    made = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv5, manual_ack=not acknowledges)
    made.on_connect = seen.connects
    made.on_subscribe = lambda _c, _d, mid, _r, _p: seen.subscribed.append(mid)
    made.on_message = lambda _c, _d, message: seen.payloads.append(bytes(message.payload))
    made.on_publish = lambda _c, _d, _m, reason, _p: seen.acknowledged.append(reason.value)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.SessionExpiryInterval = 3600
    made.connect("127.0.0.1", port, clean_start=False, properties=properties)
    made.loop_start()
    try:
        until(lambda: bool(seen.connected))
        yield made, seen
    finally:
        made.disconnect()
        made.loop_stop()


def subscribe(port: int, name: str) -> None:
    with client(port, name) as (subscriber, seen):
        subscriber.subscribe("frames", qos=1)
        until(lambda: bool(seen.subscribed))


def publish(port: int, count: int) -> None:
    with client(port) as (publisher, seen):
        for number in range(count):
            publisher.publish("frames", str(number), qos=1)
        until(lambda: len(seen.acknowledged) == count, 30)


def test_a_client_without_a_name_is_rejected(tmp_path: Path) -> None:
    strict = Mosquitto(tmp_path, extra="")
    strict.start()
    try:
        with client(strict.port) as (_, seen):
            assert seen.connected == [NOT_AUTHORISED]
    finally:
        strict.stop()


def test_a_queue_longer_than_a_thousand_survives_a_restart(own_broker: Mosquitto) -> None:
    count = 1500
    subscribe(own_broker.port, "away")
    publish(own_broker.port, count)
    own_broker.stop()
    own_broker.start()
    with client(own_broker.port, "away") as (_, seen):
        until(lambda: len(seen.payloads) == count)
        assert seen.payloads == [str(number).encode() for number in range(count)]


def test_a_client_that_acknowledges_late_is_sent_a_batch_of_hundreds(own_broker: Mosquitto) -> None:
    subscribe(own_broker.port, "late")
    publish(own_broker.port, 500)
    with client(own_broker.port, "late", acknowledges=False) as (_, seen):
        until(lambda: len(seen.payloads) == 500)
        assert seen.payloads == [str(number).encode() for number in range(500)]


def test_the_largest_packet_is_announced_and_a_larger_one_is_not_delivered(own_broker: Mosquitto) -> None:
    subscribe(own_broker.port, "hub")
    with client(own_broker.port) as (publisher, seen):
        publisher.publish("frames", bytes(FRAME_LIMIT), qos=1)
        until(lambda: len(seen.acknowledged) == 1)
        publisher.publish("frames", bytes(4 * LARGEST_PACKET), qos=1)
        until(lambda: len(seen.connected) > 1)  # the broker disconnected it, and it reconnected
    publish(own_broker.port, 1)
    with client(own_broker.port, "hub") as (_, received):
        until(lambda: len(received.payloads) == 2)
        assert [len(payload) for payload in received.payloads] == [FRAME_LIMIT, 1]
    assert seen.largest_packet == LARGEST_PACKET


def stalled_subscriber(port: int, qos: int) -> socket.socket:
    """A client that subscribes to everything and reads nothing more."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    # MQTT 5 §3.1, §3.8: clean start, keep alive 0, no properties, client id `s`; filter `frames`.
    connection.sendall(b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x01s")
    time.sleep(0.2)
    connection.sendall(b"\x82\x0c\x00\x01\x00\x00\x06frames" + bytes([qos]))
    time.sleep(0.2)
    return connection


def memory_mb(folder: Path) -> float:
    """Resident memory of the mosquitto whose configuration is in a folder."""
    (found,) = (
        path for path in Path("/proc").glob("[0-9]*/cmdline") if f"{folder}/mosquitto.conf".encode() in _read(path)
    )
    status = (found.parent / "status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended
        return b""


@pytest.mark.parametrize("qos", [0, 1])
def test_a_subscriber_that_does_not_read_costs_a_bounded_memory(tmp_path: Path, qos: int) -> None:
    own = Mosquitto(tmp_path)
    own.start()
    try:
        with stalled_subscriber(own.port, qos), client(own.port) as (publisher, _seen):
            for number in range(700):
                message = publisher.publish("frames", f"{number}" + "x" * 240_000, qos=1)
                with suppress(RuntimeError, ValueError):  # it may be disconnected, when memory is used up
                    message.wait_for_publish(2)
                if not message.is_published():
                    break
            assert memory_mb(tmp_path) < 128  # as deploy/compose.yaml allows
        subscribe(own.port, "honest")
        publish(own.port, 10)
        with client(own.port, "honest") as (_honest, seen):
            until(lambda: len(seen.payloads) == 10)
    finally:
        own.stop()


def test_retained_messages_cost_a_bounded_memory(tmp_path: Path) -> None:
    own = Mosquitto(tmp_path)
    own.start()
    try:
        with client(own.port) as (publisher, _seen):
            for number in range(2500):
                message = publisher.publish(f"kept/{number}", "x" * 60_000, qos=1, retain=True)
                with suppress(RuntimeError, ValueError):
                    message.wait_for_publish(2)
                if not message.is_published():
                    break
            assert memory_mb(tmp_path) < 128
        subscribe(own.port, "honest")
    finally:
        own.stop()
