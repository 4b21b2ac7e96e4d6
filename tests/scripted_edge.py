"""An edge controlled by a test: it holds frames, publishes its health, and answers requests."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from recording import BOOT, frame

from tictally_shared.interval_set import IntervalSet


@dataclass
class ScriptedEdge:
    """A client of a broker with frames by (boot, number).

    Attributes:
        frames: what it holds, as messages.
        requests: the received requests.
        answers: False makes it ignore requests.
    """

    port: int
    base: str = "tictally"
    name: str = "cellar"
    frames: dict[tuple[str, int], str] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    answers: bool = True
    _client: Client = field(init=False, repr=False)
    _subscribed: threading.Event = field(default_factory=threading.Event, repr=False)

    def __enter__(self) -> Self:
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.max_inflight_messages = 500
        self._client.on_connect = lambda client, *_: client.subscribe(self._topic("resend"), qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()
        assert self._subscribed.wait(20)
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def hold(self, first: int, last: int, boot: str = BOOT) -> None:
        """Put frames into its journal without sending them."""
        self.frames |= {(boot, seq): frame(seq, edge=self.name, boot=boot) for seq in range(first, last + 1)}

    def send(self, first: int, last: int, boot: str = BOOT) -> None:
        """Put frames into its journal and send them; when it returns the broker has them."""
        self.hold(first, last, boot)
        self._publish("frame", *(self.frames[boot, seq] for seq in range(first, last + 1)))

    def publish_health(self) -> None:
        """Publish the frames it holds; its backlog is always empty."""
        held: dict[str, IntervalSet] = {}
        for boot, seq in list(self.frames):
            held.setdefault(boot, IntervalSet()).add(seq, seq)
        boots = [{"boot": boot, "held": list(ranges), "backlog": []} for boot, ranges in held.items()]
        self._publish("health", json.dumps({"boots": boots}), retain=True)

    @contextmanager
    def publishing_health(self, every_s: float = 0.3) -> Iterator[None]:
        """Publish health repeatedly meanwhile, faster than an edge would."""
        enough = threading.Event()

        def publish() -> None:
            while not enough.wait(every_s):
                self.publish_health()

        thread = threading.Thread(target=publish)
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join()

    def publish(self, what: str, payload: str) -> None:
        self._publish(what, payload, retain=True)

    def _topic(self, what: str) -> str:
        return f"{self.base}/edge/{self.name}/{what}"

    def _publish(self, what: str, *payloads: str, retain: bool = False) -> None:
        sent = [self._client.publish(self._topic(what), payload, qos=1, retain=retain) for payload in payloads]
        for message in sent:
            message.wait_for_publish(30)
            assert message.is_published()

    def _take(self, client: Client, _data: object, message: MQTTMessage) -> None:
        request = json.loads(message.payload)
        self.requests.append(request)
        for first, last in request.get("ranges", ()) if self.answers else ():
            for seq in range(first, last + 1):
                if (request["boot"], seq) in self.frames:
                    client.publish(self._topic("frame"), self.frames[request["boot"], seq], qos=1)
