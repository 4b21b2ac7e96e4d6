"""Text changes: a row where a text differs from what was seen before, and the frame that comes late among them.

What was seen at one millisecond counts once: the last in the order of `frames_between`. At every moment at which a text
was seen, the rows tell what was seen; so where the raw frames are gone, it is enough to know such moments.
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
    """A row for a text that differs from what was seen before."""
    connection.execute(_PUT, (meter_id, label_id, time_ms, value))


def add_late(
    connection: sqlite3.Connection, meter_id: int, label: tuple[int, str], seen: tuple[int, str], last_ms: int
) -> bool:
    """Make the rows right after a text was seen at a time that is not the newest; True where one changed.

    The frame stands among the raw ones already. Its row and the next one's are all that it can touch.

    Args:
        connection: in a transaction.
        meter_id: the ledger's number of the meter.
        label: its id and its name.
        seen: the time and the text.
        last_ms: when the label was seen last.
    """
    label_id, name = label
    time_ms, value = seen
    told = _text_before(connection, meter_id, label_id, time_ms + 1)
    if value == told:
        return False  # what the rows say of this moment already: it changes neither this row nor the next
    here = _raw_text(connection, meter_id, name, time_ms)
    after_ms = connection.execute(_NEXT, (meter_id, label_id, time_ms)).fetchone()[0]
    if told is not None:  # else the next row is the first that was ever seen
        until_ms = last_ms if after_ms is None else after_ms
        after_ms = _next_seen(connection, meter_id, name, time_ms, until_ms) or after_ms
    moments = [(time_ms, here)]
    if after_ms is not None:
        moments.append((after_ms, _text_before(connection, meter_id, label_id, after_ms + 1)))
    state = _text_before(connection, meter_id, label_id, time_ms)
    for at_ms, text in moments:
        if text == state:
            connection.execute(_DROP, (meter_id, label_id, at_ms))
        else:
            connection.execute(_PUT, (meter_id, label_id, at_ms, text))
        state = text
    return True


def _text_before(connection: sqlite3.Connection, meter_id: int, label_id: int, time_ms: int) -> str | None:
    row = connection.execute(_BEFORE, (meter_id, label_id, time_ms)).fetchone()
    return row[0] if row is not None else None


def _raw_text(connection: sqlite3.Connection, meter_id: int, name: str, time_ms: int) -> str | None:
    """What counts of the raw frames of a moment."""
    text: str | None = None
    for _, values in frames_between(connection, meter_id, time_ms, time_ms + 1):
        value = values.get(name)
        if isinstance(value, str):
            text = value
    return text


def _next_seen(connection: sqlite3.Connection, meter_id: int, name: str, after_ms: int, until_ms: int) -> int | None:
    """The first moment in (after_ms, until_ms] at which a text is known to have been seen.

    Where raw frames are gone, those are the first and the last moment of each settled part: texts are taken to stand in
    every frame.
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
            # What ends later than the label was seen, or a row stands in: there is the moment.
            return min(moment, until_ms)
    return found
