"""What the loop tells others in this process, and never waits for: what was stored, what edges said, that it lives."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from tictally_recorder.ledger import Message, Stored

# In a torrent only the newest are looked at; whoever wants all reads the ledger.
_MESSAGES: Final = 256
_EDGES: Final = 1024


@dataclass(frozen=True, slots=True)
class Said:
    """The newest that an edge said of itself since the recorder began.

    Attributes:
        payload: as it came.
        at_ms: when.
    """

    payload: bytes
    at_ms: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the loop is.

    Attributes:
        at_s: when it went round last, by a clock that never steps.
        is_up: True while the broker listens.
        done: what was done since it began.
        holes: frames that are missing, and asked for.
        started_ms: when it began.
    """

    at_s: float
    is_up: bool
    done: Stored
    holes: int
    started_ms: int


@dataclass(slots=True)
class Feed:
    """Written by the loop and read by another thread, without a lock: each step is one assignment or one append.

    Attributes:
        wake: called after something was stored; must return at once.
        health: edge → its newest health.
        availability: edge → `online` or `offline`.
        pulse: how the loop is, or None before its first round.
    """

    wake: Callable[[], None] | None = None
    health: dict[str, Said] = field(default_factory=dict)
    availability: dict[str, Said] = field(default_factory=dict)
    pulse: Pulse | None = None
    _stored: deque[Message] = field(default_factory=lambda: deque(maxlen=_MESSAGES))

    def stored(self, messages: Iterable[Message]) -> None:
        """These are safe in the ledger now."""
        self._stored.extend(messages)
        if self.wake is not None:
            self.wake()

    def said(self, edge: str, what: str, payload: bytes, at_ms: int) -> None:
        """An edge has said something of itself, live."""
        kept = self.health if what == "health" else self.availability
        if edge in kept or len(kept) < _EDGES:
            kept[edge] = Said(payload, at_ms)

    def take(self) -> list[Message]:
        """What was stored since the last call, the newest as far as there was more."""
        return [self._stored.popleft() for _ in range(len(self._stored))]
