"""The formats of messages that are chosen by name: a decoder of each, registered in one line.

Those of programs that have decoded the line themselves are in `publishers`, and are recognised.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from tictally_edge.decoding.decoder import DecodedFrame, Decoder
from tictally_edge.decoding.framing import WITHOUT_PARITY

RAW: Final = "raw"


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

    @property
    def names(self) -> frozenset[str]:
        """The names of all formats."""
        return frozenset(self._by_name)

    def decoder(self, name: str, tz: ZoneInfo | None = None) -> MessageDecoder:
        """Return a new decoder of a format.

        Args:
            name: of the format.
            tz: of the meter's clock; None for French legal time.
        """
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


# The start of a group behind that of a frame or the end of another group.
_GROUP: Final = re.compile(rb"[\x02\r]\n[A-Z][A-Z0-9+-]{1,9}[ \t]")


def is_line(payload: bytes) -> bool:
    """Whether a message has bytes of the line, with parity or without."""
    return _GROUP.search(payload.translate(WITHOUT_PARITY)) is not None


MESSAGE_FORMATS.register_zoned(RAW, RawMessages)
