"""Events of the recorder's loop: everything from other threads reaches it as one of these, through one queue."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue

from tictally_recorder.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker accepted the connection.

    Attributes:
        connection: number of the connection.
    """

    connection: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker acknowledged the subscription: from now on it queues what is published there."""


@dataclass(frozen=True, slots=True)
class ConnectionProblem:
    """The broker or the network refused something; the client retries by itself.

    Attributes:
        sentence: for the log.
    """

    sentence: str


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message.

    Attributes:
        topic: of the message.
        payload: its bytes.
        arrived_ms: when it was received, milliseconds since 1970 by this machine's clock.
        mid: its packet identifier, valid only in its own connection.
        qos: 0 or 1; a message of QoS 0 is not acknowledged.
        connection: number of the connection that delivered it.
        is_retained: True if the broker had retained it: it describes the past.
        size: of the payload as sent, in bytes; of one over 64 KiB only the head is here. None: as it is here.
    """

    topic: str
    payload: bytes
    arrived_ms: int
    mid: int
    qos: int
    connection: int
    is_retained: bool = False
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The recorder is to shut down."""


@dataclass(frozen=True, slots=True)
class ReloadConfig:
    """Tariffs or contracts have changed and are to be applied at once."""


@dataclass(frozen=True, slots=True)
class WriteCommand:
    """A write to the ledger on behalf of another thread, which waits until it is committed.

    Attributes:
        work: the write; short, because frames wait meanwhile.
        done: resolved with its result, or with its exception.
    """

    work: Callable[[Ledger], object]
    done: Future[object] = field(default_factory=Future)


Event = Connected | Subscribed | ConnectionProblem | MessageReceived | ReloadConfig | WriteCommand | Stop
Inbox = SimpleQueue[Event]
