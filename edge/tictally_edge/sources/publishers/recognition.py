"""Recognises the format of a publisher by its messages, and decodes them from then on. Pure."""

import logging
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Final
from zoneinfo import ZoneInfo

from tictally_edge.decoding.decoder import DecodedFrame
from tictally_edge.sources.publishers.decoder import PublisherDecoder
from tictally_edge.sources.publishers.format import PublisherFormat, ReadingOptions
from tictally_edge.sources.publishers.registry import PUBLISHERS

_MAX_TOPICS: Final = 20
_MAX_EARLY, _LONGEST_EARLY = 200, 4096

log = logging.getLogger(__name__)


class FormatRecognition:
    """Waits for the first message of a known format.

    Attributes:
        decoder: of the format; None until a message was recognised.
        unread: topic → messages that are of no known format, or of none that is read.

    Args:
        given: the format, or None to recognise it.
        options: what the user has added to the address.
        tz: of the meter's clock; None for French legal time.
    """

    def __init__(self, given: PublisherFormat | None, options: ReadingOptions, tz: ZoneInfo | None = None) -> None:
        self._options, self._tz = options, tz
        self._is_given = given is not None
        self.decoder = None if given is None else PublisherDecoder(given, options, tz, is_given=True)
        self._is_proved = False  # by a message of now, and not only by a retained one
        self.unread: Counter[str] = Counter()
        # Fields that came before the one by which their format was recognised.
        self._early: deque[tuple[str, bytes, float]] = deque(maxlen=_MAX_EARLY)

    def feed(self, topic: str, payload: bytes, at: float) -> Iterable[DecodedFrame]:
        """See `MessageDecoder`."""
        if self.decoder is not None and self.decoder.format.read(topic, payload) is not None:
            self._is_proved = True
            return self.decoder.feed(topic, payload, at)
        found = next(self._of(topic, payload), None)
        current = self.decoder.format if self.decoder is not None and self._is_proved else None
        if found is None or self._is_given or (current is not None and current.improved_by != found.name):
            self._note(topic, payload, at)
            return ()
        log.info("Messages on %s are of the format %s.", topic, found.name)
        self.decoder, self._is_proved = PublisherDecoder(found, self._options, self._tz), True
        earlier = [each for each in self._early if found.read(*each[:2]) is not None]
        self._early.clear()
        for each, _, _ in earlier:
            self.unread.pop(each, None)
        return [frame for each in (*earlier, (topic, payload, at)) for frame in self.decoder.feed(*each)]

    def note_retained(self, topic: str, payload: bytes, at: float) -> None:
        """Take from a message of unknown age which format and which meter it is."""
        if self.decoder is None and (found := next(self._of(topic, payload), None)) is not None:
            self.decoder = PublisherDecoder(found, self._options, self._tz)
        if self.decoder is not None:
            self.decoder.note_retained(topic, payload, at)

    def _of(self, topic: str, payload: bytes) -> Iterator[PublisherFormat]:
        """The formats by which a message proves a meter."""
        for each in PUBLISHERS:
            if (published := each.read(topic, payload)) is not None and published.is_meter:
                yield each

    def _note(self, topic: str, payload: bytes, at: float) -> None:
        if self.decoder is None and len(payload) <= _LONGEST_EARLY:
            self._early.append((topic, payload, at))
        if topic in self.unread or len(self.unread) < _MAX_TOPICS:
            self.unread[topic] += 1
