"""The connection to the broker: paho's callbacks become events in a queue; acknowledgements go to its own session."""

import logging
import sys
import threading
import time
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tictally_recorder.ingest.broker import BrokerAddress, set_credentials
from tictally_recorder.ingest.events import Connected, ConnectionProblem, Inbox, MessageReceived, Subscribed
from tictally_recorder.ledger.quarantine import HEAD_BYTES
from tictally_recorder.settings import PREFIX
from tictally_shared.frames import MAX_BYTES
from tictally_shared.runtime.backoff import SESSION_TAKEN_OVER, DisputeBackoff
from tictally_shared.runtime.connection_errors import connection_problem
from tictally_shared.runtime.log import RateLimitedLogger

# How many unacknowledged messages the broker may send. A batch is half of it, so that one arrives while one is stored.
# While the ledger is locked they are in memory: with the 64 KiB of a message that is looked into, 32 MiB at most.
WINDOW: Final = 500
# The broker sends no larger packet. It is what tictally's own broker accepts at all, so that whatever is too long
# becomes a dead letter; of such a message only the head is held.
LARGEST_RECEIVED: Final = 256 * 1024
# Without a limit of the broker's. A hub's discovery message is the largest of ours.
_LARGEST_SENT: Final = 256 * 1024
# Of a packet beside topic and payload: fixed header, lengths, identifier, properties (MQTT 5 §3.3).
_PACKET_OVERHEAD: Final = 32
_KEEPALIVE_S: Final = 30
CONNECT_TIMEOUT_S: Final = 5.0
_RECONNECT_S: Final = (1, 30)
_NEVER: Final = 0xFFFFFFFF  # MQTT 5 §3.1.2.11.2: the session does not expire; brokers have limits of their own
# MQTT 5 §3.8.3.1: subscribing brings retained messages, or does not.
_RETAINED: Final = 0
_NO_RETAINED: Final = 2
# MQTT 5 §3.2.2.2: what to do about a reason.
_REMEDIES: Final = dict.fromkeys((0x86, 0x87), f"; check {PREFIX}MQTT_USERNAME and {PREFIX}MQTT_PASSWORD_FILE")
_HEALTH: Final = "/health"
_log = logging.getLogger(__name__)
# paho logs errors in the course of an orderly end. What counts is an exception of a callback of ours.
_paho_log = logging.getLogger(f"{__name__}.paho")
_paho_log.setLevel(logging.ERROR)
_paho_log.addFilter(lambda record: record.getMessage().startswith("Caught exception"))


class Connection:
    """A persistent MQTT 5 session, reconnected by paho for ever.

    Its network thread only puts events into the inbox; everything else is called by the loop that empties it. Nothing
    is published or acknowledged while there is no connection: paho would keep it in memory and send it on the next one.

    Args:
        broker: where to connect.
        client_id: names the session; two clients with one id throw each other out.
        will: topic and payload, retained, that the broker publishes when we vanish.
        inbox: where events go.

    Attributes:
        withheld: messages that were not sent, because the broker would end the connection for their size.
    """

    def __init__(self, broker: BrokerAddress, client_id: str, will: tuple[str, str], inbox: Inbox) -> None:
        self._broker = broker
        self._inbox = inbox
        self._lock = threading.Lock()
        self._count = 0
        self._current: int | None = None
        self._is_answered = False
        self._is_refusal_logged = False
        self._published: dict[int, str] = {}
        self._disputes = DisputeBackoff()
        self._acknowledged: set[str] = set()
        self._largest_sent = _LARGEST_SENT
        self._limited_log = RateLimitedLogger(_log)
        self.withheld = 0
        self._client = self._make_client(client_id, will)

    def start(self) -> None:
        """Connect in the background, as often as it takes."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _NEVER
        properties.ReceiveMaximum = WINDOW
        properties.MaximumPacketSize = LARGEST_RECEIVED
        self._client.connect_async(
            self._broker.host, self._broker.port, keepalive=_KEEPALIVE_S, clean_start=False, properties=properties
        )
        self._client.loop_start()

    @property
    def is_up(self) -> bool:
        """True while connected to the broker."""
        return self._current is not None

    def is_current(self, number: int | None) -> bool:
        """True while the connection of this number is up; False for a lost one, whether or not another has begun."""
        return number is not None and number == self._current

    def acknowledge(self, message: MessageReceived) -> None:
        """Acknowledge a message that is stored.

        One of an earlier connection is skipped: the broker sends it again, and by now its number may be that of another
        message, which would be acknowledged unread.
        """
        with self._lock:
            if message.connection == self._current:
                self._client.ack(message.mid, message.qos)

    def subscribe(self, filters: list[str], *, retained: bool = False) -> None:
        """Subscribe, QoS 1, to what others publish; subscribing again interrupts nothing.

        Args:
            filters: of topics.
            retained: True brings retained messages too, also those of this client.
        """
        handling = _RETAINED if retained else _NO_RETAINED
        options = SubscribeOptions(qos=1, noLocal=True, retainHandling=handling)
        self._client.subscribe([(topic, options) for topic in filters])

    def unsubscribe(self, filters: list[str]) -> None:
        """Unsubscribe; filters that the session does not have do no harm."""
        self._client.unsubscribe(filters)

    @property
    def disputes(self) -> int:
        """How often another client with the same client id was noticed."""
        return self._disputes.count

    def note_dispute(self) -> None:
        """Note that another client has the same client id: when it ends this connection, the next one waits."""
        self._disputes.notice()

    def is_acknowledged(self, topic: str) -> bool:
        """Whether the broker has acknowledged a health message of this process on a topic."""
        return topic in self._acknowledged

    def room(self, topic: str) -> int:
        """How long a message on a topic may be, in bytes, that the broker accepts."""
        return self._largest_sent - len(topic.encode()) - _PACKET_OVERHEAD

    def publish(self, topic: str, payload: str, *, retain: bool = True) -> bool:
        """Publish a message, QoS 1, if there is a connection.

        Returns:
            False if it is larger than the broker accepts, which would end the connection; then it is withheld.
        """
        if not self.is_up:
            return True
        if len(payload.encode()) > self.room(topic):
            self.withheld += 1
            limit = f"the broker at {self._broker} accepts packets of at most {self._largest_sent} bytes"
            self._limited_log.log(f"{limit}: a message on {topic} is larger and is not sent", time.monotonic())
            return False
        mid = self._client.publish(topic, payload, qos=1, retain=retain).mid
        self._published[mid] = topic  # bounded by the packet identifiers; no lock: paho may wait for it
        return True

    def close(self, topic: str, payload: str, timeout_s: float) -> None:
        """Publish a last retained message and disconnect, keeping the session, within a time."""
        end = time.monotonic() + timeout_s
        if self.is_up:
            # Acknowledgements are in the queue before it: when this one has gone out, they have too.
            last = self._client.publish(topic, payload, qos=1, retain=True)
            if last.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                last.wait_for_publish(max(0.0, end - time.monotonic()))
        self._client.disconnect()
        # Not loop_stop: it would wait for a name server or a connect that hangs. The thread is a daemon.
        while self.is_up and time.monotonic() < end:
            time.sleep(0.01)

    def _make_client(self, client_id: str, will: tuple[str, str]) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.reconnect_delay_set(*_RECONNECT_S)
        client.will_set(*will, qos=1, retain=True)
        set_credentials(client, self._broker)
        # An exception that leaves a callback ends paho's thread; this way it is logged, and the thread goes on.
        client.suppress_exceptions = True
        client.enable_logger(_paho_log)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    # Below here: paho's thread.

    def _on_connect(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._is_answered = True
        if reason.is_failure:
            remedy = _REMEDIES.get(reason.value, "")
            refusal = f"the broker at {self._broker} refuses the connection: {reason}{remedy}; trying again"
            self._inbox.put(ConnectionProblem(refusal))
            return
        client.reconnect_delay_set(*_RECONNECT_S)
        self._disputes.connected(time.monotonic())
        self._largest_sent = min(_LARGEST_SENT, getattr(properties, "MaximumPacketSize", _LARGEST_SENT))
        with self._lock:
            self._count += 1
            self._current = self._count
        self._is_refusal_logged = False
        self._inbox.put(Connected(self._count))

    def _on_connect_fail(self, _client: Client, _data: object) -> None:
        error = sys.exception()  # paho calls this from its except clause and does not hand the error over
        self._inbox.put(
            ConnectionProblem(
                f"the broker at {self._broker} cannot be reached: {connection_problem(error)}; trying again"
            )
        )

    def _on_disconnect(
        self, client: Client, _data: object, flags: DisconnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        # Comes before paho clears what it has not sent: no acknowledgement slips from this connection into the next.
        was_up, is_answered = self.is_up, self._is_answered
        self._is_answered = False
        self._leave()
        if was_up and reason.value == SESSION_TAKEN_OVER:
            self._disputes.notice()
        delay_s = self._disputes.disconnected(time.monotonic()) if was_up else None
        if delay_s is not None:
            client.reconnect_delay_set(int(delay_s), int(max(delay_s, _RECONNECT_S[1])))
            self._inbox.put(
                ConnectionProblem(
                    "another recorder uses a copy of this ledger, with its client id, and they end each other's "
                    "connection: stop one of them, or make the copy from a backup by `tictally restore`, which gives "
                    f"it an id of its own. Next attempt in {delay_s:.0f} s"
                )
            )
        elif was_up and flags.is_disconnect_packet_from_server:
            self._inbox.put(ConnectionProblem(f"the broker at {self._broker} is gone: {reason}; trying again"))
        elif was_up and reason.is_failure:
            self._inbox.put(ConnectionProblem(f"the broker at {self._broker} is gone: connection lost; trying again"))
        elif not was_up and not is_answered:
            hint = "is it an MQTT broker, and is TLS set on both sides?"
            self._inbox.put(ConnectionProblem(f"{self._broker} closes the connection without an answer; {hint}"))

    def _on_subscribe(
        self,
        _client: Client,
        _data: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        self._inbox.put(Subscribed())
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            self._inbox.put(
                ConnectionProblem(
                    f"the broker at {self._broker} refuses the subscription to the edges' topics: {refused[0]}"
                )
            )

    def _on_publish(
        self, _client: Client, _data: object, mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        topic = self._published.pop(mid, "a topic of ours")
        if topic.endswith(_HEALTH) and not reason.is_failure:
            self._acknowledged.add(topic)
        if reason.is_failure and not self._is_refusal_logged:  # the broker refuses all of a kind alike
            self._is_refusal_logged = True
            self._inbox.put(ConnectionProblem(f"the broker at {self._broker} refuses messages on {topic}: {reason}"))

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:  # noqa: ANN401 - paho's signature
        arrived_ms = time.time_ns() // 1_000_000
        size = len(message.payload)
        payload = bytes(message.payload[:HEAD_BYTES] if size > MAX_BYTES else message.payload)
        content = _topic(message), payload, arrived_ms
        self._inbox.put(MessageReceived(*content, message.mid, message.qos, self._current or 0, message.retain, size))

    def _leave(self) -> None:
        with self._lock:
            self._current = None


def _topic(message: MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError:
        return ""
