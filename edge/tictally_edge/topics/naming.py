"""What an edge publishes, and under which names."""

import hashlib
from dataclasses import dataclass
from typing import Final

from tictally_shared.labels import DELIVERY_POINT
from tictally_shared.topics import Topics

_SERIAL_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Naming:
    """Names, and what is published under them.

    Attributes:
        topics: below which base.
        edge: this edge's name.
        key: alias of the meter's number, or None.
        prm: whether the delivery point's number is published too.
        every_s: least time between two changes of a power, current or voltage on its label topic.
        has_labels: whether labels and derived values have topics at all.
    """

    topics: Topics
    edge: str
    key: str | None = None
    prm: bool = False
    every_s: float = 5.0
    has_labels: bool = True

    @property
    def hidden(self) -> frozenset[str]:
        """Labels that are published nowhere."""
        return frozenset() if self.prm else frozenset({DELIVERY_POINT})


def serial_of(number: str) -> str:
    """Return the short hash that stands for a meter's number where an alias replaces it."""
    return hashlib.sha256(number.encode()).hexdigest()[:_SERIAL_DIGITS]


# A retained message cannot be empty: that would clear its topic.
NOTHING: Final = "none"


@dataclass(frozen=True, slots=True)
class RetainedMessage:
    """A retained message.

    Attributes:
        topic: where to.
        payload: plain text; empty to clear the topic.
        time: ISO 8601, the user property `time`, or None.
    """

    topic: str
    payload: str
    time: str | None = None
