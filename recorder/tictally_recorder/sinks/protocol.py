"""What a sink is: a destination that the ledger is replicated to, and how the recorder sees it."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

from pydantic import BaseModel

from tictally_recorder.ledger import SinkCounts
from tictally_recorder.problem import ProblemError
from tictally_recorder.settings import Settings
from tictally_shared.phrase import Phrase

Wait = Callable[[float], bool]
"""Sleeps for so many seconds, or until the sink shall stop: True then."""

MAX_REPORTS: Final = 1000
"""How many health reports wait for a sink; what happened before that during an outage is of no use any more."""


class SinkError(ProblemError):
    """The destination does not accept data. The same step is tried again.

    Attributes:
        problem: why.
        retry_s: delay that the destination asked for, in seconds, or None.
    """

    def __init__(self, problem: Phrase | str, retry_s: float | None = None) -> None:
        super().__init__(problem)
        self.retry_s = retry_s


@dataclass(frozen=True, slots=True)
class RecorderHealth:
    """The recorder's health, once a minute.

    Attributes:
        recorder: name of the recorder.
        body: the fields of its health message.
        rejected: reason → rejected messages.
        time_ms: when.
    """

    recorder: str
    body: Mapping[str, Any]
    rejected: Mapping[str, int]
    time_ms: int


@dataclass(frozen=True, slots=True)
class EdgeHealth:
    """An edge's health message.

    Attributes:
        edge: name of the edge.
        payload: of the message, unchecked.
        time_ms: when it arrived.
    """

    edge: str
    payload: bytes
    time_ms: int


HealthReport = RecorderHealth | EdgeHealth


@dataclass(frozen=True, slots=True)
class SinkContext:
    """What a sink works with.

    Attributes:
        settings: the recorder's, with the sink's own section.
        wait: sleeps between two looks at something slow.
        reports: health of recorder and edges, oldest first. A sink takes from the left what it replicates; the oldest
            are dropped where it takes none.
    """

    settings: Settings
    wait: Wait
    reports: deque[HealthReport]


class Sink(Protocol):
    """Replicates the ledger, in one thread."""

    @property
    def blocked(self) -> Phrase | None:
        """Why windows wait that cannot be aggregated now or in a moment, or None."""

    def step(self) -> float:
        """Replicate a batch; returns the seconds until there may be more.

        Raises:
            SinkError: the destination did not accept it; the step is tried again.
            LedgerError: the ledger cannot be read.
        """

    def close(self) -> None:
        """Release connections."""


class SinkPlugin(Protocol):
    """A kind of sink. It imports its client libraries when they are used, not when it is registered."""

    @property
    def name(self) -> str:
        """Its key in the ledger, on the command line, in metrics and in names of settings: `[a-z][a-z0-9_]*`."""

    @property
    def title(self) -> str:
        """The product's name for people."""

    @property
    def is_live(self) -> bool:
        """Whether its users watch live values there: frames are then stored as they come."""

    @property
    def settings(self) -> type[BaseModel]:
        """Its section of the settings, each field with a description and a default."""

    def destination(self, settings: Settings) -> str | None:
        """The address that it replicates to, without secrets; None: it is not configured."""

    def open(self, context: SinkContext) -> Sink:
        """Open the sink, in the thread that uses it.

        Raises:
            SinkError: it cannot be opened now.
            LedgerError: the ledger cannot be read, or has no such sink.
        """

    def check(self, settings: Settings) -> Phrase | None:
        """What is wrong at the destination of a configured sink, or None. Changes nothing."""

    def set_up(self, settings: Settings) -> Sequence[str]:
        """Create what a configured sink needs and lacks there; returns what has changed, a sentence each.

        Raises:
            SinkError: it cannot be created.
        """

    def create_token(self, settings: Settings) -> str:
        """Create a credential with the rights of everyday replication only.

        Raises:
            SinkError: it cannot be created, or this kind of sink has none.
        """


@runtime_checkable
class RemovableSink(Protocol):
    """A kind of sink that can remove what it has put into its destination."""

    def remove(self, settings: Settings) -> Sequence[str]:
        """Remove everything that a configured sink has replicated; returns what was removed, a sentence each.

        No recorder uses the ledger meanwhile. The sink begins anew when it is used again.

        Raises:
            SinkError: it cannot be removed.
            LedgerError: the ledger cannot be read.
        """


@dataclass(frozen=True, slots=True)
class SinkState:
    """A configured sink as health, metrics and API show it.

    Attributes:
        counts: its backlog in the ledger.
        title: the product's name for people.
        destination: the address that it replicates to.
        problem: why it accepts nothing; None while it does.
    """

    counts: SinkCounts
    title: str
    destination: str
    problem: Phrase | None

    @property
    def name(self) -> str:
        """Its key."""
        return self.counts.name

    def lag_s(self, now_ms: int) -> int:
        """Seconds since the oldest frame arrived that it lacks; 0 where it has all.

        Args:
            now_ms: milliseconds since 1970.
        """
        oldest_ms = self.counts.oldest_ms
        return 0 if oldest_ms is None else max(now_ms - oldest_ms, 0) // 1000
