"""The quarantine: rejected messages, counted and stored as dead letters, and deferred ones, whole for a retry."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from tictally_recorder.ledger.classify import Deferred, Rejected
from tictally_recorder.ledger.model import Message
from tictally_shared.frames import VERSION

MOST_DEAD_LETTERS: Final = 10_000
HEAD_BYTES: Final = 4096
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
        size, head = len(message.payload), message.payload[:HEAD_BYTES]
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


def defer(connection: sqlite3.Connection, message: Message, deferred: Deferred) -> None:
    """Store a message whole; in a transaction."""
    insert = (
        "INSERT INTO deferred_message (edge, topic, arrived_ms, version, due_ms, payload) VALUES (?, ?, ?, ?, ?, ?)"
    )
    topics = (_storable(message.topic_edge), _storable(message.topic))
    connection.execute(insert, (*topics, message.arrived_ms, deferred.version, deferred.due_ms, message.payload))


def take_due(connection: sqlite3.Connection, now_ms: int, limit: int) -> Iterator[Message]:
    """Remove and return deferred messages that are due and of a version that this program reads; in a transaction."""
    select = """
    SELECT id, edge, payload, arrived_ms, topic FROM deferred_message
    WHERE version = ? AND due_ms <= ? ORDER BY id LIMIT ?
    """
    for row_id, *fields in connection.execute(select, (VERSION, now_ms, limit)).fetchall():
        connection.execute("DELETE FROM deferred_message WHERE id = ?", (row_id,))
        yield Message(*fields)


def _storable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
