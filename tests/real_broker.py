"""A mosquitto for the tests, with the project's configuration, on a free port of this machine."""

import os
import shutil
import signal
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Self

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from demo.broker import free_port
from devel.child_process import ChildProcess

COMMON = Path(__file__).parent.parent / "mosquitto" / "mosquitto.conf"
START_WITHIN_S = 60.0


@dataclass
class Mosquitto:
    """Starts on `start`, on the same port every time; keeps its database in `folder`.

    `extra` stands after the common configuration: a later line wins.
    """

    folder: Path
    extra: str = "allow_anonymous true"
    port: int = 0
    _process: ChildProcess | None = field(default=None, repr=False)

    def start(self) -> None:
        self.port = self.port or free_port()
        configuration = self.folder / "mosquitto.conf"
        configuration.write_text("\n".join([*self._lines(), ""]), encoding="utf-8")
        program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        if program is None:
            pytest.fail("mosquitto is not installed; ./run test brings it along")
        self._process = ChildProcess("mosquitto", [program, "-c", str(configuration)], self.folder / "mosquitto.log")
        self._process.start()
        self._wait_until_open()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is None:
            return
        end = time.monotonic() + START_WITHIN_S
        # It listens before its loop runs, and loses a signal that arrives in between.
        while self._process.pid is not None:
            assert time.monotonic() < end, "mosquitto does not end"
            self._process.send_signal(how)
            with suppress(TimeoutError):
                self._process.wait(1.0)
        self._process = None

    def reload(self) -> None:
        """Make it reload users, rights and certificates."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def _lines(self) -> list[str]:
        return [
            COMMON.read_text(encoding="utf-8"),
            f"listener {self.port} 127.0.0.1",
            f"persistence_location {self.folder}/",
            "user root",
            self.extra,
        ]

    def _wait_until_open(self) -> None:
        assert self._process is not None
        end = time.monotonic() + START_WITHIN_S
        while time.monotonic() < end and self._process.pid is not None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        pytest.fail((self.folder / "mosquitto.log").read_text(encoding="utf-8"))


class Hub:
    """An ordinary MQTT client: publishes and receives, and waits for both."""

    def __init__(self, port: int, *, username: str | None = None, password: str | None = None) -> None:
        self._messages: SimpleQueue[MQTTMessage] = SimpleQueue()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.max_inflight_messages = 500
        if username is not None:
            self._client.username_pw_set(username, password)
        self._topics: list[str] = []
        self._is_answered = threading.Event()
        self._subscribed: SimpleQueue[int | None] = SimpleQueue()
        self.is_let_in = False
        self._client.on_connect = self._connected
        self._client.on_message = lambda _client, _data, message: self._messages.put(message)
        self._client.on_subscribe = lambda _client, _data, number, *_: self._subscribed.put(number)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        # Otherwise an early subscription is requested twice, and retained messages arrive twice.
        assert self._is_answered.wait(START_WITHIN_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, *payloads: bytes | str, retain: bool = False) -> None:
        """Publish with QoS 1; when it returns the broker has all of them."""
        sent = [self._client.publish(topic, payload, qos=1, retain=retain) for payload in payloads]
        for message in sent:
            message.wait_for_publish(30)
            assert message.is_published()

    def subscribe(self, topic: str) -> None:
        """Subscribe to a topic; when it returns, nothing more is missed while the broker runs."""
        self._topics.append(topic)
        code, number = self._client.subscribe(topic, qos=1)
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS and self._subscribed.get(timeout=START_WITHIN_S) != number:
            pass

    def _connected(self, _client: object, _data: object, _flags: object, reason: ReasonCode, _shown: object) -> None:
        self.is_let_in = not reason.is_failure
        self._ask_again()

    def _ask_again(self) -> None:
        for topic in self._topics:  # the broker forgets them with the connection
            self._client.subscribe(topic, qos=1)
        self._is_answered.set()

    def retained(self, within_s: float = 0.7) -> set[str]:
        """The topics of the retained messages that have come within this time; after a subscription."""
        time.sleep(within_s)
        found = set()
        while not self._messages.empty():
            message = self._messages.get()
            found |= {message.topic} if message.retain and message.payload else set()
        return found

    def wait_for(self, topic: str, payload: str | None = None, within_s: float = 60.0) -> str:
        """The next message on a topic, or the next with this payload."""
        end = time.monotonic() + within_s
        seen = []
        while (left_s := end - time.monotonic()) > 0:
            try:
                message = self._messages.get(timeout=left_s)
            except Empty:
                break
            text = bytes(message.payload).decode()
            seen.append((message.topic, text))
            if message.topic == topic and payload in {None, text}:
                return text
        raise AssertionError(f"no {payload or 'message'} on {topic} within {within_s} s; there was {seen}")
