"""What the ledger knows of an edge's numbers, for who asks after those that it does not know."""

import sqlite3

from tictally_recorder.ledger.numbers import NumberRange, Status

_OF_EDGE = """
SELECT boot.boot, first, last, status FROM number JOIN boot ON boot.id = number.boot JOIN edge ON edge.id = boot.edge
WHERE edge.name = ? ORDER BY boot.id, first
"""


def numbers_of(connection: sqlite3.Connection, edge: str) -> dict[str, list[NumberRange]]:
    """Boot → the ranges of its numbers of which is known what became of them, ascending; older boots first."""
    boots: dict[str, list[NumberRange]] = {}
    for boot, first, last, status in connection.execute(_OF_EDGE, (edge,)):
        boots.setdefault(boot, []).append(NumberRange(first, last, Status(status)))
    return boots


def edges_of(connection: sqlite3.Connection) -> dict[str, int | None]:
    """Edge → time of the newest frame of a meter that it read, None where it never sent a frame; sorted by name."""
    select = """
    SELECT name, max(last_ms) FROM edge LEFT JOIN meter_edge ON meter_edge.edge = edge.id
    LEFT JOIN meter ON meter.id = meter GROUP BY name ORDER BY name
    """
    return dict(connection.execute(select))
