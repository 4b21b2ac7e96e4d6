"""Raw frames of a meter, read back in the order of time."""

import sqlite3
from collections.abc import Iterator

from tictally_recorder.ledger.bodies import decode_body

# Frames of one millisecond follow one another by what is theirs, not by when they came: the order of arrival never
# shows in an answer.
_BETWEEN = """
SELECT frame.time_ms, frame.body FROM frame JOIN boot ON boot.id = frame.boot JOIN edge ON edge.id = boot.edge
WHERE frame.meter = ? AND frame.time_ms >= ? AND frame.time_ms < ?
ORDER BY frame.time_ms, boot.boot, edge.name, frame.seq
"""

_NEWEST = "SELECT time_ms, body FROM frame WHERE meter = ? ORDER BY time_ms DESC, id DESC LIMIT 1"


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
