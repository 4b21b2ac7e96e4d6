"""Reads raw frames, in order of time."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator

from tictally_recorder.ledger.frame_codec import NumberReader, decode_body
from tictally_shared.calendar import QUARTER_MS

# Frames of the same millisecond are ordered by their own fields, so that no result depends on the order of arrival.
_BETWEEN = """
SELECT frame.time_ms, frame.body FROM frame JOIN boot ON boot.id = frame.boot JOIN edge ON edge.id = boot.edge
WHERE frame.meter = ? AND frame.time_ms >= ? AND frame.time_ms < ?
ORDER BY frame.time_ms, boot.boot, edge.name, frame.seq
"""
# Retention deletes quarter by quarter and leaves a settled part. One statement reads one snapshot of both.
_COMPLETE_BETWEEN = """
SELECT time_ms, body FROM frame WHERE meter = :meter AND time_ms >= :start AND time_ms < :end AND NOT EXISTS (
    SELECT 1 FROM quarter WHERE meter = :meter AND quarter >= :first AND quarter <= :last AND settled IS NOT NULL
)
ORDER BY time_ms
"""

_NEWEST = "SELECT time_ms, body FROM frame WHERE meter = ? ORDER BY time_ms DESC, id DESC LIMIT 1"

_LATEST = """
SELECT meter, time_ms, body FROM frame WHERE meter IN (SELECT value FROM json_each(?))
ORDER BY time_ms DESC, meter, id DESC LIMIT ? OFFSET ?
"""


def latest_frames(
    connection: sqlite3.Connection, meters: Collection[int], limit: int, offset: int
) -> Iterator[tuple[int, int, dict[str, int | str]]]:
    """(meter, time_ms, values) of the newest frames of some meters, the newest first."""
    for meter, time_ms, body in connection.execute(_LATEST, (json.dumps(list(meters)), limit, offset)):
        yield meter, time_ms, decode_body(body)[0]


def newest_frame(connection: sqlite3.Connection, meter_id: int) -> tuple[int, dict[str, int | str]] | None:
    """(time_ms, values) of a meter's newest frame, or None."""
    row = connection.execute(_NEWEST, (meter_id,)).fetchone()
    return None if row is None else (int(row[0]), decode_body(row[1])[0])


def frames_between(
    connection: sqlite3.Connection, meter_id: int, start_ms: int, end_ms: int
) -> Iterator[tuple[int, dict[str, int | str]]]:
    """(time_ms, values) of the frames in [start_ms, end_ms)."""
    for time_ms, body in connection.execute(_BETWEEN, (meter_id, start_ms, end_ms)):
        yield time_ms, decode_body(body)[0]


def complete_numbers_between(
    connection: sqlite3.Connection, meter_id: int, labels: Iterable[str], start_ms: int, end_ms: int
) -> Iterator[tuple[int, dict[str, int]]]:
    """(time_ms, numbers of some labels) of the frames in [start_ms, end_ms), where no raw frame is missing.

    Empty if retention deleted frames of any quarter that overlaps the window.
    """
    reader = NumberReader(labels)
    bounds = {"meter": meter_id, "start": start_ms, "end": end_ms}
    quarters = {"first": start_ms // QUARTER_MS, "last": (end_ms - 1) // QUARTER_MS}
    for time_ms, body in connection.execute(_COMPLETE_BETWEEN, bounds | quarters):
        yield time_ms, reader.read(body)
