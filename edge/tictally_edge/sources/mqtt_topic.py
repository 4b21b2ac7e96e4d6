"""Topics of other programs as a source: their messages become frames.

Address: `mqtt://host:port/topic`, with TLS `mqtts://…`. Without a host it is the edge's own broker and login. A topic
may have wildcards; without one it stands for itself and everything below it. The format is recognised, or given as
`form=`: those of `message_formats` and of `publishers`.
"""

import os
import time
from collections.abc import Mapping
from typing import Final

from tictally_edge.decoding.decoder import DecodedFrame, is_good
from tictally_edge.finding import EdgeFinding, FindingCode, Subject, bad, good
from tictally_edge.mqtt.client import BrokerAccess, BrokerConnection, Connected, MessageReceived
from tictally_edge.settings import Settings
from tictally_edge.sources.base import Arrival, FrameSource, Moment, SourceState
from tictally_edge.sources.message_formats import RAW
from tictally_edge.sources.message_reader import MessageReader
from tictally_edge.sources.mqtt_address import DEFAULT_PORTS, MqttSourceSettings, TopicAddress
from tictally_edge.sources.publishers.fields import fields_format, parse_fields
from tictally_edge.sources.registry import SOURCES, Examination, SourceAddress
from tictally_edge.sources.relay_findings import diagnose_relay, is_relayed

_POLL_S: Final = 0.05
# A ZLinky sends something every minute at least, mostly far more often.
_EXAMINE_S: Final = 20.0


class MqttTopicSource:
    """Frames from the messages on a topic.

    Args:
        access: the broker.
        client_id: at the broker.
        topic: a topic filter.
        reader: of the messages.
        is_relayed: see `FrameSource`.
    """

    is_unpaced = False
    has_own_dates = False

    def __init__(
        self, access: BrokerAccess, client_id: str, topic: str, reader: MessageReader, *, is_relayed: bool = False
    ) -> None:
        self.connection = BrokerConnection(access, client_id, None, time.monotonic)
        self._topic, self.reader, self._is_relayed = topic, reader, is_relayed
        self._last_good_at: float | None = None
        self._last_message_at: float | None = None

    @property
    def is_relayed(self) -> bool:
        """See `FrameSource`."""
        return self._is_relayed

    @property
    def silence_s(self) -> float:
        """See `FrameSource`."""
        return self.reader.silence_s

    @property
    def state(self) -> SourceState:
        """See `FrameSource`."""
        if not self.connection.connected:
            return SourceState.CLOSED
        last = self._last_good_at
        is_recent = last is not None and time.monotonic() - last <= self.silence_s
        return SourceState.RECEIVING if is_recent else SourceState.LISTENING

    def poll(self) -> Arrival | None:
        """See `FrameSource`."""
        now = Moment(time.monotonic(), time.time_ns() // 1_000_000)
        frames: list[DecodedFrame] = []
        count = self.reader.messages
        for event in self.connection.events():
            match event:
                case Connected():
                    self.connection.subscribe(self._topic)
                case MessageReceived():
                    frames += self.reader.feed(event, now.at)
        frames += self.reader.due(now.at)
        if any(is_good(frame) for frame in frames):
            self._last_good_at = now.at
        if self.reader.messages == count and not frames:
            time.sleep(_POLL_S)
            return None
        self._last_message_at = now.at
        return Arrival(now, tuple(frames))

    @property
    def is_rejected(self) -> bool:
        """Whether waiting is of no use: the broker rejects the login, or only one of several meters can be read."""
        publisher = self.reader.publisher
        return self.connection.rejection is not None or (publisher is not None and bool(publisher.rivals))

    def health(self) -> Mapping[str, object]:
        """See `FrameSource`."""
        ages = {"last_message_age_s": self._last_message_at, "last_frame_age_s": self._last_good_at}
        now_s = time.monotonic()
        shown = {name: None if at is None else round(now_s - at) for name, at in ages.items()}
        return {"topic": self._topic, **self.reader.health(), **shown}

    def close(self) -> None:
        """See `FrameSource`."""
        self.connection.close()


class MqttTopicSourceType:
    """`mqtt://host:port/topic`."""

    schemes = tuple(DEFAULT_PORTS)
    form = "mqtt://host:port/topic, mqtts://host:port/topic"

    def open(self, address: SourceAddress, settings: Settings) -> FrameSource:
        """See `SourceType`."""
        return self._open(address, settings, f"tictally-edge-{settings.name}-source")

    def examine(self, address: SourceAddress, settings: Settings) -> Examination:
        """See `SourceType`."""
        source = self._open(address, settings, f"tictally-edge-{settings.name}-source-{os.getpid()}")
        end = time.monotonic() + _EXAMINE_S
        try:
            while source.state is not SourceState.RECEIVING and not source.is_rejected and time.monotonic() < end:
                source.poll()
            return Examination(_finding(address.text, source))
        finally:
            source.close()

    def _open(self, address: SourceAddress, settings: Settings, client_id: str) -> MqttTopicSource:
        taken = TopicAddress.of(address, settings)
        chosen = settings.section(MqttSourceSettings)
        own = fields_format(parse_fields(chosen.fields)) if chosen.fields else None
        reader = MessageReader(taken.form, taken.options, settings.meter_zone, own)
        hides = taken.form != RAW and not chosen.republish
        return MqttTopicSource(taken.access, client_id, taken.topic_filter, reader, is_relayed=hides)


def _finding(address: str, source: MqttTopicSource) -> EdgeFinding:
    """The most important of what was seen."""
    health = source.health()
    if (reason := source.connection.rejection) is not None:
        return bad(Subject.PORT, FindingCode.SOURCE_BROKER_REJECTS, address=address, detail=reason)
    if source.state is SourceState.CLOSED:
        return bad(Subject.PORT, FindingCode.SOURCE_BROKER_UNREACHABLE, address=address)
    if not source.reader.messages:
        code = FindingCode.SOURCE_CONNECTED_WITHOUT_MESSAGE
        return good(Subject.PORT, code, address=address, seconds=round(_EXAMINE_S))
    if is_relayed({"type": "mqtt", **health}):
        return next(diagnose_relay({"state": source.state, **health}, address, Subject.PORT))
    if source.state is SourceState.RECEIVING:
        return good(Subject.PORT, FindingCode.SOURCE_CONNECTED, address=address, count=source.reader.messages)
    code = FindingCode.SOURCE_WITHOUT_GOOD_FRAME
    return bad(Subject.PORT, code, address=address, count=source.reader.messages)


SOURCES.register(MqttTopicSourceType())
