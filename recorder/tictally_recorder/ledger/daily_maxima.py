"""The highest power of each day as the meter reports it, for ever: quarter-hours have the value, not its second."""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from tictally_shared.frames import Frame

_PUT: Final = """
INSERT INTO daily_maximum VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET va = excluded.va, time_ms = excluded.time_ms, is_final = excluded.is_final
WHERE (excluded.is_final, excluded.va) > (is_final, va)
"""
_BETWEEN: Final = """
SELECT day, va, time_ms, is_final FROM daily_maximum
WHERE meter IN (SELECT value FROM json_each(?)) AND day >= ? AND day < ? ORDER BY day, va, time_ms
"""
# Label → whether its day was over. Source: Enedis-NOI-CPT_54E §6.2.
_LABELS: Final = {"SMAXSN": False, "SMAXSN-1": True}


@dataclass(frozen=True, slots=True)
class DailyMaximum:
    """The highest apparent power that a meter reported for a local day.

    Attributes:
        day: of the meter's calendar.
        va: in VA.
        time_ms: when, in milliseconds since 1970; to the second.
        is_final: reported after the day; otherwise it may have been exceeded later that day.
    """

    day: date
    va: int
    time_ms: int
    is_final: bool


class DailyMaxima:
    """Stores the maxima of frames, in a transaction.

    Args:
        connection: of the ledger.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._latest: dict[tuple[int, str], tuple[object, str]] = {}

    def add(self, meter_id: int, frame: Frame) -> None:
        """Store the maxima that a frame reports, where they are new."""
        for label, is_final in _LABELS.items():
            va, horodate = frame.values.get(label), frame.dated.get(label)
            if not isinstance(va, int) or horodate is None or self._latest.get((meter_id, label)) == (va, horodate):
                continue
            self._latest[meter_id, label] = va, horodate
            try:
                moment = datetime.fromisoformat(horodate)
                time_ms = int(moment.timestamp()) * 1000
            except (ValueError, OverflowError):  # written as a time, and none: 30 February
                continue
            row = (meter_id, moment.date().toordinal(), va, time_ms, is_final)
            self._connection.execute(_PUT, row)


def maxima_between(
    connection: sqlite3.Connection, meter_ids: Collection[int], start: date, end: date
) -> list[DailyMaximum]:
    """The maxima of some meters on the local days of [start, end), by day."""
    rows = connection.execute(_BETWEEN, (json.dumps(list(meter_ids)), start.toordinal(), end.toordinal()))
    return [DailyMaximum(date.fromordinal(day), va, time_ms, bool(final)) for day, va, time_ms, final in rows]
