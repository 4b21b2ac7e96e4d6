"""String changes: a row where a label's string differs from the one before, and how a late frame changes the rows.

Of one millisecond the last frame counts, in the order of `frames_between`. The rows give the string of every moment at
which it was seen; so where the raw frames were deleted, knowing such moments is enough.
"""

import sqlite3
from typing import Final

from tictally_recorder.ledger.quarter_codec import span
from tictally_recorder.ledger.raw_frames import frames_between
from tictally_shared.calendar import QUARTER_MS

_PUT: Final = "INSERT INTO text_change VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
_DROP: Final = "DELETE FROM text_change WHERE meter = ? AND label = ? AND time_ms = ?"
_BEFORE: Final = (
    "SELECT value FROM text_change WHERE meter = ? AND label = ? AND time_ms < ? ORDER BY time_ms DESC LIMIT 1"
)
_NEXT: Final = "SELECT min(time_ms) FROM text_change WHERE meter = ? AND label = ? AND time_ms > ?"
_SETTLED: Final = """
SELECT quarter, CASE settled WHEN x'' THEN packed ELSE settled END FROM quarter
WHERE meter = ? AND quarter >= ? AND quarter <= ? AND settled IS NOT NULL ORDER BY quarter
"""


def add_change(connection: sqlite3.Connection, meter_id: int, label_id: int, time_ms: int, value: str) -> None:
    """Write a row for a string that differs from the one before."""
    connection.execute(_PUT, (meter_id, label_id, time_ms, value))


def add_late(
    connection: sqlite3.Connection, meter_id: int, label: tuple[int, str], seen: tuple[int, str], last_ms: int
) -> list[int]:
    """Correct the rows for a string seen at a time that is not the newest; returns the times of rows that may change.

    The frame's raw row is already inserted. Only the row of its time and the next one can change.

    Args:
        connection: in a transaction.
        meter_id: the meter's id in the ledger.
        label: its id and its name.
        seen: the time and the string.
        last_ms: when the label was last seen.
    """
    label_id, name = label
    time_ms, value = seen
    recorded = _text_before(connection, meter_id, label_id, time_ms + 1)
    if value == recorded:
        return []  # the rows have it already: neither this row nor the next changes
    raw_text = _raw_text(connection, meter_id, name, time_ms)
    after_ms = connection.execute(_NEXT, (meter_id, label_id, time_ms)).fetchone()[0]
    if recorded is not None:  # else the next row is the first that was ever seen
        until_ms = last_ms if after_ms is None else after_ms
        after_ms = _next_seen(connection, meter_id, name, time_ms, until_ms) or after_ms
    moments = [(time_ms, raw_text)]
    if after_ms is not None:
        moments.append((after_ms, _text_before(connection, meter_id, label_id, after_ms + 1)))
    state = _text_before(connection, meter_id, label_id, time_ms)
    for at_ms, text in moments:
        if text == state:
            connection.execute(_DROP, (meter_id, label_id, at_ms))
        else:
            connection.execute(_PUT, (meter_id, label_id, at_ms, text))
        state = text
    return [at_ms for at_ms, _ in moments]


def _text_before(connection: sqlite3.Connection, meter_id: int, label_id: int, time_ms: int) -> str | None:
    row = connection.execute(_BEFORE, (meter_id, label_id, time_ms)).fetchone()
    return row[0] if row is not None else None


def _raw_text(connection: sqlite3.Connection, meter_id: int, name: str, time_ms: int) -> str | None:
    """The string that counts among the raw frames of one millisecond."""
    text: str | None = None
    for _, values in frames_between(connection, meter_id, time_ms, time_ms + 1):
        value = values.get(name)
        if isinstance(value, str):
            text = value
    return text


def _next_seen(connection: sqlite3.Connection, meter_id: int, name: str, after_ms: int, until_ms: int) -> int | None:
    """The first moment in (after_ms, until_ms] at which a string is known to have been seen.

    Where raw frames were deleted, those are the first and the last moment of each settled part: strings are assumed to
    be in every frame.
    """
    found: int | None = None
    for time_ms, values in frames_between(connection, meter_id, after_ms + 1, until_ms + 1):
        if isinstance(values.get(name), str):
            found = until_ms = time_ms
            break
    quarters = (meter_id, after_ms // QUARTER_MS, until_ms // QUARTER_MS)
    for number, settled in connection.execute(_SETTLED, quarters):
        first_ms, last_ms = span(settled, number * QUARTER_MS)
        if last_ms > after_ms:
            moment = first_ms if first_ms > after_ms else last_ms
            # A part may end after the label was last seen, or after the next row.
            return min(moment, until_ms)
    return found
