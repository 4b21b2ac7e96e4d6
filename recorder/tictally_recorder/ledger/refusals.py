"""What was set aside, by reason, each with its newest example."""

import sqlite3
from dataclasses import dataclass

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
