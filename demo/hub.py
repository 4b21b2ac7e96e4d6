"""An ordinary MQTT client that listens to everything below the base topic."""

from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from demo.picture import Picture


class TopicReader:
    """Listens while it is entered; what came is taken with `update`.

    Args:
        host: the broker's.
        port: the broker's.
        base: the base topic.

    Raises:
        OSError: on entering, when nobody answers there.
    """

    def __init__(self, host: str, port: int, base: str) -> None:
        self._address = host, port
        self._filter = f"{base}/#"
        self._inbox: SimpleQueue[tuple[str, bytes]] = SimpleQueue()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self._client.on_connect = self._connected
        self._client.on_message = self._arrived

    def __enter__(self) -> Self:
        self._client.connect(*self._address)
        self._client.loop_start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def update(self, picture: Picture) -> None:
        """Bring a picture up to date."""
        while True:
            try:
                picture.take(*self._inbox.get_nowait())
            except Empty:
                return

    def _connected(
        self, client: Client, _data: object, _flags: ConnectFlags, _reason: ReasonCode, _properties: Properties | None
    ) -> None:
        client.subscribe(self._filter, qos=1)

    def _arrived(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._inbox.put((message.topic, bytes(message.payload)))
