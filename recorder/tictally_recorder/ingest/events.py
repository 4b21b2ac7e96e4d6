"""What happens to a recorder: everything reaches its loop as one of these, through one queue."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue

from tictally_recorder.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker has let us in.

    Attributes:
        connection: number of the connection that began with it.
    """

    connection: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker has answered what was asked for: from now on it keeps for us what is published there."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something the broker or the network refuses, and is tried again.

    Attributes:
        sentence: for a person.
    """

    sentence: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message.

    Attributes:
        topic: it came on.
        payload: its bytes.
        arrived_ms: when, milliseconds since 1970 by this machine's clock.
        mid: the broker's number for it, which means nothing in another connection.
        qos: 0 or 1; what came with 0 is not acknowledged.
        connection: number of the connection it came by.
        is_retained: True where the broker had kept it: it tells what was, not what is.
    """

    topic: str
    payload: bytes
    arrived_ms: int
    mid: int
    qos: int
    connection: int
    is_retained: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """The recorder shall end."""


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody has changed price lists or contracts, and does not want to wait."""


@dataclass(frozen=True, slots=True)
class Do:
    """Somebody in another thread wants something written, and waits until it is safe.

    Attributes:
        work: what is to be done; short, as frames wait meanwhile.
        done: is told when it is, or why it is not.
    """

    work: Callable[[Ledger], object]
    done: Future[object] = field(default_factory=Future)


Event = Connected | Subscribed | Trouble | Arrived | Look | Do | Stop
Inbox = SimpleQueue[Event]
