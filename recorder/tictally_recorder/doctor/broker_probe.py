"""Probes the broker: does it accept the connection, and what has it retained? Disturbs nobody."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from tictally_recorder.finding import FindingCode
from tictally_recorder.ingest.broker import BrokerAddress, set_credentials
from tictally_recorder.ingest.mqtt_client import CONNECT_TIMEOUT_S
from tictally_shared.phrase import Part, Phrase
from tictally_shared.runtime.connection_errors import ConnectionFault, connection_problem, fault_of

# Retained messages follow the SUBACK at once; a distant broker may take a while between two of them.
_QUIET_S: Final = 0.5
_MOST_S: Final = 10.0


class Outcome(Enum):
    """How far a probe came."""

    CONNECTED = "connected"
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    HOST_UNKNOWN = "host_unknown"
    CERTIFICATE = "certificate"
    SILENT = "silent"


_OUTCOMES: Final = {
    ConnectionFault.UNKNOWN_HOST: Outcome.HOST_UNKNOWN,
    ConnectionFault.OTHER_NAME: Outcome.CERTIFICATE,
    ConnectionFault.EXPIRED: Outcome.CERTIFICATE,
    ConnectionFault.NOT_YET_VALID: Outcome.CERTIFICATE,
    ConnectionFault.UNKNOWN_AUTHORITY: Outcome.CERTIFICATE,
}


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of a probe.

    Attributes:
        outcome: how far it came.
        reason: why no farther; empty if it connected.
        retained: topic → payload.
    """

    outcome: Outcome
    reason: Part = ""
    retained: dict[str, bytes] = field(default_factory=dict)


def probe(broker: BrokerAddress, filters: Sequence[str]) -> ProbeResult:
    """Connect as a client without a name, read retained messages under some filters, disconnect.

    It waits for the broker to answer, ten seconds at most for each step.
    """
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect_timeout = CONNECT_TIMEOUT_S
    client.suppress_exceptions = True
    events: SimpleQueue[ProbeResult | MQTTMessage | None] = SimpleQueue()

    def on_connect(_client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object) -> None:
        if reason.is_failure:
            events.put(ProbeResult(Outcome.DENIED, str(reason)))
        else:
            client.subscribe([(each, 1) for each in filters])

    def on_connect_fail(_client: Client, _data: object) -> None:
        events.put(_unreachable(sys.exception()))

    def on_disconnect(*_: Any) -> None:  # noqa: ANN401 - what paho hands over
        events.put(ProbeResult(Outcome.SILENT, Phrase(FindingCode.CLOSED_WITHOUT_ANSWER)))

    client.on_connect = on_connect
    client.on_connect_fail = on_connect_fail
    client.on_disconnect = on_disconnect
    client.on_subscribe = lambda *_: events.put(None)
    client.on_message = lambda _client, _data, message: events.put(message)
    set_credentials(client, broker)
    client.connect_async(broker.host, broker.port, keepalive=int(_MOST_S))
    client.loop_start()
    result = _receive(events)
    client.on_disconnect = None
    client.disconnect()
    if result.outcome is Outcome.CONNECTED:
        client.loop_stop()  # else it may wait for a name server or a connect that hangs; the thread is a daemon
    return result


def _unreachable(error: BaseException | None) -> ProbeResult:
    fault = fault_of(error)
    reason = connection_problem(error) if fault is ConnectionFault.OTHER else Phrase(FindingCode(fault))
    return ProbeResult(_OUTCOMES.get(fault, Outcome.UNREACHABLE), reason)


def _receive(events: "SimpleQueue[ProbeResult | MQTTMessage | None]") -> ProbeResult:
    retained: dict[str, bytes] = {}
    end, wait_s = time.monotonic() + _MOST_S, _MOST_S
    is_connected = False
    while time.monotonic() < end:
        try:
            event = events.get(timeout=min(wait_s, max(end - time.monotonic(), 0)))
        except Empty:
            break
        if isinstance(event, ProbeResult):
            return event
        is_connected, wait_s = True, _QUIET_S
        if event is not None and event.retain:
            retained[event.topic] = bytes(event.payload)
    if not is_connected:
        return ProbeResult(Outcome.SILENT, Phrase(FindingCode.NO_ANSWER_WITHIN, {"seconds": int(_MOST_S)}))
    return ProbeResult(Outcome.CONNECTED, retained=retained)
