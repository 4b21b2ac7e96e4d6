"""The connection to the broker: paho-mqtt, its callbacks turned into events for the edge's loop.

Every connection has a client of its own. paho would resend, on the next connection, what was unacknowledged on the last
one: for label topics that would show the past as the present. What must not be lost is in the journal.
"""

import logging
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tictally_edge.settings import PREFIX, Settings
from tictally_shared.runtime.backoff import SESSION_TAKEN_OVER, Backoff, DisputeBackoff
from tictally_shared.runtime.connection_errors import connection_problem
from tictally_shared.runtime.log import ChangeLogger

_KEEPALIVE_S: Final = 30
_BACKOFF_S: Final = (1.0, 60.0)
# MQTT 5, 3.1.2.11.3. Well beyond what we keep in flight, so that paho holds nothing back by itself.
_MAX_IN_FLIGHT: Final = 1000
# What the broker may send: this edge's own retained messages, of which discovery is the largest, and requests.
_MAX_RECEIVED: Final = 100
_LARGEST_RECEIVED: Final = 256 * 1024
# Without a limit of the broker's.
_LARGEST_SENT: Final = 256 * 1024
# Of a packet beside topic and payload: fixed header, lengths, identifier, the property `time` (MQTT 5 §3.3).
_PACKET_OVERHEAD: Final = 80

# MQTT 5, 3.2.2.2: bad user name or password, not authorized.
_LOGIN_REASONS: Final = frozenset({0x86, 0x87})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """Address of the broker and credentials.

    Attributes:
        host: name or address.
        port: of the broker.
        username: or None.
        password: or None.
        ca: certificate that has signed the broker's; with TLS where it is set.
        is_tls: True for TLS without it: the certificates that this machine trusts.
        section: what the names of the settings of its login begin with.
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    ca: Path | None = None
    is_tls: bool = False
    section: str = "mqtt_"


def broker_access(settings: Settings) -> BrokerAccess:
    """As the settings have it."""
    mqtt = settings.mqtt
    return BrokerAccess(mqtt.host, mqtt.port, mqtt.username, mqtt.secret, mqtt.ca)


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes when this client is gone."""

    topic: str
    payload: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker has accepted the connection; earlier ones no longer count."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection has ended.

    Attributes:
        is_taken_over: the broker gives as its reason that another client has connected with this client id.
    """

    is_taken_over: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker has accepted a message, or rejected it.

    Attributes:
        mid: the message's number on this connection.
        accepted: False if the broker rejected it.
    """

    mid: int
    accepted: bool


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message on a subscribed topic.

    Attributes:
        topic: its topic.
        payload: as received.
        retained: whether it was published before the subscription.
    """

    topic: str
    payload: bytes
    retained: bool


Event = Connected | Disconnected | Acknowledged | MessageReceived


class BrokerConnection:
    """Connects and reconnects to one broker.

    Attributes:
        connected: whether the broker has accepted the connection.
        unacknowledged: messages sent on this connection and not acknowledged yet; paho holds them in memory.
        callback_errors: exceptions in callbacks; each lost one event and was logged.
        withheld: messages that were not sent, because the broker would end the connection for their size.
        rejection: why the broker has rejected the latest connection, or None.

    Args:
        access: address and credentials.
        client_id: always the same; two clients with one id disconnect each other.
        will: what the broker publishes when this client is gone, or None.
        clock: monotonic seconds.
    """

    def __init__(self, access: BrokerAccess, client_id: str, will: Will | None, clock: Callable[[], float]) -> None:
        self._access, self._client_id, self._will, self._clock = access, client_id, will, clock
        self._client: mqtt.Client | None = None
        self._events: SimpleQueue[tuple[mqtt.Client, Event]] = SimpleQueue()
        self._backoff, self._retry_at = Backoff(*_BACKOFF_S), clock()
        self._problems = ChangeLogger(log)
        self._is_answered = False
        self.connected = False
        self.unacknowledged = 0
        self.callback_errors = self.withheld = 0
        self.rejection: str | None = None
        self._disputes = DisputeBackoff()
        self._largest_sent = _LARGEST_SENT

    @property
    def disputes(self) -> int:
        """How often another client with this client id was noticed."""
        return self._disputes.count

    def note_dispute(self) -> None:
        """Note that another client has this client id: when it ends this connection, the next one waits."""
        self._disputes.notice()

    def room(self, topic: str) -> int:
        """How long a message on a topic may be, in bytes, that the broker accepts."""
        return self._largest_sent - len(topic.encode()) - _PACKET_OVERHEAD

    def events(self) -> list[Event]:
        """Return what has happened since the last call, and reconnect where it is due."""
        events: list[Event] = []
        while True:
            try:
                client, event = self._events.get_nowait()
            except Empty:
                break
            if client is not self._client:
                continue
            if isinstance(event, Connected):
                self.connected, self.unacknowledged = True, 0
                self._backoff.reset()
                self._problems.reset()
                self._disputes.connected(self._clock())
                log.info("Connected to the broker %s:%d.", self._access.host, self._access.port)
            elif isinstance(event, Acknowledged):
                self.unacknowledged -= 1
            elif isinstance(event, Disconnected):
                self._disconnect()
                if not self.connected:
                    continue
                self.connected = False
                self._on_lost(event)
            events.append(event)
        if self._client is None and self._clock() >= self._retry_at:
            self._connect()
        return events

    def publish(self, topic: str, payload: str, *, retain: bool, time: str | None = None) -> int | None:
        """Publish a message with QoS 1.

        Returns:
            The id that its acknowledgement will have; None if there is no connection, or if the message is larger than
            the broker accepts, which would end the connection: then it is withheld.
        """
        if self._client is None or not self.connected:
            return None
        if len(payload.encode()) > self.room(topic):
            self.withheld += 1
            if self.withheld == 1:
                limit = f"{self._access.host}:{self._access.port} accepts packets of at most {self._largest_sent} bytes"
                log.warning("The broker %s: a message on %s is larger and is not sent.", limit, topic)
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho has no types there
        if time is not None:
            properties.UserProperty = ("time", time)
        info = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return None
        self.unacknowledged += 1
        return info.mid

    def subscribe(self, topic_filter: str) -> None:
        """Subscribe to messages, which come as events, retained ones first; our own are left out."""
        if self._client is not None and self.connected:
            self._client.subscribe(topic_filter, options=SubscribeOptions(qos=1, noLocal=True))

    def close(self, payload: str = "", timeout_s: float = 0.0) -> None:
        """Publish a payload on the will's topic, wait until it is acknowledged, and disconnect."""
        if self._client is not None and self.connected and self._will is not None:
            info = self._client.publish(self._will.topic, payload, qos=1, retain=True)
            try:
                info.wait_for_publish(timeout_s)
            except (RuntimeError, ValueError):
                log.info("The broker was gone before this edge could publish that it stops.")
        self._disconnect()

    def _connect(self) -> None:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self._client_id, protocol=mqtt.MQTTv5)
        access = self._access
        if access.username is not None:
            client.username_pw_set(access.username, access.password)
        if access.ca is not None or access.is_tls:
            ca = None if access.ca is None else str(access.ca)
            client.tls_set(ca_certs=ca, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        client.max_inflight_messages_set(_MAX_IN_FLIGHT)
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, qos=1, retain=True)
        client.on_connect = self._guarded(self._on_connect)
        client.on_disconnect = self._guarded(self._on_disconnect)
        client.on_publish = self._guarded(self._on_publish)
        client.on_message = self._guarded(self._on_message)
        self._client, self._is_answered = client, False
        client.on_connect_fail = self._guarded(self._on_connect_fail)
        client.reconnect_delay_set(*map(int, _BACKOFF_S))  # until it is connected once
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho has no types there
        properties.ReceiveMaximum = _MAX_RECEIVED
        properties.MaximumPacketSize = _LARGEST_RECEIVED
        client.connect_async(access.host, access.port, keepalive=_KEEPALIVE_S, clean_start=True, properties=properties)
        client.loop_start()

    def _on_lost(self, event: Disconnected) -> None:
        if event.is_taken_over:
            self._disputes.notice()
        wait_s = self._disputes.disconnected(self._clock())
        if wait_s is None:
            self._problems.warning(f"The broker {self._access.host}:{self._access.port} is gone; retrying.")
            return
        self._retry_at = max(self._retry_at, self._clock() + wait_s)
        log.warning("Another edge of the same name is connected to the broker; next attempt in %.0f s.", wait_s)

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        self._retry_at = self._clock() + self._backoff.next_s()
        if client is not None:
            client.disconnect()
            # paho's thread may be in a connect that takes seconds; the source must be read meanwhile.
            threading.Thread(target=client.loop_stop, name="mqtt-disconnect", daemon=True).start()

    def _guarded(self, callback: Callable[..., None]) -> Callable[..., None]:
        """Wrap a callback so that its exceptions are counted and logged: one that left it would end paho's thread."""

        def call(*arguments: object) -> None:
            try:
                callback(*arguments)
            except Exception as error:  # noqa: BLE001 - counted, logged, and shown in health
                self.callback_errors += 1
                self._problems.warning(
                    f"A message of the broker could not be processed ({error!r}); the connection continues."
                )

        return call

    # What follows runs in paho's thread: put into the queue and return.

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._is_answered = True
        if reason.is_failure:
            self.rejection = str(reason)
            names = f"{PREFIX}{self._access.section.upper()}"
            is_login = reason.value in _LOGIN_REASONS
            remedy = f"; check {names}USERNAME and {names}PASSWORD_FILE" if is_login else ""
            where = f"{self._access.host}:{self._access.port}"
            self._problems.warning(f"The broker {where} rejects this edge: {reason}{remedy}. Retrying.")
            self._events.put((client, Disconnected()))
        else:
            self.rejection = None
            self._largest_sent = min(_LARGEST_SENT, getattr(properties, "MaximumPacketSize", _LARGEST_SENT))
            self._events.put((client, Connected()))

    def _on_connect_fail(self, _client: mqtt.Client, _data: object) -> None:
        error = sys.exception()  # paho calls this in its except clause
        reason = connection_problem(error)
        if self._access.ca is None and isinstance(error, ssl.SSLCertVerificationError):
            reason += f"; set {PREFIX}{self._access.section.upper()}CA to the one that has signed it"
        where = f"{self._access.host}:{self._access.port}"
        self._problems.warning(f"The broker {where} cannot be reached: {reason}. Retrying.")

    def _on_disconnect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if not self._is_answered and reason.is_failure and client is self._client:
            where = f"{self._access.host}:{self._access.port}"
            self._problems.warning(
                f"{where} closes the connection without an answer; is it an MQTT broker, and is TLS set on both sides?"
            )
        self._events.put((client, Disconnected(is_taken_over=reason.value == SESSION_TAKEN_OVER)))

    def _on_publish(
        self, client: mqtt.Client, _data: object, mid: int, reason: ReasonCode, _properties: object
    ) -> None:
        self._events.put((client, Acknowledged(mid, accepted=not reason.is_failure)))

    def _on_message(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:  # noqa: ANN401 - paho's
        self._events.put((client, MessageReceived(message.topic, bytes(message.payload), message.retain)))
