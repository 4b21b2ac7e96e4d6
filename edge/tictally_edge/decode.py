"""`tictally-edge decode`: a recorded file as JSON, one line a frame, first sights counting."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from tictally_edge.decoding.decoder import DecodedFrame, Decoder
from tictally_edge.sources.source import BITS_PER_CHARACTER, SPEED
from tictally_edge.validation.validator import Believer
from tictally_shared.labels import DELIVERY_POINT


class Sums:
    """What a file held: frames, complete ones, groups, and what was refused or left out."""

    def __init__(self) -> None:
        self.frames = self.complete = self.groups = self.unconfirmed = self.horodates_unreadable = 0
        self.refused: Counter[str] = Counter()

    def sentence(self) -> str:
        """The sums for a person, two lines at most."""
        refused = ", ".join(f"{count} {reason}" for reason, count in sorted(self.refused.items())) or "none"
        first = f"{self.frames} frames ({self.complete} complete), {self.groups} groups; refused: {refused}"
        if self.unconfirmed or self.horodates_unreadable:
            first += f"; unconfirmed: {self.unconfirmed}; unreadable horodates: {self.horodates_unreadable}"
        return first


def decode(chunks: Iterable[bytes], sums: Sums, *, prm: bool = False) -> Iterator[dict[str, Any]]:
    """Yields a frame's JSON object for each frame, any chunking giving the same.

    Time passes at the pace of the line, since a file has no other clock.

    Args:
        chunks: the file's bytes.
        sums: counted up.
        prm: True to show the delivery point's number.
    """
    decoder, believer = Decoder(), Believer(first_sights=True)
    for frame in _frames(decoder, chunks):
        per_second = SPEED[frame.mode] / BITS_PER_CHARACTER
        believed = believer.weigh(replace(frame, at=frame.offset / per_second))
        sums.frames += 1
        sums.complete += frame.complete
        sums.groups += frame.groups
        sums.unconfirmed += len(believed.unconfirmed)
        sums.horodates_unreadable += frame.horodates_unreadable
        sums.refused.update(believed.refused)
        yield {
            "mode": frame.mode.value,
            "meter": frame.number,
            "values": {name: value for name, value in believed.values.items() if prm or name != DELIVERY_POINT},
            "dated": believed.dated,
            "complete": frame.complete,
            "refused": believed.refused,
        }


def _frames(decoder: Decoder, chunks: Iterable[bytes]) -> Iterator[DecodedFrame]:
    for chunk in chunks:
        yield from decoder.feed(chunk)
    yield from decoder.flush()


def line(body: dict[str, Any]) -> str:
    """One line of JSON."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
