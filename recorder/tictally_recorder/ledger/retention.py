"""Raw frames go when they have served: a quarter at a time, its total becomes its settled part.

A clock that is wrong prunes nothing: the present is told by the recorder's clock and by the newest frame, whose time an
edge has proved, and the earlier of the two counts.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final, Self

from tictally_shared.calendar import QUARTER_MS

_DAY_MS: Final = 24 * 60 * 60 * 1000
KEEP_MS: Final = 2 * _DAY_MS
KEEP_AT_MOST_MS: Final = 30 * _DAY_MS
# What one step looks at: a quarter as the line fills it, or many that are thin.
_FRAMES_AT_ONCE: Final = 1000

_NEXT: Final = """
SELECT meter, time_ms FROM frame WHERE (meter, time_ms) >= (?, ?) ORDER BY meter, time_ms LIMIT 1
"""
_FRAMES: Final = "SELECT count(*), max(arrived_ms), max(id) FROM frame WHERE meter = ? AND time_ms >= ? AND time_ms < ?"


@dataclass(frozen=True, slots=True)
class Limits:
    """Which quarters' raw frames may go at a moment.

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
        return cls(now_ms, present_ms, present_ms - KEEP_MS)

    def allow(self, end_ms: int, arrived_ms: int, *, is_copied: bool = True) -> bool:
        """Whether a quarter may go.

        Args:
            end_ms: its end.
            arrived_ms: when the last of its frames to arrive did so.
            is_copied: False while a sink has not got all of its frames.
        """
        if not is_copied or arrived_ms > self.now_ms:  # or told by a clock that was ahead
            return end_ms <= min(self.keep_from_ms, self.present_ms - KEEP_AT_MOST_MS)
        return end_ms <= self.keep_from_ms and arrived_ms <= self.present_ms - KEEP_MS


class Candidates:
    """Walks over the quarters that have raw frames, step by step, once in every quarter of an hour.

    Args:
        connection: the ledger's.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._at = (0, 0)
        self._walked = -1

    def step(self, limits: Limits) -> list[tuple[int, int]] | None:
        """Of the next quarters those that may go, as (meter id, number), or None where the walk is over."""
        number = limits.present_ms // QUARTER_MS
        if number == self._walked:
            return None
        (copied,) = self._connection.execute("SELECT min(frame) FROM sink").fetchone()
        found: list[tuple[int, int]] = []
        looked_at = 0
        while looked_at < _FRAMES_AT_ONCE:
            row = self._connection.execute(_NEXT, self._at).fetchone()
            if row is None:
                self._at = (0, 0)
                self._walked = number
                break
            meter_id, quarter = row[0], row[1] // QUARTER_MS
            start_ms, end_ms = quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS
            if end_ms > limits.keep_from_ms:
                self._at = (meter_id + 1, 0)
                continue
            self._at = (meter_id, end_ms)
            frames, arrived_ms, newest = self._connection.execute(_FRAMES, (meter_id, start_ms, end_ms)).fetchone()
            looked_at += frames
            if limits.allow(end_ms, arrived_ms, is_copied=copied is None or newest <= copied):
                found.append((meter_id, quarter))
        return found
