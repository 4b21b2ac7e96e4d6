"""Whether the broker lets this edge in, and what the edge says of itself there."""

import os
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from tictally_edge.doctor.finding import Finding, bad, good
from tictally_edge.mqtt.client import BrokerAccess
from tictally_shared.frames import FrameError, strict_json

SUBJECT: Final = "broker"
_ANSWER_WITHIN_S: Final = 5.0
# Retained messages come at once or, where this user may not read them, never.
_RETAINED_WITHIN_S: Final = 1.0


@dataclass(slots=True)
class Asked:
    """What the broker answered.

    Attributes:
        finding: whether it let us in.
        availability: what is retained of the edge, or an empty text.
        health: the edge's own message, or None where there is none that may be read.
    """

    finding: Finding
    availability: str = ""
    health: dict[str, Any] | None = None


@dataclass(slots=True)
class _Session:
    reason: ReasonCode | None = None
    retained: dict[str, bytes] = field(default_factory=dict)


def ask(access: BrokerAccess, availability: str, health: str) -> Asked:
    """Connects as the edge's user under a name of its own, reads two retained topics, and leaves.

    Args:
        access: where and as who.
        availability: topic of the edge's availability.
        health: topic of its health message.
    """
    session = _Session()
    where = f"{access.host}:{access.port}"
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=f"tictally-edge-doctor-{os.getpid()}", protocol=mqtt.MQTTv5
    )
    client.connect_timeout = _ANSWER_WITHIN_S
    if access.username is not None:
        client.username_pw_set(access.username, access.password)
    if access.ca is not None:
        client.tls_set(ca_certs=str(access.ca), tls_version=ssl.PROTOCOL_TLS_CLIENT)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: setattr(session, "reason", reason)
    client.on_message = lambda _client, _data, message: session.retained.update({message.topic: bytes(message.payload)})
    try:
        client.connect(access.host, access.port)
    except OSError as error:
        return Asked(bad(SUBJECT, f"{where} cannot be reached: {_why(error)}.", _what_to_do(error)))
    try:
        _turn(client, lambda: session.reason is not None, _ANSWER_WITHIN_S)
        finding = _let_in(session.reason, where, access)
        if finding.ok:
            client.subscribe([(availability, 1), (health, 1)])
            _turn(client, lambda: len(session.retained) > 1, _RETAINED_WITHIN_S)
    finally:
        client.disconnect()
    return Asked(finding, session.retained.get(availability, b"").decode("utf-8", "replace"), _health(session, health))


def _turn(client: mqtt.Client, is_done: Callable[[], bool], within_s: float) -> None:
    end = time.monotonic() + within_s
    while not is_done() and time.monotonic() < end:
        if client.loop(timeout=0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return


def _let_in(reason: ReasonCode | None, where: str, access: BrokerAccess) -> Finding:
    user = f"user {access.username}" if access.username is not None else "us, without a user"
    if reason is None:
        return bad(SUBJECT, f"{where} gives no answer.", "Is it a broker? With TLS, set MQTT_CA; without, do not.")
    if reason.is_failure:
        do = "Set MQTT_USERNAME and MQTT_PASSWORD_FILE as mosquitto_passwd has them."
        return bad(SUBJECT, f"{where} does not let in {user}: {reason}.", do)
    return good(SUBJECT, f"{where} lets in {user}.")


def _health(session: _Session, topic: str) -> dict[str, Any] | None:
    try:
        return strict_json(session.retained[topic]) if topic in session.retained else None
    except FrameError:
        return None


def _why(error: OSError) -> str:
    match error:
        case socket.gaierror():
            return "there is no host of that name"
        case ssl.SSLError():
            return f"its certificate does not fit ({error.reason or error})"
        case TimeoutError():
            return "no answer"
    return error.strerror or str(error)


def _what_to_do(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "MQTT_CA must name the certificate that signed the broker's, MQTT_HOST the name that stands in it."
    return "Look at MQTT_HOST and MQTT_PORT, at a firewall between, and whether mosquitto has a listener there."
