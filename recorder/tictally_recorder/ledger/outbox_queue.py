"""What sinks have yet to replicate, marked for each sink in the transaction of the change itself.

A sink takes marks, replicates, and confirms. A change meanwhile sets a second mark, so that it is replicated again;
what was taken and never confirmed is marked again when the sink next starts.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

from tictally_recorder.ledger.statistics import meter_extents
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.interval_set import IntervalSet

TABLES: Final = """
-- The sinks, and up to which frame they are. No raw frame from raw_since_ms on is missing there.
-- rejected: number of points, note: the sink's own.
CREATE TABLE sink (
    name TEXT PRIMARY KEY, frame INTEGER NOT NULL, raw_since_ms INTEGER NOT NULL, rejected INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- Quarters first to last, and days of cost, that a sink has yet to replicate; taken: 1 while it does.
CREATE TABLE sink_quarter (
    sink TEXT NOT NULL REFERENCES sink, taken INTEGER NOT NULL, meter INTEGER NOT NULL REFERENCES meter,
    first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (sink, taken, meter, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE sink_cost (
    sink TEXT NOT NULL REFERENCES sink, taken INTEGER NOT NULL, site INTEGER NOT NULL, day INTEGER NOT NULL,
    PRIMARY KEY (sink, taken, site, day)
) STRICT, WITHOUT ROWID;
-- Windows that a sink has to aggregate again, from due_ms on.
CREATE TABLE sink_window (
    sink TEXT NOT NULL REFERENCES sink, length_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL,
    PRIMARY KEY (sink, length_ms, start_ms)
) STRICT, WITHOUT ROWID;
-- The newest points that a destination rejected.
CREATE TABLE sink_rejected (
    id INTEGER PRIMARY KEY, sink TEXT NOT NULL REFERENCES sink, at_ms INTEGER NOT NULL, place TEXT NOT NULL,
    reason TEXT NOT NULL, point TEXT NOT NULL
) STRICT
"""
_SINK_TABLES: Final = ("sink_quarter", "sink_cost", "sink_window", "sink_rejected")


def sinks_of(connection: sqlite3.Connection) -> list[str]:
    """The names of the ledger's sinks."""
    return [name for (name,) in connection.execute("SELECT name FROM sink ORDER BY name")]


def set_sinks(connection: sqlite3.Connection, names: Iterable[str]) -> None:
    """Set the ledger's sinks, in a transaction. For a new one everything is marked; a removed one is forgotten."""
    wanted, present = set(names), set(sinks_of(connection))
    for name in present - wanted:
        for table in _SINK_TABLES:
            connection.execute(f"DELETE FROM {table} WHERE sink = ?", (name,))  # noqa: S608 - names of ours
        connection.execute("DELETE FROM sink WHERE name = ?", (name,))
    for name in wanted - present:
        connection.execute("INSERT INTO sink VALUES (?, 0, 0, 0, '{}')", (name,))
        mark_all(connection, name)


def forget_site(connection: sqlite3.Connection, site: int) -> None:
    """Forget what sinks have yet to replicate of a site, which they delete; in a transaction."""
    connection.execute("DELETE FROM sink_cost WHERE site = ?", (site,))
    connection.execute("DELETE FROM sink_quarter WHERE meter IN (SELECT id FROM meter WHERE site = ?)", (site,))


def mark_cost_of_site(connection: sqlite3.Connection, site: int) -> None:
    """Mark all cost of a site for every sink; in a transaction."""
    connection.execute(
        "INSERT OR IGNORE INTO sink_cost SELECT name, 0, site, day FROM cost_day, sink "
        "WHERE replaced_ms = 0 AND site = ?",
        (site,),
    )


def mark_all(connection: sqlite3.Connection, sink: str, start_ms: int = 0, end_ms: int = 2**62) -> None:
    """Mark all of [start_ms, end_ms) that the ledger has, raw frames too; in a transaction.

    The sink's note counts it: a sink replicates what has no marks, such as nights, again when that number has grown.
    """
    for meter in meter_extents(connection):
        first, last = max(meter.first_ms, start_ms) // QUARTER_MS, min(meter.last_ms, end_ms - 1) // QUARTER_MS
        if first <= last:
            mark_quarters(connection, [sink], meter.id, IntervalSet([(first, last)]))
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
    """Mark quarters of a meter, by number; in a transaction."""
    for sink in sinks:
        put_quarters(connection, sink, meter_id, marked_quarters(connection, sink, meter_id), quarters)


def marked_quarters(connection: sqlite3.Connection, sink: str, meter_id: int) -> IntervalSet:
    """The marked quarters of a meter, by number, that a sink has not taken."""
    select = "SELECT first, last FROM sink_quarter WHERE sink = ? AND taken = 0 AND meter = ? ORDER BY first"
    return IntervalSet(connection.execute(select, (sink, meter_id)))


def put_quarters(
    connection: sqlite3.Connection, sink: str, meter_id: int, known: IntervalSet, more: IntervalSet
) -> None:
    """Mark more quarters beside the known marks."""
    wanted = known | more
    if wanted != known:
        replace_quarters(connection, sink, meter_id, wanted)


def replace_quarters(connection: sqlite3.Connection, sink: str, meter_id: int, wanted: IntervalSet) -> None:
    """Set the marks of a meter to these quarters."""
    connection.execute("DELETE FROM sink_quarter WHERE sink = ? AND taken = 0 AND meter = ?", (sink, meter_id))
    rows = ((sink, meter_id, first, last) for first, last in wanted)
    connection.executemany("INSERT INTO sink_quarter VALUES (?, 0, ?, ?, ?)", rows)


def mark_cost(connection: sqlite3.Connection, site_id: int, day: int) -> None:
    """Mark the cost of a site's day (proleptic ordinal) for every sink; in a transaction."""
    connection.execute("INSERT OR IGNORE INTO sink_cost SELECT name, 0, ?, ? FROM sink", (site_id, day))


def note_deleted_frames(connection: sqlite3.Connection, meter_id: int, start_ms: int, end_ms: int) -> None:
    """Note that raw frames of [start_ms, end_ms) are deleted, which some sinks may lack for ever; in a transaction."""
    connection.execute(
        "UPDATE sink SET raw_since_ms = max(raw_since_ms, ?) WHERE frame < "
        "(SELECT max(id) FROM frame WHERE meter = ? AND time_ms >= ? AND time_ms < ?)",
        (end_ms, meter_id, start_ms, end_ms),
    )
