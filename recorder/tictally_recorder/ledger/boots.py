"""The boots of edges, as far as the next frame needs them in memory: their frame numbers.

A number that an edge gives twice, to two frames, is kept twice: the second frame belongs to a fork of the boot, whose
name is the boot's with `+1`, or `+2` and so on where that fork has the number too.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tictally_recorder.ledger.edge_limits import EdgeWatch
from tictally_recorder.ledger.frame_numbers import FrameNumbers, NumberRange, Status

# Boots in memory between two transactions. Each edge needs one, and another for a while after it was restarted.
_MOST_CACHED: Final = 256
MOST_FORKS: Final = 16
FORK: Final = "+"
_OVERFLOWED: Final = """
SELECT DISTINCT edge.name FROM frame_number AS number
JOIN boot ON boot.id = number.boot JOIN edge ON edge.id = boot.edge WHERE status = ?
"""
_FORGET: Final = """
DELETE FROM frame_number WHERE status = ? AND boot IN (
    SELECT boot.id FROM boot JOIN edge ON edge.id = boot.edge WHERE edge.name = ?
)
"""


@dataclass(frozen=True, slots=True)
class Boot:
    """A run of an edge's journal.

    Attributes:
        id: of its row.
        edge: id of the edge.
        edge_name: the edge's name.
        name: 16 hexadecimal digits; of a fork, see above.
        numbers: what happened to its frame numbers.
    """

    id: int
    edge: int
    edge_name: str
    name: str
    numbers: FrameNumbers


class Boots:
    """Boots by edge and name, loaded with their first frame; every call is inside a transaction.

    Args:
        connection: the ledger's.
        watch: limits how many an edge begins.
    """

    def __init__(self, connection: sqlite3.Connection, watch: EdgeWatch) -> None:
        self._connection = connection
        self._watch = watch
        self._cached: dict[tuple[str, str], Boot] = {}  # the one used last is last
        self._used: dict[int, Boot] = {}  # since the last save
        self._overflowed = {name for (name,) in connection.execute(_OVERFLOWED, (Status.OVERFLOWED,))}

    def find(self, edge: str, name: str, now_ms: int) -> Boot | None:
        """A boot, created where it is new; None if the edge has begun too many."""
        found = self._cached.pop((edge, name), None) or self._load(edge, name, now_ms)
        if found is not None:
            self._cached[edge, name] = found
            self._used[found.id] = found
        return found

    def forks(self, boot: Boot, now_ms: int) -> Iterator[Boot]:
        """The forks of a boot, the first one first; fewer where the edge has begun too many."""
        for n in range(1, MOST_FORKS + 1):
            fork = self.find(boot.edge_name, f"{boot.name}{FORK}{n}", now_ms)
            if fork is None:
                return
            yield fork

    def put_overflowed(self, boot: Boot, seq: int) -> None:
        """Note that a message had to be dropped: its number is requested when there is room again."""
        boot.numbers.put(seq, Status.OVERFLOWED)
        self._overflowed.add(boot.edge_name)

    def overflowed(self) -> list[str]:
        """Edges of which messages had to be dropped."""
        return sorted(self._overflowed)

    def forget_overflowed(self, edge: str) -> None:
        """Forget the numbers of an edge's messages that were dropped, so that they count as missing."""
        self.save()
        self._connection.execute(_FORGET, (Status.OVERFLOWED, edge))
        self._cached = {key: boot for key, boot in self._cached.items() if key[0] != edge}
        self._overflowed.discard(edge)

    def save(self) -> None:
        """Write what changed since the last call."""
        for boot in self._used.values():
            gone, ranges = boot.numbers.take_changes()
            for first in gone:
                self._connection.execute("DELETE FROM frame_number WHERE boot = ? AND first = ?", (boot.id, first))
            rows = [(boot.id, each.first, each.last, each.status) for each in ranges]
            self._connection.executemany("INSERT OR REPLACE INTO frame_number VALUES (?, ?, ?, ?)", rows)
        self._used.clear()
        for key in list(self._cached)[:-_MOST_CACHED]:
            del self._cached[key]

    def _load(self, edge: str, name: str, now_ms: int) -> Boot | None:
        execute = self._connection.execute
        execute("INSERT INTO edge (name) VALUES (?) ON CONFLICT DO NOTHING", (edge,))
        edge_id = execute("SELECT id FROM edge WHERE name = ?", (edge,)).fetchone()[0]
        row = execute("SELECT id FROM boot WHERE edge = ? AND boot = ?", (edge_id, name)).fetchone()
        if row is None:
            if not self._watch.admits_boot(edge, now_ms):
                return None
            row = execute("INSERT INTO boot (edge, boot) VALUES (?, ?) RETURNING id", (edge_id, name)).fetchone()
        rows = execute("SELECT first, last, status FROM frame_number WHERE boot = ?", row)
        numbers = FrameNumbers(NumberRange(first, last, Status(status)) for first, last, status in rows)
        return Boot(row[0], edge_id, edge, name, numbers)
