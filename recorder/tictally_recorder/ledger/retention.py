"""Retention of raw frames: a quarter's frames are deleted together, once its total is its settled part.

A wrong clock deletes nothing: "now" is the earlier of the recorder's clock and the newest frame's time, which an edge
has proved.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final, Self

from tictally_shared.calendar import QUARTER_MS

_DAY_MS: Final = 24 * 60 * 60 * 1000
RETENTION_MS: Final = 2 * _DAY_MS
MOST_RETENTION_MS: Final = 30 * _DAY_MS
# One step reads one quarter at line rate, or many sparse ones.
_FRAMES_PER_STEP: Final = 1000

_NEXT: Final = """
SELECT meter, time_ms FROM frame WHERE (meter, time_ms) >= (?, ?) ORDER BY meter, time_ms LIMIT 1
"""
_FRAMES: Final = "SELECT count(*), max(arrived_ms), max(id) FROM frame WHERE meter = ? AND time_ms >= ? AND time_ms < ?"


@dataclass(frozen=True, slots=True)
class RetentionLimits:
    """Which quarters' raw frames may be deleted at a moment.

    Attributes:
        now_ms: by the recorder's clock.
        present_ms: the earlier of that and the newest frame's time.
        keep_from_ms: quarters that end later stay.
    """

    now_ms: int
    present_ms: int
    keep_from_ms: int

    @classmethod
    def at(cls, now_ms: int, newest_ms: int) -> Self:
        """The limits when the newest frame is of `newest_ms`."""
        present_ms = min(now_ms, newest_ms)
        return cls(now_ms, present_ms, present_ms - RETENTION_MS)

    def allow(self, end_ms: int, arrived_ms: int, *, is_copied: bool = True) -> bool:
        """True if a quarter's raw frames may be deleted.

        Args:
            end_ms: the quarter's end.
            arrived_ms: when the last of its frames arrived.
            is_copied: False while a sink lacks some of its frames.
        """
        if not is_copied or arrived_ms > self.now_ms:  # or dated by a clock that was ahead
            return end_ms <= min(self.keep_from_ms, self.present_ms - MOST_RETENTION_MS)
        return end_ms <= self.keep_from_ms and arrived_ms <= self.present_ms - RETENTION_MS


class RetentionScan:
    """Scans the quarters that have raw frames, step by step, once per quarter-hour.

    Args:
        connection: the ledger's.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._position = (0, 0)
        self._scanned = -1

    def step(self, limits: RetentionLimits) -> list[tuple[int, int]] | None:
        """The next quarters whose raw frames may be deleted, as (meter id, number); None if the scan is complete."""
        current = limits.present_ms // QUARTER_MS
        if current == self._scanned:
            return None
        (copied,) = self._connection.execute("SELECT min(frame) FROM sink").fetchone()
        found: list[tuple[int, int]] = []
        frames_read = 0
        while frames_read < _FRAMES_PER_STEP:
            row = self._connection.execute(_NEXT, self._position).fetchone()
            if row is None:
                self._position = (0, 0)
                self._scanned = current
                break
            meter_id, quarter = row[0], row[1] // QUARTER_MS
            start_ms, end_ms = quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS
            if end_ms > limits.keep_from_ms:
                self._position = (meter_id + 1, 0)
                continue
            self._position = (meter_id, end_ms)
            frames, arrived_ms, newest = self._connection.execute(_FRAMES, (meter_id, start_ms, end_ms)).fetchone()
            frames_read += frames
            if limits.allow(end_ms, arrived_ms, is_copied=copied is None or newest <= copied):
                found.append((meter_id, quarter))
        return found
