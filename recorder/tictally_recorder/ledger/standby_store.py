"""The base load of nights, stored for ever: the raw frames it is computed from are deleted after two days."""

import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

_PUT: Final = """
INSERT INTO standby SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM meter WHERE id = ?1)
ON CONFLICT DO UPDATE SET va = excluded.va, minutes = excluded.minutes
WHERE (va, minutes) <> (excluded.va, excluded.minutes)
"""
_NIGHTS: Final = """
SELECT meter, day, va, minutes FROM standby
WHERE meter IN (SELECT value FROM json_each(?)) AND day >= ? AND day < ? ORDER BY day, minutes, meter
"""
_NEWEST: Final = "SELECT max(day) FROM standby WHERE meter IN (SELECT value FROM json_each(?)) AND day < ?"


@dataclass(frozen=True, slots=True)
class Night:
    """A meter's base load in the night in which a local day begins.

    Attributes:
        meter_id: the meter's id in the ledger.
        day: local.
        va: base load.
        minutes: how many had frames, or imports.
        is_imported: it has no frames, and imports show it, in W by the half-hour or hour.
    """

    meter_id: int
    day: date
    va: int
    minutes: int
    is_imported: bool = False


def put_nights(connection: sqlite3.Connection, nights: Iterable[Night]) -> int:
    """Store nights, replacing what was stored; in a transaction. Returns how many differ from that.

    Those of a meter that has been removed meanwhile are left out.
    """
    rows = ((night.meter_id, night.day.toordinal(), night.va, night.minutes) for night in nights)
    return sum(connection.execute(_PUT, row).rowcount for row in rows)


def nights_between(connection: sqlite3.Connection, meter_ids: Collection[int], start: date, end: date) -> list[Night]:
    """The nights of the local days of [start, end), in order; each of the meter with the most minutes in it."""
    bounds = (json.dumps(list(meter_ids)), start.toordinal(), end.toordinal())
    rows = connection.execute(_NIGHTS, bounds)
    longest = {day: Night(meter_id, date.fromordinal(day), va, minutes) for meter_id, day, va, minutes in rows}
    return list(longest.values())


def newest_before(connection: sqlite3.Connection, meter_ids: Collection[int], end: date) -> date | None:
    """The newest local day before another with a night of any of some meters, or None."""
    (day,) = connection.execute(_NEWEST, (json.dumps(list(meter_ids)), end.toordinal())).fetchone()
    return None if day is None else date.fromordinal(day)
