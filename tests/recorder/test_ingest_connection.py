"""The connection against a real broker, and against servers that are not brokers."""

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest
from real_broker import Hub, Mosquitto
from recorder_events import next_of

from demo.broker import free_port
from tictally_recorder.ingest.broker import BrokerAddress
from tictally_recorder.ingest.events import Connected, ConnectionProblem, Event, Inbox, MessageReceived, Subscribed
from tictally_recorder.ingest.mqtt_client import Connection

TOPIC = "t/edge/a/frame"
Connect = Callable[..., tuple[Connection, Inbox]]


@pytest.fixture
def connect() -> Iterator[Connect]:
    opened: list[Connection] = []

    def make(port: int, host: str = "127.0.0.1", password: str | None = None) -> tuple[Connection, Inbox]:
        inbox: Inbox = SimpleQueue()
        connection = Connection(
            BrokerAddress(host, port, "user", password), "one-client", ("t/recorder/r/availability", "offline"), inbox
        )
        connection.start()
        opened.append(connection)
        return connection, inbox

    yield make
    for connection in opened:
        connection.close("t/recorder/r/availability", "offline", 3.0)


def wait_until_processed(connection: Connection, hub: Hub) -> None:
    """Wait until the broker has processed the connection's earlier requests."""
    token = uuid.uuid4().hex
    connection.publish("t/processed", token)
    hub.subscribe("t/processed")
    hub.wait_for("t/processed", token)


def is_quiet(inbox: Inbox, for_s: float = 0.3) -> bool:
    try:
        return not isinstance(inbox.get(timeout=for_s), MessageReceived)
    except Empty:
        return True


def test_an_acknowledgement_of_an_earlier_connection_is_not_sent(own_broker: Mosquitto, connect: Connect) -> None:
    connection, inbox = connect(own_broker.port)
    next_of(Connected, inbox)
    connection.subscribe([TOPIC])
    with Hub(own_broker.port) as hub:
        wait_until_processed(connection, hub)
        hub.publish(TOPIC, "unsafe")
    early = next_of(MessageReceived, inbox)
    own_broker.stop()
    own_broker.start()
    next_of(Connected, inbox)
    again = next_of(MessageReceived, inbox)
    assert (again.payload, again.mid) == (early.payload, early.mid)
    connection.acknowledge(early)
    connection.close("t/x", "", 3.0)

    connection, inbox = connect(own_broker.port)
    next_of(Connected, inbox)
    third = next_of(MessageReceived, inbox)
    assert third.payload == b"unsafe"
    connection.acknowledge(third)
    connection.close("t/x", "", 3.0)

    _, inbox = connect(own_broker.port)
    next_of(Connected, inbox)
    assert is_quiet(inbox)


def test_an_unsubscribed_filter_delivers_nothing_more(broker: Mosquitto, connect: Connect) -> None:
    connection, inbox = connect(broker.port)
    next_of(Connected, inbox)
    connection.subscribe(["f/edge/+/frame"])
    connection.subscribe(["f/edge/a/frame"])
    connection.unsubscribe(["f/edge/+/frame"])
    with Hub(broker.port) as hub:
        wait_until_processed(connection, hub)
        hub.publish("f/edge/b/frame", "b")
        hub.publish("f/edge/a/frame", "a")
    assert next_of(MessageReceived, inbox).topic == "f/edge/a/frame"


def test_retained_messages_are_distinguished_from_live_ones(own_broker: Mosquitto, connect: Connect) -> None:
    connection, inbox = connect(own_broker.port)
    next_of(Connected, inbox)
    connection.publish("r/edge/a/health", "then")
    connection._client.subscribe("r/edge/a/health", qos=1)  # brings what is retained, as brokers do that know no better
    then = next_of(MessageReceived, inbox)
    connection.publish("r/edge/a/health", "now")
    now = next_of(MessageReceived, inbox)
    assert [(each.payload, each.is_retained) for each in (then, now)] == [(b"then", True), (b"now", False)]


class Clumsy(SimpleQueue[Event]):
    """An inbox that fails at one message."""

    def put(self, item: Event, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT002
        if isinstance(item, MessageReceived) and item.payload == b"dropped":
            raise MemoryError("no room")
        super().put(item, block, timeout)


def test_an_error_in_a_callback_is_logged_and_the_next_message_arrives(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Clumsy()
    connection = Connection(BrokerAddress("127.0.0.1", broker.port), "clumsy", ("c/availability", "offline"), inbox)
    connection.start()
    next_of(Connected, inbox)
    connection.subscribe(["c/edge/a/frame"])
    with Hub(broker.port) as hub:
        wait_until_processed(connection, hub)
        hub.publish("c/edge/a/frame", "dropped", "delivered")
    assert next_of(MessageReceived, inbox).payload == b"delivered"
    connection.close("c/availability", "offline", 3.0)
    assert "Caught exception in on_message: no room" in caplog.text


def test_a_wrong_password_is_reported_and_retried(own_broker: Mosquitto, connect: Connect) -> None:
    own_broker.stop()
    own_broker.extra = "allow_anonymous false"
    own_broker.start()
    _, inbox = connect(own_broker.port, password="wrong")  # noqa: S106
    for _ in range(2):
        sentence = next_of(ConnectionProblem, inbox).sentence
        assert (
            sentence == f"the broker at 127.0.0.1:{own_broker.port} refuses the connection: Not authorized; "
            "check TICTALLY_MQTT_USERNAME and TICTALLY_MQTT_PASSWORD_FILE; trying again"
        )


def test_a_topic_that_may_not_be_written_is_reported(own_broker: Mosquitto, connect: Connect) -> None:
    own_broker.stop()
    (own_broker.folder / "acl").write_text("topic readwrite t/#\n")
    own_broker.extra = f"allow_anonymous true\nacl_file {own_broker.folder / 'acl'}"
    own_broker.start()
    connection, inbox = connect(own_broker.port)
    next_of(Connected, inbox)
    connection.publish("homeassistant/device/tictally_site_old/config", "{}")
    sentence = next_of(ConnectionProblem, inbox).sentence
    topic = "homeassistant/device/tictally_site_old/config"
    assert sentence == f"the broker at 127.0.0.1:{own_broker.port} refuses messages on {topic}: Not authorized"


def test_an_absent_broker_is_reported_and_retried(connect: Connect) -> None:
    port = free_port()
    _, inbox = connect(port)
    for _ in range(2):
        sentence = next_of(ConnectionProblem, inbox).sentence
        assert sentence == f"the broker at 127.0.0.1:{port} cannot be reached: Connection refused; trying again"


def test_a_host_that_does_not_exist_is_reported(connect: Connect) -> None:
    _, inbox = connect(1883, host="broker.invalid")
    sentence = next_of(ConnectionProblem, inbox, within_s=60).sentence
    assert (
        sentence == "the broker at broker.invalid:1883 cannot be reached: there is no host of that name; trying again"
    )


@contextmanager
def server_that_answers(answer: bytes) -> Iterator[int]:
    """Something that is no broker listens on a port and answers everything with these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    client.recv(4096)
                    client.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x20\xff\xff\xff\xff\xff\xff",
        b"\x20\x03\x00\x00\x7f",
        b"\x20\x02\x00\xfe",
        b"",
    ],
    ids=["a web server", "an endless length", "properties cut short", "an unknown reason", "nothing"],
)
def test_a_server_that_is_not_a_broker_is_reported(answer: bytes, connect: Connect) -> None:
    with server_that_answers(answer) as port:
        _, inbox = connect(port)
        sentence = next_of(ConnectionProblem, inbox).sentence
    assert sentence.startswith(f"127.0.0.1:{port} closes the connection without an answer")


def test_two_recorders_with_one_client_id_report_it_and_stay_away_ever_longer(
    own_broker: Mosquitto, connect: Connect
) -> None:
    first, first_inbox = connect(own_broker.port)
    next_of(Connected, first_inbox)
    first.note_dispute()
    second, second_inbox = connect(own_broker.port)
    problem = next_of(ConnectionProblem, first_inbox).sentence
    assert "uses a copy of this ledger" in problem
    assert "tictally restore" in problem
    assert problem.endswith("Next attempt in 5 s")
    assert next_of(Connected, second_inbox).connection == 1
    second.note_dispute()
    assert next_of(Connected, first_inbox).connection == 2  # after 5 s
    assert next_of(ConnectionProblem, second_inbox).sentence == problem
    time.sleep(3)
    assert (first.disputes, second.disputes, first.is_up, second.is_up) == (1, 1, True, False)


def test_a_message_that_the_broker_does_not_accept_is_withheld_and_ends_no_connection(
    tmp_path: Path, connect: Connect
) -> None:
    narrow = Mosquitto(tmp_path, extra="allow_anonymous true\nmax_packet_size 4096")
    narrow.start()
    try:
        connection, inbox = connect(narrow.port)
        next_of(Connected, inbox)
        room = connection.room("t/large")
        assert 4000 < room < 4096
        with Hub(narrow.port) as hub:
            hub.subscribe("t/#")
            assert not connection.publish("t/large", "é" * room)
            assert connection.publish("t/large", "x" * room)
            assert len(hub.wait_for("t/large")) == room
        assert (connection.withheld, connection.is_up) == (1, True)
    finally:
        narrow.stop()


def test_of_a_message_that_is_too_long_only_the_head_is_held(own_broker: Mosquitto, connect: Connect) -> None:
    connection, inbox = connect(own_broker.port)
    next_of(Connected, inbox)
    connection.subscribe([TOPIC])
    next_of(Subscribed, inbox)
    with Hub(own_broker.port) as hub:
        hub.publish(TOPIC, "a" * 100_000, "b" * 200_000, "c" * 65_536)
    found = [next_of(MessageReceived, inbox) for _ in range(3)]
    assert [(each.payload[:1], len(each.payload), each.size) for each in found] == [
        (b"a", 4096, 100_000),
        (b"b", 4096, 200_000),
        (b"c", 65_536, 65_536),
    ]
