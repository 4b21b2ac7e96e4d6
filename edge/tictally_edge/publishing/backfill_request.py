"""Requests for frames that a recorder lacks: `{"boot": …, "ranges": [[first, last], …]}`. Pure."""

from dataclasses import dataclass
from typing import Final

from tictally_shared.frames import BOOT, FrameError, strict_json

MOST_RANGES: Final = 256
# What one request may make the edge read and send; a recorder that lacks more asks again.
MOST_FRAMES: Final = 10_000
_INT64: Final = 2**63 - 1


class BackfillRequestError(ValueError):
    """A message that is no request; the sentence says why."""


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """Frames that are asked for.

    Attributes:
        boot: of which life of the journal.
        ranges: first … last, both included; all together at most 10 000 frames.
    """

    boot: str
    ranges: tuple[tuple[int, int], ...]


def parse_backfill_request(payload: bytes) -> BackfillRequest:
    """The request that a message holds; what goes beyond 10 000 frames is left out.

    Raises:
        BackfillRequestError: it is none.
    """
    try:
        body = strict_json(payload)
    except FrameError as error:
        raise BackfillRequestError(error.sentence) from None
    boot, ranges = body.get("boot"), body.get("ranges")
    if not isinstance(boot, str) or not BOOT.fullmatch(boot):
        raise BackfillRequestError("boot is not 16 hexadecimal digits")
    if not isinstance(ranges, list) or not 0 < len(ranges) <= MOST_RANGES:
        raise BackfillRequestError(f"ranges is not a list of 1 to {MOST_RANGES}")
    room, asked = MOST_FRAMES, []
    for each in ranges:
        first, last = _range(each)
        if room > 0:
            asked.append((first, min(last, first + room - 1)))
            room -= last - first + 1
    return BackfillRequest(boot, tuple(asked))


def _range(each: object) -> tuple[int, int]:
    match each:
        case [int(first), int(last)] if type(first) is int and type(last) is int and 1 <= first <= last <= _INT64:
            return first, last
    raise BackfillRequestError("a range is not [first, last] with 1 ≤ first ≤ last")
