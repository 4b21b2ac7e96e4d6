"""The quarantine: rejected messages, counted and stored as dead letters, and deferred ones, whole for a retry."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from tictally_recorder.ledger.classify import Deferred, Rejected
from tictally_recorder.ledger.edge_limits import EdgeLimits
from tictally_recorder.ledger.model import Message
from tictally_shared.frames import VERSION

MOST_DEAD_LETTERS: Final = 10_000
HEAD_BYTES: Final = 4096
_DEFERRED_BYTES: Final = "SELECT edge, sum(length(payload)) FROM deferred_message GROUP BY edge"
_BY_REASON: Final = """
SELECT rejection.reason, n, topic, detail, arrived_ms FROM rejection
LEFT JOIN dead_letter ON dead_letter.id = (SELECT max(id) FROM dead_letter WHERE dead_letter.reason = rejection.reason)
ORDER BY n DESC
"""


class DeadLetter(NamedTuple):
    """A row of the table `dead_letter`.

    Attributes:
        arrived_ms: when it arrived, milliseconds since 1970.
        topic: it arrived on.
        reason: short code.
        detail: what is wrong, for a person.
        size: of its payload, in bytes.
        head: the payload's first `HEAD_BYTES`.
    """

    arrived_ms: int
    topic: str
    reason: str
    detail: str
    size: int
    head: bytes


@dataclass(frozen=True, slots=True)
class RejectionSummary:
    """The rejected messages of one reason.

    Attributes:
        reason: short code.
        n: how many since the ledger was created.
        topic: of the newest dead letter, or None if none is left.
        detail: what is wrong with it.
        arrived_ms: when it arrived.
    """

    reason: str
    n: int
    topic: str | None
    detail: str | None
    arrived_ms: int | None


def rejections(connection: sqlite3.Connection) -> list[RejectionSummary]:
    """A summary of each reason, the most frequent first."""
    return [RejectionSummary(*row) for row in connection.execute(_BY_REASON)]


class DeadLetters:
    """Counts rejected messages and stores the newest `MOST_DEAD_LETTERS`; `save` writes them in one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._new: list[DeadLetter] = []
        self._counts: Counter[str] = Counter()

    def add(self, message: Message, rejected: Rejected) -> None:
        """Add one, to be written by `save`."""
        size, head = message.size or len(message.payload), message.payload[:HEAD_BYTES]
        topic = _storable(message.topic)
        self._new.append(DeadLetter(message.arrived_ms, topic, rejected.reason, rejected.detail, size, head))
        self._counts[rejected.reason] += 1

    def save(self) -> None:
        """Write what was added since the last call."""
        if not self._new:
            return
        insert = "INSERT INTO dead_letter (arrived_ms, topic, reason, detail, size, head) VALUES (?, ?, ?, ?, ?, ?)"
        self._connection.executemany(insert, self._new)
        delete = "DELETE FROM dead_letter WHERE id <= (SELECT max(id) FROM dead_letter) - ?"
        self._connection.execute(delete, (MOST_DEAD_LETTERS,))
        count = "INSERT INTO rejection VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
        self._connection.executemany(count, self._counts.items())
        self._new.clear()
        self._counts.clear()


class DeferredMessages:
    """Stores deferred messages whole, as many bytes as the limits allow; every call is inside a transaction."""

    def __init__(self, connection: sqlite3.Connection, limits: EdgeLimits) -> None:
        self._connection = connection
        self._limits = limits
        self._bytes: Counter[str] = Counter(dict(connection.execute(_DEFERRED_BYTES)))

    def put(self, message: Message, deferred: Deferred) -> bool:
        """Store a message; False if there is no room for it."""
        edge, size = _storable(message.topic_edge), len(message.payload)
        limits = self._limits
        if self._bytes[edge] + size > limits.deferred_bytes or self._bytes.total() + size > limits.all_deferred_bytes:
            return False
        self._bytes[edge] += size
        row = (edge, _storable(message.topic), message.arrived_ms, deferred.version, deferred.due_ms, message.payload)
        insert = (
            "INSERT INTO deferred_message (edge, topic, arrived_ms, version, due_ms, payload) VALUES (?, ?, ?, ?, ?, ?)"
        )
        self._connection.execute(insert, row)
        return True

    def has_room_again(self, edge: str) -> bool:
        """Whether half of the room is free, an edge's own and that of all."""
        limits = self._limits
        return self._bytes[edge] <= limits.deferred_bytes // 2 and self._bytes.total() <= limits.all_deferred_bytes // 2

    def take_due(self, now_ms: int, limit: int) -> Iterator[Message]:
        """Remove and return messages that are due and of a version that this program reads."""
        select = """
        SELECT id, edge, payload, arrived_ms, topic FROM deferred_message
        WHERE version = ? AND due_ms <= ? ORDER BY id LIMIT ?
        """
        for row_id, *fields in self._connection.execute(select, (VERSION, now_ms, limit)).fetchall():
            self._connection.execute("DELETE FROM deferred_message WHERE id = ?", (row_id,))
            message = Message(*fields)
            self._bytes[message.topic_edge] -= len(message.payload)
            yield message


def _storable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
