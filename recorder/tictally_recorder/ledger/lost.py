"""When the frames were that are lost: noted while the frames around them are still there as they came."""

import json
import sqlite3
from collections.abc import Collection
from typing import Final

from tictally_recorder.ledger.numbers import Status

_BEFORE: Final = "SELECT time_ms FROM frame WHERE boot = ? AND seq < ? ORDER BY seq DESC LIMIT 1"
_AFTER: Final = "SELECT time_ms FROM frame WHERE boot = ? AND seq > ? ORDER BY seq LIMIT 1"
# A number that came after all is lost no more; its row here stays.
_BETWEEN: Final = """
SELECT coalesce(sum(min(lost.last, number.last) - max(lost.first, number.first) + 1), 0) FROM lost
JOIN number ON number.boot = lost.boot AND number.first <= lost.last AND number.last >= lost.first
JOIN boot ON boot.id = lost.boot JOIN edge ON edge.id = boot.edge
WHERE number.status = :lost AND after_ms < :end AND before_ms >= :start
    AND edge.name IN (SELECT value FROM json_each(:edges))
"""


def note_when(connection: sqlite3.Connection, boot_id: int, first: int, last: int) -> None:
    """Note between which frames' times the numbers first to last of a boot were; in a transaction."""
    after, before = (
        connection.execute(select, (boot_id, number)).fetchone()
        for select, number in ((_BEFORE, first), (_AFTER, last))
    )
    row = (boot_id, first, last, after[0] if after is not None else None, before[0] if before is not None else None)
    connection.execute("INSERT OR REPLACE INTO lost VALUES (?, ?, ?, ?, ?)", row)


def lost_between(connection: sqlite3.Connection, edges: Collection[str], start_ms: int, end_ms: int) -> int:
    """How many frames of some edges are lost that may have been in [start_ms, end_ms), as far as that is known."""
    values = {"lost": Status.LOST, "start": start_ms, "end": end_ms, "edges": json.dumps(list(edges))}
    return int(connection.execute(_BETWEEN, values).fetchone()[0])
