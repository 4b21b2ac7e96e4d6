"""Reads the messages of a topic: in the format that is given, or in the one that they are recognised to have."""

import logging
from collections.abc import Iterable, Mapping
from typing import Final
from zoneinfo import ZoneInfo

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.mqtt.client import MessageReceived
from tictally_edge.sources.autobaud import SILENCE_S
from tictally_edge.sources.base import SourceSettingError
from tictally_edge.sources.message_formats import MESSAGE_FORMATS, RAW, MessageDecoder, is_line
from tictally_edge.sources.publishers.decoder import PublisherDecoder
from tictally_edge.sources.publishers.format import PublisherFormat, ReadingOptions
from tictally_edge.sources.publishers.recognition import FormatRecognition
from tictally_edge.sources.publishers.registry import PUBLISHERS

_SHOWN_TOPICS: Final = 5

log = logging.getLogger(__name__)


class MessageReader:
    """Reads messages of a format, which is given or recognised.

    Attributes:
        messages: received, retained ones left out.

    Args:
        name: of the format; empty to recognise it.
        options: what the user has added to the address.
        tz: of the meter's clock; None for French legal time.
        own: the format of the fields that the user has named, which is the one to read then; or None.

    Raises:
        SourceSettingError: there is no such format.
    """

    def __init__(
        self, name: str, options: ReadingOptions, tz: ZoneInfo | None, own: PublisherFormat | None = None
    ) -> None:
        self._other: MessageDecoder | None = None
        self._name, self._tz = name, tz
        self.messages = 0
        known = MESSAGE_FORMATS.names | {form.name for form in (*PUBLISHERS, *filter(None, [own]))}
        if name and name not in known:
            raise SourceSettingError(f"form={name[:20]!r} is unknown; known are {', '.join(sorted(known))}")
        if name in MESSAGE_FORMATS.names:
            self._other = MESSAGE_FORMATS.decoder(name, tz)
        self._recognition = FormatRecognition(own or PUBLISHERS.get(name), options, tz)

    @property
    def form(self) -> str:
        """The format, or an empty string while it is unknown."""
        if self._other is not None:
            return self._name
        return self.publisher.format.name if self.publisher is not None else ""

    @property
    def publisher(self) -> PublisherDecoder | None:
        """The decoder of a publisher's messages, or None."""
        return self._recognition.decoder

    @property
    def unread(self) -> list[str]:
        """Topics whose messages were not read, the most frequent first."""
        return [topic for topic, _ in self._recognition.unread.most_common()]

    @property
    def silence_s(self) -> float:
        """After so long without a frame the meter is offline."""
        return SILENCE_S if self.publisher is None else self.publisher.format.silence_s

    def feed(self, message: MessageReceived, at: float) -> Iterable[DecodedFrame]:
        """Return the frames that a message completes."""
        if message.retained:  # it may be of any age
            self._recognition.note_retained(message.topic, message.payload, at)
            return ()
        self.messages += 1
        if self._other is None and not self._name and self.publisher is None and is_line(message.payload):
            log.info("Messages on %s are bytes of the line.", message.topic)
            self._name, self._other = RAW, MESSAGE_FORMATS.decoder(RAW, self._tz)
        reader = self._recognition if self._other is None else self._other
        return reader.feed(message.topic, message.payload, at)

    def due(self, at: float) -> Iterable[DecodedFrame]:
        """Return the frames that are complete since nothing more came."""
        return () if self.publisher is None else self.publisher.due(at)

    def health(self) -> Mapping[str, object]:
        """What health shows of it."""
        publisher = self.publisher
        shown: dict[str, object] = {"messages": self.messages, "form": self.form or None}
        if publisher is not None:
            shown |= {"device": publisher.device, "step_wh": publisher.step_wh}
            shown |= {"problems": sorted(publisher.problems), "meters": list(publisher.rivals)}
        return shown | {"unread": self.unread[:_SHOWN_TOPICS]}
