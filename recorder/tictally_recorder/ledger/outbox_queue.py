"""What sinks have yet to copy: marked in the transaction that made it so, one mark for each sink.

A sink takes what is marked, copies it, and drops what it took. What is touched meanwhile is marked beside that, and so
is copied once more; what was taken and never dropped is marked again when the sink next begins.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

from tictally_shared.calendar import QUARTER_MS
from tictally_shared.interval_set import IntervalSet

TABLES: Final = """
-- Where the ledger is copied to, and up to which frame. In its copy no raw frame from raw_since_ms on is missing.
-- refused: points, note: the sink's own.
CREATE TABLE sink (
    name TEXT PRIMARY KEY, frame INTEGER NOT NULL, raw_since_ms INTEGER NOT NULL, refused INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- Quarters first to last, and days of cost, that a sink has to copy; taken: 1 while it does. See marks.py.
CREATE TABLE sink_quarter (
    sink TEXT NOT NULL REFERENCES sink, taken INTEGER NOT NULL, meter INTEGER NOT NULL REFERENCES meter,
    first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (sink, taken, meter, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE sink_cost (
    sink TEXT NOT NULL REFERENCES sink, taken INTEGER NOT NULL, site INTEGER NOT NULL, day INTEGER NOT NULL,
    PRIMARY KEY (sink, taken, site, day)
) STRICT, WITHOUT ROWID;
-- Windows of a sink's own aggregation that are to be run again.
CREATE TABLE sink_window (
    sink TEXT NOT NULL REFERENCES sink, length_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL,
    PRIMARY KEY (sink, length_ms, start_ms)
) STRICT, WITHOUT ROWID;
-- What a sink refused, the newest.
CREATE TABLE sink_refused (
    id INTEGER PRIMARY KEY, sink TEXT NOT NULL REFERENCES sink, at_ms INTEGER NOT NULL, place TEXT NOT NULL,
    reason TEXT NOT NULL, point TEXT NOT NULL
) STRICT
"""
_OF_SINK: Final = ("sink_quarter", "sink_cost", "sink_window", "sink_refused")


def sinks_of(connection: sqlite3.Connection) -> list[str]:
    """The names of the ledger's sinks."""
    return [name for (name,) in connection.execute("SELECT name FROM sink ORDER BY name")]


def set_sinks(connection: sqlite3.Connection, names: Iterable[str]) -> None:
    """Let the ledger have these sinks, in a transaction. A new one has all to copy, one that is gone has nothing."""
    wanted, here = set(names), set(sinks_of(connection))
    for name in here - wanted:
        for table in _OF_SINK:
            connection.execute(f"DELETE FROM {table} WHERE sink = ?", (name,))  # noqa: S608 - names of ours
        connection.execute("DELETE FROM sink WHERE name = ?", (name,))
    for name in wanted - here:
        connection.execute("INSERT INTO sink VALUES (?, 0, 0, 0, '{}')", (name,))
        mark_all(connection, name)


def mark_all(connection: sqlite3.Connection, sink: str, start_ms: int = 0, end_ms: int = 2**62) -> None:
    """All of [start_ms, end_ms) that the ledger has is to be copied, raw frames too; in a transaction.

    The sink's note counts it: of what is not marked, such as nights, the sink copies all when that has grown.
    """
    for meter_id, first_ms, last_ms in connection.execute("SELECT id, first_ms, last_ms FROM meter").fetchall():
        first, last = max(first_ms, start_ms) // QUARTER_MS, min(last_ms, end_ms - 1) // QUARTER_MS
        if first <= last:
            mark_quarters(connection, [sink], meter_id, IntervalSet([(first, last)]))
    connection.execute(
        "INSERT OR IGNORE INTO sink_cost SELECT ?, 0, site, day FROM cost_day "
        "WHERE replaced_ms = 0 AND end * ? > ? AND first * ? < ?",
        (sink, QUARTER_MS, start_ms, QUARTER_MS, end_ms),
    )
    connection.execute(
        "UPDATE sink SET frame = min(frame, coalesce("
        "(SELECT min(id) FROM frame WHERE time_ms >= ? AND time_ms < ?) - 1, frame)), "
        "note = json_set(note, '$.refills', coalesce(json_extract(note, '$.refills'), 0) + 1) WHERE name = ?",
        (start_ms, end_ms, sink),
    )


def mark_quarters(connection: sqlite3.Connection, sinks: Iterable[str], meter_id: int, quarters: IntervalSet) -> None:
    """Quarters of a meter, by number, are to be copied; in a transaction."""
    for sink in sinks:
        put_quarters(connection, sink, meter_id, marked_quarters(connection, sink, meter_id), quarters)


def marked_quarters(connection: sqlite3.Connection, sink: str, meter_id: int) -> IntervalSet:
    """The quarters of a meter, by number, that a sink has to copy and has not taken."""
    select = "SELECT first, last FROM sink_quarter WHERE sink = ? AND taken = 0 AND meter = ? ORDER BY first"
    return IntervalSet(connection.execute(select, (sink, meter_id)))


def put_quarters(
    connection: sqlite3.Connection, sink: str, meter_id: int, known: IntervalSet, more: IntervalSet
) -> None:
    """Let more quarters be marked beside those that are known to be."""
    wanted = known | more
    if wanted != known:
        replace_quarters(connection, sink, meter_id, wanted)


def replace_quarters(connection: sqlite3.Connection, sink: str, meter_id: int, wanted: IntervalSet) -> None:
    """Let just these quarters of a meter be marked."""
    connection.execute("DELETE FROM sink_quarter WHERE sink = ? AND taken = 0 AND meter = ?", (sink, meter_id))
    rows = ((sink, meter_id, first, last) for first, last in wanted)
    connection.executemany("INSERT INTO sink_quarter VALUES (?, 0, ?, ?, ?)", rows)


def mark_cost(connection: sqlite3.Connection, site_id: int, day: int) -> None:
    """The cost of a site's day, by number, is to be copied to every sink; in a transaction."""
    connection.execute("INSERT OR IGNORE INTO sink_cost SELECT name, 0, ?, ? FROM sink", (site_id, day))


def note_gone(connection: sqlite3.Connection, meter_id: int, start_ms: int, end_ms: int) -> None:
    """Raw frames of [start_ms, end_ms) go: a sink that has not got them all will never have them; in a transaction."""
    connection.execute(
        "UPDATE sink SET raw_since_ms = max(raw_since_ms, ?) WHERE frame < "
        "(SELECT max(id) FROM frame WHERE meter = ? AND time_ms >= ? AND time_ms < ?)",
        (end_ms, meter_id, start_ms, end_ms),
    )
