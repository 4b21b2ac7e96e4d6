"""What a message is: a frame, something to keep for later, or something to set aside. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from tictally_recorder.ledger.frame_codec import encode_body
from tictally_recorder.ledger.model import Message
from tictally_shared.frames import BOOT, KEY, VERSION, Frame, FrameError, FrameRejection, strict_json

AHEAD_MS: Final = 10 * 60 * 1000
_INT64: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Number:
    """A frame's number: `seq` within `boot` of the edge whose topic it came on."""

    boot: str
    seq: int


@dataclass(frozen=True, slots=True)
class Good:
    """A frame, and the bytes that keep its values."""

    frame: Frame
    body: bytes

    @property
    def number(self) -> Number:
        """The frame's number."""
        return Number(self.frame.boot, self.frame.seq)


@dataclass(frozen=True, slots=True)
class Later:
    """A message to keep whole.

    Attributes:
        number: where it can be read out safely.
        version: of its form.
        due_ms: not to be tried before.
    """

    number: Number | None
    version: int
    due_ms: int


@dataclass(frozen=True, slots=True)
class Bad:
    """A message to set aside.

    Attributes:
        number: where it can be read out safely.
        reason: for counting.
        sentence: for a person.
    """

    number: Number | None
    reason: str
    sentence: str


def judge(message: Message, now_ms: int) -> Good | Later | Bad:
    """What a message is at `now_ms`; whatever it holds, it is one of the three."""
    fields: dict[str, Any] = {}
    try:
        fields = strict_json(message.payload)
        frame = Frame.from_fields(fields, edge=message.topic_edge)
        body = encode_body(frame.values, frame.dated)
    except FrameError as error:
        number = _number(fields, message.topic_edge)
        if error.reason is FrameRejection.VERSION:
            return Later(number, fields["v"], 0)
        # A sentence may quote what was wrong with the message, halves of surrogate pairs included.
        return Bad(number, error.reason.value, error.sentence.encode(errors="backslashreplace").decode())
    except UnicodeEncodeError:
        number = _number(fields, message.topic_edge)
        return Bad(number, FrameRejection.JSON.value, "a text holds half of a surrogate pair")
    if frame.time_ms > now_ms + AHEAD_MS:
        return Later(Number(frame.boot, frame.seq), VERSION, frame.time_ms - AHEAD_MS)
    return Good(frame, body)


def _number(fields: dict[str, Any], edge: str) -> Number | None:
    """The number that a message means, unless it is not sure to be one of this edge's."""
    boot, seq = fields.get("boot"), fields.get("seq")
    if fields.get("edge") != edge or not KEY.fullmatch(edge):
        return None
    if not isinstance(boot, str) or not BOOT.fullmatch(boot) or type(seq) is not int or not 1 <= seq <= _INT64:
        return None
    return Number(boot, seq)
