"""What panels produced by quarter-hour, as their inverter published it: of the recorder's home, not of a meter."""

import sqlite3
from collections.abc import Mapping
from typing import Final, NamedTuple

_PUT: Final = "INSERT OR REPLACE INTO production (quarter, milliwatt_hours, estimated) VALUES (?, ?, ?)"
_BETWEEN: Final = "SELECT quarter, milliwatt_hours, estimated FROM production WHERE quarter >= ? AND quarter < ?"


class Produced(NamedTuple):
    """What was produced in a quarter-hour.

    Attributes:
        milliwatt_hours: the energy, a thousandth of a Wh each.
        is_estimated: True if only a longer time's energy is known, which is spread evenly.
    """

    milliwatt_hours: int
    is_estimated: bool = False


def put_production(connection: sqlite3.Connection, produced: Mapping[int, Produced]) -> None:
    """Store quarter-hours by number, in a transaction; of one that is stored twice the later counts."""
    connection.executemany(_PUT, ((number, *each) for number, each in sorted(produced.items())))


def production_between(connection: sqlite3.Connection, first: int, end: int) -> dict[int, Produced]:
    """The quarter-hours of [first, end), by number; one that is missing is unknown."""
    return {
        number: Produced(milliwatt_hours, bool(estimated))
        for number, milliwatt_hours, estimated in connection.execute(_BETWEEN, (first, end))
    }


def newest_production(connection: sqlite3.Connection) -> int | None:
    """The newest quarter-hour by number, or None."""
    found = connection.execute("SELECT max(quarter) FROM production").fetchone()[0]
    return None if found is None else int(found)
