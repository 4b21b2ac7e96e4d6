"""Topics of other publishers as a source: their messages become frames.

Address: `mqtt://host:port/topic?format=raw`. Without a host it is the edge's own broker and login. A topic may have
wildcards. A publisher's format is one file: a decoder of its messages, registered in one line with `MESSAGE_FORMATS`.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Final, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr

from tictally_edge.decoding.decoder import DecodedFrame, Decoder, is_good
from tictally_edge.finding import FindingCode, Subject, bad, good
from tictally_edge.mqtt.client import BrokerAccess, BrokerConnection, Connected, MessageReceived, broker_access
from tictally_edge.settings import SECTIONS, Settings
from tictally_edge.sources.autobaud import SILENCE_S
from tictally_edge.sources.base import Arrival, FrameSource, Moment, SourceSettingError, SourceState
from tictally_edge.sources.registry import SOURCES, Examination, SourceAddress
from tictally_shared.settings.sections import SectionModel

_POLL_S: Final = 0.05
_EXAMINE_S: Final = 5.0
_DEFAULT_PORT: Final = 1883
_DEFAULT_FORMAT: Final = "raw"


class MessageDecoder(Protocol):
    """Decodes the messages of one publisher."""

    def feed(self, topic: str, payload: bytes, at: float) -> Iterable[DecodedFrame]:
        """Return the frames that a message completes.

        Args:
            topic: of the message.
            payload: as received; anything may come.
            at: when it arrived, in monotonic seconds.
        """
        ...


class MessageFormats:
    """The registered formats of messages, by name."""

    def __init__(self) -> None:
        self._by_name: dict[str, Callable[[ZoneInfo | None], MessageDecoder]] = {}

    def register(self, name: str, make: Callable[[], MessageDecoder]) -> None:
        """Add a format whose messages have their own dates; `make` returns a new decoder of it."""
        self._by_name[name] = lambda _tz: make()

    def register_zoned(self, name: str, make: Callable[[ZoneInfo | None], MessageDecoder]) -> None:
        """Add a format with horodates of the meter; `make` takes the zone of its clock, None for French legal time."""
        self._by_name[name] = make

    def unregister(self, name: str) -> None:
        """Remove a format, as a test does with one of its own."""
        del self._by_name[name]

    def decoder(self, name: str, tz: ZoneInfo | None = None) -> MessageDecoder:
        """Return a new decoder.

        Args:
            name: of the format.
            tz: of the meter's clock; None for French legal time.

        Raises:
            SourceSettingError: there is no such format.
        """
        if name not in self._by_name:
            known = ", ".join(sorted(self._by_name))
            raise SourceSettingError(f"format={name[:20]!r} is unknown; known formats: {known}")
        return self._by_name[name](tz)


MESSAGE_FORMATS: Final = MessageFormats()


class RawMessages:
    """Messages with bytes of the line, as a serial bridge publishes them, in any pieces.

    Args:
        tz: of the meter's clock; None for French legal time.
    """

    def __init__(self, tz: ZoneInfo | None = None) -> None:
        self._decoder = Decoder(tz)

    def feed(self, _topic: str, payload: bytes, at: float) -> Iterable[DecodedFrame]:
        """See `MessageDecoder`."""
        return self._decoder.feed(payload, at)


class MqttSourceSettings(SectionModel):
    """Login at another broker that a source is read from."""

    username: str | None = Field(
        default=None, description="User name at the broker of a source `mqtt://host/topic`. Unset: none is sent."
    )
    password: Annotated[SecretStr | None, Field(description="Password at the broker of such a source.")] = None


class MqttTopicSource:
    """Frames from the messages on a topic.

    Args:
        access: the broker.
        client_id: at the broker.
        topic: a topic filter.
        decoder: of the messages.
    """

    is_unpaced = False
    has_own_dates = False

    def __init__(self, access: BrokerAccess, client_id: str, topic: str, decoder: MessageDecoder) -> None:
        self._connection = BrokerConnection(access, client_id, None, time.monotonic)
        self._topic, self._decoder = topic, decoder
        self._messages = 0
        self._last_good_at: float | None = None

    @property
    def state(self) -> SourceState:
        """See `FrameSource`."""
        if not self._connection.connected:
            return SourceState.CLOSED
        last = self._last_good_at
        is_recent = last is not None and time.monotonic() - last <= SILENCE_S
        return SourceState.RECEIVING if is_recent else SourceState.LISTENING

    def poll(self) -> Arrival | None:
        """See `FrameSource`."""
        now = Moment(time.monotonic(), time.time_ns() // 1_000_000)
        frames: list[DecodedFrame] = []
        count = self._messages
        for event in self._connection.events():
            match event:
                case Connected():
                    self._connection.subscribe(self._topic)
                case MessageReceived(topic, payload, retained=False):  # a retained one may be of any age
                    self._messages += 1
                    frames += self._decoder.feed(topic, payload, now.at)
        if any(is_good(frame) for frame in frames):
            self._last_good_at = now.at
        if self._messages == count:
            time.sleep(_POLL_S)
            return None
        return Arrival(now, tuple(frames))

    @property
    def messages(self) -> int:
        """Messages received."""
        return self._messages

    def health(self) -> Mapping[str, object]:
        """See `FrameSource`."""
        return {"topic": self._topic, "messages": self._messages}

    def close(self) -> None:
        """See `FrameSource`."""
        self._connection.close()


class MqttTopicSourceType:
    """`mqtt://host:port/topic?format=raw`."""

    schemes = ("mqtt",)
    form = "mqtt://host:port/topic"

    def open(self, address: SourceAddress, settings: Settings) -> FrameSource:
        """See `SourceType`."""
        return self._open(address, settings, f"tictally-edge-{settings.name}-source")

    def examine(self, address: SourceAddress, settings: Settings) -> Examination:
        """See `SourceType`."""
        source = self._open(address, settings, f"tictally-edge-{settings.name}-source-{os.getpid()}")
        end = time.monotonic() + _EXAMINE_S
        try:
            while source.state is not SourceState.RECEIVING and time.monotonic() < end:
                source.poll()
            state, messages = source.state, source.messages
        finally:
            source.close()
        shown = address.text
        if state is SourceState.CLOSED:
            return Examination(bad(Subject.PORT, FindingCode.SOURCE_BROKER_UNREACHABLE, address=shown))
        if messages and state is not SourceState.RECEIVING:
            code = FindingCode.SOURCE_WITHOUT_GOOD_FRAME
            return Examination(bad(Subject.PORT, code, address=shown, count=messages))
        if not messages:
            code = FindingCode.SOURCE_CONNECTED_WITHOUT_MESSAGE
            return Examination(good(Subject.PORT, code, address=shown, seconds=round(_EXAMINE_S)))
        return Examination(good(Subject.PORT, FindingCode.SOURCE_CONNECTED, address=shown, count=messages))

    def _open(self, address: SourceAddress, settings: Settings, client_id: str) -> MqttTopicSource:
        if unknown := address.options.keys() - {"format"}:
            raise SourceSettingError(f"mqtt: has no option {min(unknown)!r}; there is format")
        url = urlsplit(address.target)
        topic = url.path.removeprefix("/")
        if not topic:
            raise SourceSettingError(f"{address.text[:80]!r} names no topic")
        decoder = MESSAGE_FORMATS.decoder(address.options.get("format", _DEFAULT_FORMAT), settings.meter_zone)
        return MqttTopicSource(_access(address, settings), client_id, topic, decoder)


def _access(address: SourceAddress, settings: Settings) -> BrokerAccess:
    try:
        url = urlsplit(address.target)
        host, port = url.hostname, url.port or _DEFAULT_PORT
    except ValueError:
        raise SourceSettingError(f"{address.text[:80]!r} has no valid port") from None
    if host is None:
        return broker_access(settings)
    login = settings.section(MqttSourceSettings)
    password = None if login.password is None else login.password.get_secret_value()
    return BrokerAccess(host, port, login.username, password)


SECTIONS.register(MqttSourceSettings, "source_mqtt_")
MESSAGE_FORMATS.register_zoned(_DEFAULT_FORMAT, RawMessages)
SOURCES.register(MqttTopicSourceType())
