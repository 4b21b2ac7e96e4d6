"""Checks a ledger's integrity: SQLite's own checks, and what must hold between its tables."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from tictally_recorder.ledger.connection import open_for_reading
from tictally_recorder.ledger.errors import LedgerError
from tictally_recorder.ledger.frame_numbers import Status
from tictally_recorder.ledger.meters import LabelIds
from tictally_recorder.ledger.quarter_codec import unpack
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.frames import iso_utc

_MOST_PROBLEMS: Final = 5
_WITHOUT_SOURCE: Final = """
SELECT key, quarter FROM quarter JOIN meter ON meter.id = meter
WHERE settled IS NULL AND NOT EXISTS (
    SELECT 1 FROM frame
    WHERE frame.meter = quarter.meter AND time_ms >= quarter * :length AND time_ms < (quarter + 1) * :length
)
ORDER BY quarter
"""
_MISSING: Final = """
SELECT key, quarter FROM (SELECT DISTINCT meter, time_ms / :length AS quarter FROM frame) AS held
JOIN meter ON meter.id = held.meter
WHERE NOT EXISTS (SELECT 1 FROM quarter WHERE quarter.meter = held.meter AND quarter.quarter = held.quarter)
AND NOT EXISTS (SELECT 1 FROM dirty_quarter AS dirty WHERE dirty.meter = held.meter AND dirty.quarter = held.quarter)
ORDER BY quarter
"""
_OVERLAPPING: Final = """
SELECT name, boot.boot, first, last, next FROM
    (SELECT boot, first, last, lead(first) OVER (PARTITION BY boot ORDER BY first) AS next FROM frame_number) AS number
JOIN boot ON boot.id = number.boot JOIN edge ON edge.id = boot.edge WHERE last < first OR next <= last
"""
_UNNUMBERED: Final = """
SELECT name, boot.boot, count(*) FROM frame JOIN boot ON boot.id = frame.boot JOIN edge ON edge.id = boot.edge
WHERE NOT EXISTS (
    SELECT 1 FROM frame_number AS number WHERE number.boot = frame.boot AND status = :stored
    AND first = (SELECT max(first) FROM frame_number AS number WHERE number.boot = frame.boot AND first <= seq)
    AND last >= seq
)
GROUP BY name, boot.boot
"""


def integrity(path: Path) -> list[str]:
    """The problems of a ledger, a sentence each; none where it is intact.

    Reads all of it, which takes seconds to minutes; the recorder may write meanwhile.
    """
    try:
        with closing(open_for_reading(path)) as connection:
            connection.execute("BEGIN")  # one snapshot for all checks
            try:
                # In a file that SQLite finds damaged, every other check is unreliable.
                return list(_damage(connection)) or list(_contradictions(connection))
            except sqlite3.Error as error:
                return [f"the ledger {path} cannot be read to its end: {error}"]
    except LedgerError as error:
        return [str(error)]


def _damage(connection: sqlite3.Connection) -> Iterator[str]:
    for (message,) in connection.execute(f"PRAGMA integrity_check({_MOST_PROBLEMS})"):
        if message != "ok":
            yield f"the ledger's file is damaged: {message}"


def _contradictions(connection: sqlite3.Connection) -> Iterator[str]:
    orphans: dict[tuple[str, str], int] = {}
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        orphans[table, parent] = orphans.get((table, parent), 0) + 1
    for (table, parent), n in orphans.items():
        yield f"{n} rows of {table} reference a missing {parent}"
    yield from _quarters(connection, _WITHOUT_SOURCE, "have neither raw frames nor a settled part")
    yield from _quarters(connection, _MISSING, "have raw frames and no row")
    yield from _unreadable(connection)
    for edge, boot, first, last, after in connection.execute(_OVERLAPPING):
        problem = "reversed" if last < first else f"recorded twice from {after} on"
        yield f"the frame numbers {first} to {last} of edge {edge}, boot {boot}, are {problem}"
    for edge, boot, n in connection.execute(_UNNUMBERED, {"stored": Status.STORED}):
        yield f"{n} frames of edge {edge}, boot {boot}, are stored without their numbers"


def _quarters(connection: sqlite3.Connection, select: str, what: str) -> Iterator[str]:
    found = connection.execute(select, {"length": QUARTER_MS}).fetchall()
    if found:
        meter, number = found[0]
        yield f"{len(found)} quarter-hours {what}; the first is {_named(meter, number)}"


def _unreadable(connection: sqlite3.Connection) -> Iterator[str]:
    names = LabelIds(connection).names
    rows = "SELECT key, quarter, packed, settled FROM quarter JOIN meter ON meter.id = meter ORDER BY quarter"
    n, first = 0, ""
    for meter, number, packed, settled in connection.execute(rows):
        try:
            for part in {packed, settled or packed}:
                unpack(part, 0, number * QUARTER_MS, names)
        except LedgerError as error:
            n, first = n + 1, first or f"the first is {_named(meter, number)}: {error}"
    if n:
        yield f"{n} quarter-hours cannot be read; {first}"


def _named(meter: str, number: int) -> str:
    return f"meter {meter}'s from {iso_utc(number * QUARTER_MS)}"
