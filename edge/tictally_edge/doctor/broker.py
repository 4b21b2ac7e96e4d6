"""Checks whether the broker accepts this edge, and reads the edge's own health there."""

import os
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from tictally_edge.finding import EdgeFinding, FindingCode, PartCode, Subject, bad, good
from tictally_edge.mqtt.client import BrokerAccess
from tictally_shared.frames import FrameError, strict_json
from tictally_shared.phrase import Phrase
from tictally_shared.runtime.connection_errors import ConnectionFault, fault_of

_CONNECT_TIMEOUT_S: Final = 5.0
# Retained messages come at once or, where this user may not read them, never.
_RETAINED_TIMEOUT_S: Final = 1.0


@dataclass(slots=True)
class BrokerProbe:
    """The result of a connection to the broker.

    Attributes:
        finding: whether the broker accepted it.
        availability: as retained of the edge, or an empty string.
        health: the edge's health message, or None if there is none or it may not be read.
    """

    finding: EdgeFinding
    availability: str = ""
    health: dict[str, Any] | None = None


@dataclass(slots=True)
class _BrokerSession:
    reason: ReasonCode | None = None
    retained: dict[str, bytes] = field(default_factory=dict)


def probe_broker(access: BrokerAccess, availability: str, health: str) -> BrokerProbe:
    """Connect as the edge's user with another client id, read two retained topics, and disconnect.

    Args:
        access: address and credentials.
        availability: topic of the edge's availability.
        health: topic of its health message.
    """
    session = _BrokerSession()
    where = f"{access.host}:{access.port}"
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=f"tictally-edge-doctor-{os.getpid()}", protocol=mqtt.MQTTv5
    )
    client.connect_timeout = _CONNECT_TIMEOUT_S
    if access.username is not None:
        client.username_pw_set(access.username, access.password)
    if access.ca is not None:
        client.tls_set(ca_certs=str(access.ca), tls_version=ssl.PROTOCOL_TLS_CLIENT)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: setattr(session, "reason", reason)
    client.on_message = lambda _client, _data, message: session.retained.update({message.topic: bytes(message.payload)})
    try:
        client.connect(access.host, access.port)
    except OSError as error:
        return BrokerProbe(_unreachable(where, error))
    try:
        _loop(client, lambda: session.reason is not None, _CONNECT_TIMEOUT_S)
        finding = _connection(session.reason, where, access)
        if finding.ok:
            client.subscribe([(availability, 1), (health, 1)])
            _loop(client, lambda: len(session.retained) > 1, _RETAINED_TIMEOUT_S)
    finally:
        client.disconnect()
    return BrokerProbe(
        finding, session.retained.get(availability, b"").decode("utf-8", "replace"), _health(session, health)
    )


def _loop(client: mqtt.Client, is_done: Callable[[], bool], within_s: float) -> None:
    end = time.monotonic() + within_s
    while not is_done() and time.monotonic() < end:
        if client.loop(timeout=0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return


def _connection(reason: ReasonCode | None, where: str, access: BrokerAccess) -> EdgeFinding:
    if reason is None:
        return bad(Subject.BROKER, FindingCode.BROKER_SILENT, address=where)
    user = access.username
    if reason.is_failure:
        detail = str(reason)
        if user is None:
            return bad(Subject.BROKER, FindingCode.BROKER_REJECTS_ANONYMOUS, address=where, detail=detail)
        return bad(Subject.BROKER, FindingCode.BROKER_REJECTS_USER, address=where, user=user, detail=detail)
    if user is None:
        return good(Subject.BROKER, FindingCode.BROKER_ACCEPTS_ANONYMOUS, address=where)
    return good(Subject.BROKER, FindingCode.BROKER_ACCEPTS_USER, address=where, user=user)


def _health(session: _BrokerSession, topic: str) -> dict[str, Any] | None:
    try:
        return strict_json(session.retained[topic]) if topic in session.retained else None
    except FrameError:
        return None


def _unreachable(where: str, error: OSError) -> EdgeFinding:
    if isinstance(error, ssl.SSLError):
        return bad(Subject.BROKER, FindingCode.BROKER_CERTIFICATE, address=where, cause=_cause(error))
    is_name = fault_of(error) is ConnectionFault.UNKNOWN_HOST
    code = FindingCode.BROKER_HOST_UNKNOWN if is_name else FindingCode.BROKER_UNREACHABLE
    return bad(Subject.BROKER, code, address=where, cause=_cause(error))


def _cause(error: OSError) -> Phrase | str:
    fault = fault_of(error)
    if fault is ConnectionFault.OTHER:
        return error.strerror or str(error)
    return Phrase(PartCode(fault))
