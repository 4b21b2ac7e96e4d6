"""Quarters kept up to date: a frame in the order of time is added at once, others have their quarter made again."""

import sqlite3
from collections.abc import Mapping
from typing import Final

from tictally_recorder.ledger.label_ids import LabelNames
from tictally_recorder.ledger.meters import MeterState
from tictally_recorder.ledger.model import Quarter
from tictally_recorder.ledger.outbox_queue import note_gone
from tictally_recorder.ledger.quarter_codec import pack, unpack
from tictally_recorder.ledger.raw_frames import frames_between
from tictally_recorder.ledger.rollup import Rollup, add_frames, roll_up
from tictally_shared.calendar import QUARTER_MS

_OPEN_AT_MOST: Final = 8
_SETTLED: Final = """
SELECT CASE settled WHEN x'' THEN packed ELSE settled END FROM quarter WHERE meter = ? AND quarter = ?
"""
# What was settled as a whole stays the settled part when more comes.
_PUT: Final = """
INSERT INTO quarter (meter, quarter, packed) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET settled = CASE settled WHEN x'' THEN packed ELSE settled END, packed = excluded.packed
"""


def compute(connection: sqlite3.Connection, names: Mapping[int, str], meter_id: int, number: int) -> Quarter | None:
    """A quarter from its settled part and its raw frames; None where there are neither."""
    start_ms = number * QUARTER_MS
    frames = frames_between(connection, meter_id, start_ms, start_ms + QUARTER_MS)
    row = connection.execute(_SETTLED, (meter_id, number)).fetchone()
    if row is None or row[0] is None:
        return roll_up(meter_id, start_ms, frames)
    return add_frames(unpack(row[0], meter_id, start_ms, names), frames)


class Quarters:
    """Writes the rows of quarters; every call stands in a transaction."""

    def __init__(self, connection: sqlite3.Connection, labels: LabelNames) -> None:
        self._connection = connection
        self._labels = labels

    def add(self, meter: MeterState, time_ms: int, values: Mapping[str, int | str]) -> None:
        """Add a frame that stands among the raw ones already."""
        number = time_ms // QUARTER_MS
        if number in meter.dirty:
            return
        rollup = meter.open.get(number)
        if rollup is None:
            rollup = meter.open[number] = self._load(meter.id, number)
        if rollup.n and time_ms <= rollup.last_ms:
            # Between two frames only the raw ones can tell whether a register fell and rose again.
            del meter.open[number]
            meter.changed_quarters.discard(number)
            meter.dirty.add(number)
            self._connection.execute("INSERT INTO dirty VALUES (?, ?)", (meter.id, number))
            return
        rollup.add(time_ms, values)
        meter.changed_quarters.add(number)

    def save(self, meter: MeterState) -> None:
        """Write the rows that have changed; the newest stay open for the next frames."""
        for number in meter.changed_quarters:
            self._put(meter.open[number].quarter())
        meter.changed_quarters.clear()
        for number in sorted(meter.open)[:-_OPEN_AT_MOST]:
            del meter.open[number]

    def settle(self, limit: int) -> list[tuple[int, int]]:
        """Compute dirty quarters again, the oldest first; which (meter id, number) were."""
        select = "SELECT meter, quarter FROM dirty ORDER BY quarter LIMIT ?"
        settled: list[tuple[int, int]] = self._connection.execute(select, (limit,)).fetchall()
        for meter_id, number in settled:
            self._compute(meter_id, number)
        return settled

    def close(self, meter_id: int, number: int) -> bool:
        """Take all that a quarter has into its settled part, its raw frames go; True where it was dirty."""
        row = (meter_id, number)
        is_dirty = self._connection.execute("SELECT 1 FROM dirty WHERE meter = ? AND quarter = ?", row).fetchone()
        if is_dirty:
            self._compute(meter_id, number)
        self._connection.execute("UPDATE quarter SET settled = x'' WHERE meter = ? AND quarter = ?", row)
        bounds = (meter_id, number * QUARTER_MS, (number + 1) * QUARTER_MS)
        note_gone(self._connection, *bounds)
        self._connection.execute("DELETE FROM frame WHERE meter = ? AND time_ms >= ? AND time_ms < ?", bounds)
        return is_dirty is not None

    def _compute(self, meter_id: int, number: int) -> None:
        quarter = compute(self._connection, self._labels.names, meter_id, number)
        if quarter is not None:
            self._put(quarter)
        self._connection.execute("DELETE FROM dirty WHERE meter = ? AND quarter = ?", (meter_id, number))

    def _load(self, meter_id: int, number: int) -> Rollup:
        select = "SELECT packed FROM quarter WHERE meter = ? AND quarter = ?"
        row = self._connection.execute(select, (meter_id, number)).fetchone()
        start_ms = number * QUARTER_MS
        if row is None:
            return Rollup(meter_id, start_ms)
        return Rollup.of(unpack(row[0], meter_id, start_ms, self._labels.names))

    def _put(self, quarter: Quarter) -> None:
        packed = pack(quarter, self._labels.ids)
        self._connection.execute(_PUT, (quarter.meter_id, quarter.start_ms // QUARTER_MS, packed))
