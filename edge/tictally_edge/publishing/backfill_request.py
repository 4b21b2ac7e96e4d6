"""Requests of a recorder, on the topic `resend`: for frames that it is missing, and for a new boot. Pure.

`{"boot": …, "ranges": [[first, last], …]}` requests frames. `{"boot": …, "conflict": seq}` reports that the recorder
has another frame with this number: the edge was set back to an older state, and must begin a new boot.
"""

from dataclasses import dataclass
from typing import Final

from tictally_shared.frames import BOOT, FrameError, strict_json

MAX_RANGES: Final = 256
# What one request may make the edge read and send; a recorder that misses more requests again.
MAX_FRAMES: Final = 10_000
_INT64: Final = 2**63 - 1


class BackfillRequestError(ValueError):
    """A message that is no request; the message states why."""


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """Frames that are requested.

    Attributes:
        boot: life of the journal.
        ranges: first … last, both included; all together at most 10 000 frames.
    """

    boot: str
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class NumberConflict:
    """A number of a boot was used for two frames."""

    boot: str
    seq: int


def parse_backfill_request(payload: bytes) -> BackfillRequest | NumberConflict:
    """Parse a request; frames beyond 10 000 are left out.

    Raises:
        BackfillRequestError: it is not valid.
    """
    try:
        body = strict_json(payload)
    except FrameError as error:
        raise BackfillRequestError(error.sentence) from None
    boot, ranges = body.get("boot"), body.get("ranges")
    if not isinstance(boot, str) or not BOOT.fullmatch(boot):
        raise BackfillRequestError("boot is not 16 hexadecimal digits")
    seq = body.get("conflict")
    if "ranges" not in body and type(seq) is int and seq >= 1:
        return NumberConflict(boot, seq)
    if not isinstance(ranges, list) or not 0 < len(ranges) <= MAX_RANGES:
        raise BackfillRequestError(f"ranges is not a list of 1 to {MAX_RANGES}")
    room, accepted = MAX_FRAMES, []
    for each in ranges:
        first, last = _range(each)
        if room > 0:
            accepted.append((first, min(last, first + room - 1)))
            room -= last - first + 1
    return BackfillRequest(boot, tuple(accepted))


def _range(each: object) -> tuple[int, int]:
    match each:
        case [int(first), int(last)] if type(first) is int and type(last) is int and 1 <= first <= last <= _INT64:
            return first, last
    raise BackfillRequestError("a range is not [first, last] with 1 ≤ first ≤ last")
