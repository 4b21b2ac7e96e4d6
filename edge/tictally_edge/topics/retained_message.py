"""Retained messages."""

from dataclasses import dataclass
from typing import Final

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
