"""Keeps quarters up to date: frames in order of time are added at once, late ones make their quarter dirty."""

import sqlite3
from collections.abc import Mapping
from typing import Final

from tictally_recorder.ledger.meters import LabelIds, MeterState
from tictally_recorder.ledger.model import Quarter
from tictally_recorder.ledger.outbox_queue import note_deleted_frames
from tictally_recorder.ledger.quarter_codec import pack, unpack
from tictally_recorder.ledger.raw_frames import frames_between
from tictally_recorder.ledger.rollup import Rollup, add_frames, roll_up
from tictally_shared.calendar import QUARTER_MS

_MOST_OPEN: Final = 8
_SETTLED: Final = """
SELECT CASE settled WHEN x'' THEN packed ELSE settled END FROM quarter WHERE meter = ? AND quarter = ?
"""
# The option, by which registers count: where it changes, a quarter's runs end. Source: Enedis-NOI-CPT_54E §6.2.
OPTION: Final = "NGTF"
_CUTS: Final = """
SELECT time_ms FROM text_change
WHERE meter = ? AND label = (SELECT id FROM label WHERE name = ?) AND time_ms >= ? AND time_ms < ?
"""
# A quarter that was completely settled keeps that as its settled part when more frames arrive.
_PUT: Final = """
INSERT INTO quarter (meter, quarter, packed) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET settled = CASE settled WHEN x'' THEN packed ELSE settled END, packed = excluded.packed
"""


def compute_quarter(
    connection: sqlite3.Connection, names: Mapping[int, str], meter_id: int, number: int
) -> Quarter | None:
    """A quarter from its settled part and its raw frames; None if there are neither."""
    start_ms = number * QUARTER_MS
    frames = frames_between(connection, meter_id, start_ms, start_ms + QUARTER_MS)
    cuts = _cuts(connection, meter_id, start_ms)
    row = connection.execute(_SETTLED, (meter_id, number)).fetchone()
    if row is None or row[0] is None:
        return roll_up(meter_id, start_ms, frames, cuts)
    return add_frames(unpack(row[0], meter_id, start_ms, names), frames, cuts)


def _cuts(connection: sqlite3.Connection, meter_id: int, start_ms: int) -> list[int]:
    """When the option changed within a quarter."""
    row = (meter_id, OPTION, start_ms, start_ms + QUARTER_MS)
    return [time_ms for (time_ms,) in connection.execute(_CUTS, row)]


class QuarterStore:
    """Writes the rows of quarters; every call is inside a transaction."""

    def __init__(self, connection: sqlite3.Connection, labels: LabelIds) -> None:
        self._connection = connection
        self._labels = labels

    def add(self, meter: MeterState, time_ms: int, values: Mapping[str, int | str], *, is_cut: bool = False) -> None:
        """Add a frame whose raw row is already inserted; `is_cut` if the option changes with it."""
        number = time_ms // QUARTER_MS
        if number in meter.dirty:
            return
        rollup = meter.open.get(number)
        if rollup is None:
            rollup = meter.open[number] = self._load(meter.id, number)
        if rollup.n and time_ms <= rollup.last_ms:
            # Only the raw frames show whether a register fell and rose again between two frames.
            self._mark_dirty(meter, number)
            return
        if is_cut:
            rollup.cut()
        rollup.add(time_ms, values)
        meter.changed_quarters.add(number)

    def cut(self, meter: MeterState, number: int) -> None:
        """Have a quarter that has frames recomputed, since the option changed within it, or no longer does."""
        select = "SELECT 1 FROM quarter WHERE meter = ? AND quarter = ?"
        if number in meter.open or self._connection.execute(select, (meter.id, number)).fetchone():
            self._mark_dirty(meter, number)

    def _mark_dirty(self, meter: MeterState, number: int) -> None:
        if number not in meter.dirty:
            meter.open.pop(number, None)
            meter.changed_quarters.discard(number)
            meter.dirty.add(number)
            self._connection.execute("INSERT INTO dirty_quarter VALUES (?, ?)", (meter.id, number))

    def save(self, meter: MeterState) -> None:
        """Write the rows that changed; the newest stay open for the next frames."""
        for number in meter.changed_quarters:
            self._put(meter.open[number].quarter())
        meter.changed_quarters.clear()
        for number in sorted(meter.open)[:-_MOST_OPEN]:
            del meter.open[number]

    def recompute_dirty(self, limit: int) -> list[tuple[int, int]]:
        """Recompute dirty quarters, the oldest first; returns their (meter id, number)."""
        select = "SELECT meter, quarter FROM dirty_quarter ORDER BY quarter LIMIT ?"
        dirty: list[tuple[int, int]] = self._connection.execute(select, (limit,)).fetchall()
        for meter_id, number in dirty:
            self._compute(meter_id, number)
        return dirty

    def settle(self, meter_id: int, number: int) -> bool:
        """Make the whole quarter its settled part and delete its raw frames; True if it was dirty."""
        row = (meter_id, number)
        is_dirty = self._connection.execute(
            "SELECT 1 FROM dirty_quarter WHERE meter = ? AND quarter = ?", row
        ).fetchone()
        if is_dirty:
            self._compute(meter_id, number)
        self._connection.execute("UPDATE quarter SET settled = x'' WHERE meter = ? AND quarter = ?", row)
        bounds = (meter_id, number * QUARTER_MS, (number + 1) * QUARTER_MS)
        note_deleted_frames(self._connection, *bounds)
        self._connection.execute("DELETE FROM frame WHERE meter = ? AND time_ms >= ? AND time_ms < ?", bounds)
        return is_dirty is not None

    def _compute(self, meter_id: int, number: int) -> None:
        quarter = compute_quarter(self._connection, self._labels.names, meter_id, number)
        if quarter is not None:
            self._put(quarter)
        self._connection.execute("DELETE FROM dirty_quarter WHERE meter = ? AND quarter = ?", (meter_id, number))

    def _load(self, meter_id: int, number: int) -> Rollup:
        select = "SELECT packed FROM quarter WHERE meter = ? AND quarter = ?"
        row = self._connection.execute(select, (meter_id, number)).fetchone()
        start_ms = number * QUARTER_MS
        if row is None:
            return Rollup(meter_id, start_ms)
        rollup = Rollup.of(unpack(row[0], meter_id, start_ms, self._labels.names))
        # A register that no frame has had since the option changed begins a new run when it comes back.
        rollup.cut_at(_cuts(self._connection, meter_id, start_ms))
        return rollup

    def _put(self, quarter: Quarter) -> None:
        packed = pack(quarter, self._labels.ids)
        self._connection.execute(_PUT, (quarter.meter_id, quarter.start_ms // QUARTER_MS, packed))
