"""Messages that are no frames: set aside and counted, or kept whole to be tried again."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tictally_recorder.ledger.classify import Bad, Later
from tictally_recorder.ledger.model import Message
from tictally_shared.frames import VERSION

_BY_REASON = """
SELECT refused.reason, n, topic, sentence, arrived_ms FROM refused
LEFT JOIN aside ON aside.id = (SELECT max(id) FROM aside WHERE aside.reason = refused.reason) ORDER BY n DESC
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """Messages that were no frames, of one reason.

    Attributes:
        reason: for counting.
        n: how many there were since the ledger was made.
        topic: of the newest one, or None where none is kept any more.
        sentence: what was wrong with it.
        arrived_ms: when it came.
    """

    reason: str
    n: int
    topic: str | None
    sentence: str | None
    arrived_ms: int | None


def refusals(connection: sqlite3.Connection) -> list[Refused]:
    """Each reason, the most frequent first."""
    return [Refused(*row) for row in connection.execute(_BY_REASON)]


KEEP: Final = 10_000
HEAD_BYTES: Final = 4096


class Asides:
    """Counts messages and holds on to their first bytes, to the newest `KEEP`; written together, in one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[int, str, str, str, int, bytes]] = []
        self._counts: Counter[str] = Counter()

    def add(self, message: Message, bad: Bad) -> None:
        """Set one aside, to be written by `save`."""
        row = (message.arrived_ms, _storable(message.topic), bad.reason, bad.sentence, len(message.payload))
        self._rows.append((*row, message.payload[:HEAD_BYTES]))
        self._counts[bad.reason] += 1

    def save(self) -> None:
        """Write what was set aside since the last call."""
        if not self._rows:
            return
        insert = "INSERT INTO aside (arrived_ms, topic, reason, sentence, size, head) VALUES (?, ?, ?, ?, ?, ?)"
        self._connection.executemany(insert, self._rows)
        self._connection.execute("DELETE FROM aside WHERE id <= (SELECT max(id) FROM aside) - ?", (KEEP,))
        count = "INSERT INTO refused VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
        self._connection.executemany(count, self._counts.items())
        self._rows.clear()
        self._counts.clear()


def keep(connection: sqlite3.Connection, message: Message, later: Later) -> None:
    """Keep a message whole; in a transaction."""
    insert = "INSERT INTO kept (edge, topic, arrived_ms, version, due_ms, payload) VALUES (?, ?, ?, ?, ?, ?)"
    topics = (_storable(message.topic_edge), _storable(message.topic))
    connection.execute(insert, (*topics, message.arrived_ms, later.version, later.due_ms, message.payload))


def take_due(connection: sqlite3.Connection, now_ms: int, limit: int) -> Iterator[Message]:
    """Kept messages that this program can read and whose time has come, out of the ledger; in a transaction."""
    select = (
        "SELECT id, edge, payload, arrived_ms, topic FROM kept WHERE version = ? AND due_ms <= ? ORDER BY id LIMIT ?"
    )
    for each, *fields in connection.execute(select, (VERSION, now_ms, limit)).fetchall():
        connection.execute("DELETE FROM kept WHERE id = ?", (each,))
        yield Message(*fields)


def _storable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
