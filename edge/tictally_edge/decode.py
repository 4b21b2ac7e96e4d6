"""`tictally-edge decode`: a recorded file as JSON, one line a frame; first sightings are accepted."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from tictally_edge.decoding.decoder import DecodedFrame, Decoder
from tictally_edge.sources.base import BITS_PER_CHARACTER, SPEED
from tictally_edge.validation.validator import FrameValidator
from tictally_shared.labels import DELIVERY_POINT


class DecodeTotals:
    """Totals of a file: frames with a value, complete ones, groups, and what was rejected or left out.

    What noise has between two of its control characters is no frame, however often it looks like the end of one.
    """

    def __init__(self) -> None:
        self.frames = self.complete = self.unreadable = self.groups = self.unconfirmed = self.horodates_unreadable = 0
        self.rejected: Counter[str] = Counter()

    def sentence(self) -> str:
        """Return the totals as a sentence."""
        rejected = ", ".join(f"{count} {reason}" for reason, count in sorted(self.rejected.items())) or "none"
        first = f"{self.frames} frames ({self.complete} complete), {self.groups} groups; rejected: {rejected}"
        if self.unconfirmed or self.horodates_unreadable:
            first += f"; unconfirmed: {self.unconfirmed}; unreadable horodates: {self.horodates_unreadable}"
        if self.unreadable:
            first += f"; left out, without a readable value: {self.unreadable}"
        return first


def decode(
    chunks: Iterable[bytes], sums: DecodeTotals, *, prm: bool = False, tz: ZoneInfo | None = None
) -> Iterator[dict[str, Any]]:
    """Yield a JSON object for each frame that has a value, the same for any chunking.

    Time advances at the pace of the line, since a file has no other clock: `at` is in seconds since its beginning.

    Args:
        chunks: the file's bytes.
        sums: counted up.
        prm: True to show the delivery point's number.
        tz: of the meter's clock; None for French legal time.
    """
    decoder, validator = Decoder(tz), FrameValidator(accepts_first=True)
    for frame in _frames(decoder, chunks):
        per_second = SPEED[frame.mode] / BITS_PER_CHARACTER
        at_s = frame.offset / per_second
        validated = validator.validate(replace(frame, at=at_s))
        sums.groups += frame.groups
        sums.unconfirmed += len(validated.unconfirmed)
        sums.horodates_unreadable += frame.horodates_unreadable
        sums.rejected.update(validated.rejected)
        if not frame.values:
            sums.unreadable += 1
            continue
        sums.frames += 1
        sums.complete += frame.complete
        yield {
            "mode": frame.mode.value,
            "at": round(at_s, 3),
            "meter": frame.number,
            "values": {name: value for name, value in validated.values.items() if prm or name != DELIVERY_POINT},
            "dated": validated.dated,
            "complete": frame.complete,
            "rejected": validated.rejected,
        }


def _frames(decoder: Decoder, chunks: Iterable[bytes]) -> Iterator[DecodedFrame]:
    for chunk in chunks:
        yield from decoder.feed(chunk)
    yield from decoder.flush()


def line(body: dict[str, Any]) -> str:
    """Return an object as one line of JSON."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
