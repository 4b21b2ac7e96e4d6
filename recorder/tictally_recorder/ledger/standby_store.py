"""The base load of nights as the ledger keeps it, for ever: the raw frames that it came from are gone in two days."""

import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

_PUT: Final = """
INSERT INTO standby VALUES (?, ?, ?, ?)
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
    """What a meter told of the night that a local day begins with.

    Attributes:
        meter_id: the ledger's number of the meter.
        day: local.
        va: base load.
        minutes: that had frames.
    """

    meter_id: int
    day: date
    va: int
    minutes: int


def put_nights(connection: sqlite3.Connection, nights: Iterable[Night]) -> int:
    """Keep nights, each instead of what was known of it; in a transaction. How many differ from what was known."""
    rows = ((night.meter_id, night.day.toordinal(), night.va, night.minutes) for night in nights)
    return sum(connection.execute(_PUT, row).rowcount for row in rows)


def nights_between(connection: sqlite3.Connection, meter_ids: Collection[int], start: date, end: date) -> list[Night]:
    """The nights of the local days of [start, end), in order; each of the meter that was heard longest in it."""
    bounds = (json.dumps(list(meter_ids)), start.toordinal(), end.toordinal())
    rows = connection.execute(_NIGHTS, bounds)
    longest = {day: Night(meter_id, date.fromordinal(day), va, minutes) for meter_id, day, va, minutes in rows}
    return list(longest.values())


def newest_before(connection: sqlite3.Connection, meter_ids: Collection[int], end: date) -> date | None:
    """The newest local day before another whose night is known of any of some meters, or None."""
    (day,) = connection.execute(_NEWEST, (json.dumps(list(meter_ids)), end.toordinal())).fetchone()
    return None if day is None else date.fromordinal(day)
