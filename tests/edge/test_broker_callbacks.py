"""The edge's connection to a real broker lives through what raises inside its callbacks."""

import time
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any, TypeVar

import pytest
from paho.mqtt import publish
from real_broker import Mosquitto

from tictally_edge.mqtt.client import (
    Acknowledged,
    BrokerAccess,
    BrokerConnection,
    Connected,
    Event,
    MessageReceived,
    Will,
)

T = TypeVar("T", bound=Event)


class Clumsy(SimpleQueue[Any]):
    """A queue of events that fails at one of them."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: ANN401, FBT002 - a queue's
        if isinstance(item[1], MessageReceived) and item[1].payload == b"poison":
            raise MemoryError("no room")
        super().put(item, block, timeout)


@pytest.fixture
def connection(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrokerConnection]:
    connection = BrokerConnection(
        BrokerAccess("127.0.0.1", broker.port), "clumsy", Will("clumsy/will", "gone"), time.monotonic
    )
    monkeypatch.setattr(connection, "_events", Clumsy())
    yield connection
    connection.close("closed", 2)


def next_of(kind: type[T], connection: BrokerConnection) -> T:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for event in connection.events():
            if isinstance(event, kind):
                return event
        time.sleep(0.02)
    raise AssertionError(f"no {kind.__name__} came")


def test_a_callback_that_raises_costs_one_event_and_is_counted_and_reported(
    connection: BrokerConnection, broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    for payload in ("poison", "plain"):
        publish.single(f"clumsy/{payload}", payload, qos=1, retain=True, hostname="127.0.0.1", port=broker.port)
    next_of(Connected, connection)
    connection.subscribe("clumsy/poison")
    connection.subscribe("clumsy/plain")
    assert next_of(MessageReceived, connection).payload == b"plain"
    assert connection.publish("clumsy/after", "", retain=False) == next_of(Acknowledged, connection).mid
    assert connection.callback_errors == 1
    assert "could not be processed (MemoryError('no room')); the connection continues" in caplog.text
