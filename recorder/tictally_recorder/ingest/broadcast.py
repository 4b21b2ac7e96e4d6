"""What the loop publishes to other threads of this process without waiting: frames, edge status, heartbeat."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from tictally_recorder.ledger import BatchResult, Message, SinkCounts
from tictally_recorder.sinks.protocol import SinkState
from tictally_shared.runtime.log import RecentLog

# A reader that needs every message reads the ledger; this buffer serves live views, for which the newest are enough.
_MAX_MESSAGES: Final = 256
_MAX_EDGES: Final = 1024


@dataclass(frozen=True, slots=True)
class EdgeStatus:
    """The newest health or availability message of an edge since the recorder started.

    Attributes:
        payload: as received.
        at_ms: when it was received, milliseconds since 1970.
    """

    payload: bytes
    at_ms: int


@dataclass(frozen=True, slots=True)
class LoopHeartbeat:
    """State of the loop.

    Attributes:
        at_s: time of its latest iteration, on the monotonic clock.
        is_up: True while connected to the broker.
        done: counts since it started.
        missing: missing frames that are being backfilled.
        started_ms: when it started, milliseconds since 1970.
    """

    at_s: float
    is_up: bool
    done: BatchResult
    missing: int
    started_ms: int


def _no_sinks(_: Sequence[SinkCounts]) -> list[SinkState]:
    return []


@dataclass(slots=True)
class Broadcast:
    """Written by the loop and read by another thread, without a lock: each step is one assignment or one append.

    Attributes:
        wake: called when frames have come; must return at once.
        health: edge → its newest health.
        availability: edge → `online` or `offline`.
        heartbeat: state of the loop, or None before its first iteration.
        sinks: the configured sinks' states, from their backlogs in the ledger.
        log: the newest lines of this process' log.
    """

    wake: Callable[[], None] | None = None
    health: dict[str, EdgeStatus] = field(default_factory=dict)
    availability: dict[str, EdgeStatus] = field(default_factory=dict)
    heartbeat: LoopHeartbeat | None = None
    sinks: Callable[[Sequence[SinkCounts]], list[SinkState]] = _no_sinks
    log: RecentLog = field(default_factory=RecentLog)
    _frames: deque[Message] = field(default_factory=lambda: deque(maxlen=_MAX_MESSAGES))

    def publish_frames(self, messages: Iterable[Message]) -> None:
        """Publish messages that have just come; the ledger may not have them yet."""
        self._frames.extend(messages)
        if self.wake is not None:
            self.wake()

    def publish_status(self, edge: str, what: str, payload: bytes, at_ms: int) -> None:
        """Publish a live health or availability message of an edge."""
        statuses = self.health if what == "health" else self.availability
        if edge in statuses or len(statuses) < _MAX_EDGES:
            statuses[edge] = EdgeStatus(payload, at_ms)

    def drain(self) -> list[Message]:
        """The messages since the last call, at most the newest 256."""
        return [self._frames.popleft() for _ in range(len(self._frames))]
