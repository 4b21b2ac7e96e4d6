"""Stores the consumption of past local days by quarter-hour, as comparisons read it.

A day's row belongs to its current cost and is deleted with it. So whatever changes the day deletes it: it invalidates
the day, and its cost is computed again.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class StoredConsumption:
    """The consumption of a site's local day.

    Attributes:
        day: local.
        first: its first quarter, by number.
        end: the quarter after its last.
        packed: see `tictally_recorder.cost.compare.codec`.
    """

    day: date
    first: int
    end: int
    packed: bytes


_DAYS: Final = """
SELECT day, first, end, packed FROM consumption_day JOIN cost_day USING (site, day)
WHERE site = ? AND day >= ? AND day < ? AND replaced_ms = 0
"""
_LACKING: Final = """
SELECT day FROM cost_day WHERE site = ?1 AND day < ?2 AND replaced_ms = 0
    AND NOT EXISTS (SELECT 1 FROM consumption_day AS kept WHERE kept.site = ?1 AND kept.day = cost_day.day)
"""
_PUT: Final = """
INSERT OR REPLACE INTO consumption_day SELECT site, day, ? FROM cost_day
WHERE site = ? AND day = ? AND replaced_ms = 0 AND computed_ms = ?
"""


class Consumptions:
    """Reads and writes consumption; writes are inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def days(self, site_id: int, start: date, end: date) -> Iterator[StoredConsumption]:
        """The stored days of [start, end), in order."""
        for day, *row in self._connection.execute(_DAYS, (site_id, start.toordinal(), end.toordinal())):
            yield StoredConsumption(date.fromordinal(day), *row)

    def kinds(self) -> dict[int, str]:
        """Id → kind of quarters."""
        return dict(self._connection.execute("SELECT id, registers FROM consumption_kind"))

    def lacking(self, site_id: int, before: date) -> set[date]:
        """Days before another one that have a cost, and no consumption stored with it."""
        rows = self._connection.execute(_LACKING, (site_id, before.toordinal()))
        return {date.fromordinal(day) for (day,) in rows}

    def kind_id(self, registers: str) -> int:
        """The id of a kind of quarters, which is stored if it is new."""
        select = "SELECT id FROM consumption_kind WHERE registers = ?"
        row = self._connection.execute(select, (registers,)).fetchone()
        if row is None:
            insert = "INSERT INTO consumption_kind (registers) VALUES (?) RETURNING id"
            (row,) = self._connection.execute(insert, (registers,)).fetchall()
        return int(row[0])

    def put(self, site_id: int, packed: Mapping[date, bytes], computed_ms: Mapping[date, int]) -> None:
        """Store days, except those whose cost was computed again since.

        Args:
            site_id: of the ledger.
            packed: day → its consumption.
            computed_ms: day → when the cost was computed that stood when the consumption was read.
        """
        rows = ((each, site_id, day.toordinal(), computed_ms[day]) for day, each in packed.items())
        self._connection.executemany(_PUT, rows)
