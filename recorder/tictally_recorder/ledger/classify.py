"""Classify a message: a valid frame, one to defer, or one to reject. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from tictally_recorder.ledger.frame_codec import encode_body
from tictally_recorder.ledger.model import Message
from tictally_shared.frames import BOOT, KEY, MAX_BYTES, VERSION, Frame, FrameError, FrameRejection, strict_json

MOST_AHEAD_MS: Final = 10 * 60 * 1000
_INT64: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class FrameNumber:
    """A frame's number: `seq` within `boot` of the edge on whose topic it arrived."""

    boot: str
    seq: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A valid frame and its encoded values."""

    frame: Frame
    body: bytes

    @property
    def number(self) -> FrameNumber:
        """The frame's number."""
        return FrameNumber(self.frame.boot, self.frame.seq)


@dataclass(frozen=True, slots=True)
class Deferred:
    """A message to store whole and retry later.

    Attributes:
        number: None if it cannot be read reliably.
        version: of the frame format.
        due_ms: earliest retry, milliseconds since 1970.
    """

    number: FrameNumber | None
    version: int
    due_ms: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message for the dead letters.

    Attributes:
        number: None if it cannot be read reliably.
        reason: short code, for counting.
        detail: what is wrong, for a person.
    """

    number: FrameNumber | None
    reason: str
    detail: str


def classify(message: Message, now_ms: int) -> Accepted | Deferred | Rejected:
    """Classify a message received at `now_ms`; never raises, whatever the payload."""
    fields: dict[str, Any] = {}
    if message.size is not None and message.size > MAX_BYTES:
        return Rejected(None, FrameRejection.SIZE.value, f"{message.size} bytes are more than {MAX_BYTES}")
    try:
        fields = strict_json(message.payload)
        frame = Frame.from_fields(fields, edge=message.topic_edge)
        body = encode_body(frame.values, frame.dated)
    except FrameError as error:
        number = _number(fields, message.topic_edge)
        if error.reason is FrameRejection.VERSION:
            return Deferred(number, fields["v"], 0)
        # The detail may quote the message, unpaired surrogates included.
        return Rejected(number, error.reason.value, error.sentence.encode(errors="backslashreplace").decode())
    except UnicodeEncodeError:
        number = _number(fields, message.topic_edge)
        return Rejected(number, FrameRejection.JSON.value, "a string contains an unpaired surrogate")
    if frame.time_ms > now_ms + MOST_AHEAD_MS:
        return Deferred(FrameNumber(frame.boot, frame.seq), VERSION, frame.time_ms - MOST_AHEAD_MS)
    return Accepted(frame, body)


def _number(fields: dict[str, Any], edge: str) -> FrameNumber | None:
    """The number of a message, or None unless it certainly belongs to this edge."""
    boot, seq = fields.get("boot"), fields.get("seq")
    if fields.get("edge") != edge or not KEY.fullmatch(edge):
        return None
    if not isinstance(boot, str) or not BOOT.fullmatch(boot) or type(seq) is not int or not 1 <= seq <= _INT64:
        return None
    return FrameNumber(boot, seq)
