"""Under which names an edge publishes and keeps."""

import hashlib
from dataclasses import dataclass
from typing import Final

from tictally_shared.topics import Topics

_SERIAL_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Naming:
    """Names and what is published under them.

    Attributes:
        topics: below which base.
        edge: this edge's name.
        key: what stands for the meter's number, or None.
        prm: True to publish the delivery point's number too.
        every_s: least time between two changes of a power, current or voltage on its label topic.
    """

    topics: Topics
    edge: str
    key: str | None = None
    prm: bool = False
    every_s: float = 5.0


def serial_of(number: str) -> str:
    """The short hash that stands for a meter's number where a key replaces it."""
    return hashlib.sha256(number.encode()).hexdigest()[:_SERIAL_DIGITS]
