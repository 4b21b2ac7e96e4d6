"""Stores cost by local day: the current figures, and those replaced that were shown before."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from tictally_shared.calendar import QUARTER_MS

# How many replaced versions of a day's figures are stored; beyond that the oldest is deleted.
_MOST_REPLACED: Final = 8
_CURRENT: Final = 0
# Figures current for less are intermediate: between two of many late frames.
_SHOWN_MS: Final = 3_599_000  # an hour, except what `put` adds


@dataclass(frozen=True, slots=True)
class CostLine:
    """What the figures of many days share.

    Attributes:
        direction: `consumption` or `injection`.
        period: of the tariff; None for the subscription.
        price: decimal, of a kWh or of a month's subscription, or None.
        currency: ISO 4217, or None.
        version: of the tariff, or None.
        hash: of its content, or None.
        source: where its figures are from, or None.
        confidence: how reliable they are, or None.
        power_kva: subscribed, or None.
        quality: `measured`, `estimated`, `provisional` or `unknown`.
        reason: code of the reason for which it is unknown or provisional, or None.
        reason_parameters: its parameters, a JSON object, or None.
    """

    direction: str
    period: str | None
    price: str | None
    currency: str | None
    version: str | None
    hash: str | None
    source: str | None
    confidence: str | None
    power_kva: int | None
    quality: str
    reason: str | None
    reason_parameters: str | None


@dataclass(frozen=True, slots=True)
class CostEntry:
    """A figure of one day.

    Attributes:
        line: what it is a figure of.
        energy_wh: what was counted.
        amount: decimal, or None if it is unknown.
        parts: what counted it, see `tictally_recorder.cost.codec`.
    """

    line: CostLine
    energy_wh: int
    amount: str | None
    parts: bytes


@dataclass(frozen=True, slots=True)
class CostDay:
    """A site's local day.

    Attributes:
        day: local.
        first: its first quarter, by number.
        end: the quarter after its last.
        key: fingerprint of all that its figures depend on beside the frames.
        computed_ms: when first, where a recomputation after the day's end gave the same figures.
        entries: its figures, in order.
        replaced_ms: when they were replaced, or None for the current figures.
    """

    day: date
    first: int
    end: int
    key: str
    computed_ms: int
    entries: tuple[CostEntry, ...]
    replaced_ms: int | None = None


_FIELDS: Final = tuple(field.name for field in fields(CostLine))
_SAME_LINE: Final = " AND ".join(f"{name} IS ?" for name in _FIELDS)
_DAYS: Final = f"""
SELECT day, replaced_ms, first, end, key, computed_ms, energy_wh, amount, parts, {", ".join(_FIELDS)}
FROM cost_day JOIN cost USING (site, day, replaced_ms) JOIN cost_line ON cost_line.id = line
WHERE site = ? AND day >= ? AND day < ? AND (replaced_ms = 0) = ? ORDER BY day, replaced_ms, n
"""  # noqa: S608 - names of columns of ours


_AMOUNTS: Final = """
SELECT amount FROM cost JOIN cost_line ON cost_line.id = line
WHERE site = ? AND replaced_ms = 0 AND direction = ? AND currency = ? AND day <> ? AND amount IS NOT NULL
"""


def _line_of(known: dict[tuple[object, ...], CostLine], values: tuple[Any, ...]) -> CostLine:
    if (found := known.get(values)) is None:
        found = known[values] = CostLine(*values)
    return found


class Costs:
    """Reads and writes cost; writes are inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def days(self, site_id: int, start: date, end: date, *, replaced: bool = False) -> Iterator[CostDay]:
        """The computed days of [start, end), in order; or their replaced figures, the oldest first."""
        bounds = (site_id, start.toordinal(), end.toordinal(), not replaced)
        rows = self._connection.execute(_DAYS, bounds)
        lines: dict[tuple[object, ...], CostLine] = {}  # years have few of them
        for (number, replaced_ms, first, until, key, computed_ms), of_day in groupby(rows, key=lambda row: row[:6]):
            entries = tuple(CostEntry(_line_of(lines, row[9:]), *row[6:9]) for row in of_day)
            yield CostDay(date.fromordinal(number), first, until, key, computed_ms, entries, replaced_ms or None)

    def keys(self, site_id: int) -> dict[date, str]:
        """Day → key, of the days that have been computed."""
        rows = self._connection.execute("SELECT day, key FROM cost_day WHERE site = ? AND replaced_ms = 0", (site_id,))
        return {date.fromordinal(day): key for day, key in rows}

    def states(self, site_id: int, start: date, end: date) -> dict[date, int]:
        """Day → when it was computed, of the computed days of [start, end)."""
        select = "SELECT day, computed_ms FROM cost_day WHERE site = ? AND day >= ? AND day < ? AND replaced_ms = 0"
        rows = self._connection.execute(select, (site_id, start.toordinal(), end.toordinal()))
        return {date.fromordinal(day): computed_ms for day, computed_ms in rows}

    def total(self, site_id: int, direction: str, currency: str, without: date) -> Decimal:
        """The sum of the known amounts of one direction in a currency, one day left out; not rounded."""
        rows = self._connection.execute(_AMOUNTS, (site_id, direction, currency, without.toordinal()))
        return sum((Decimal(amount) for (amount,) in rows), Decimal(0))

    def put(self, site_id: int, new: CostDay) -> bool:
        """Store a day's new figures.

        The old ones are kept as replaced where they were computed after the day's end and were current for an hour;
        earlier ones were of an unfinished day.

        Returns:
            True if the figures changed, source and confidence aside.
        """
        old = next(self.days(site_id, new.day, date.fromordinal(new.day.toordinal() + 1)), None)
        site_day = (site_id, new.day.toordinal())
        changed = old is None or _figures(old) != _figures(new)
        computed_ms = new.computed_ms
        if old is not None and old.computed_ms >= old.end * QUARTER_MS:
            if not changed:
                # Since when they are current; not the same as before, since caches recognise a change by it.
                computed_ms = old.computed_ms + 1
            elif new.computed_ms - old.computed_ms >= _SHOWN_MS:
                self._replace(site_day, new.computed_ms)
        self._drop_current(site_day)
        row = (*site_day, _CURRENT, new.first, new.end, new.key, computed_ms)
        self._connection.execute("INSERT INTO cost_day VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        rows = (
            (*site_day, _CURRENT, n, self._line(each.line), each.energy_wh, each.amount, each.parts)
            for n, each in enumerate(new.entries)
        )
        self._connection.executemany("INSERT INTO cost VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return changed

    def drop(self, site_id: int, day: date) -> None:
        """Delete the current figures of a day; its replaced ones stay."""
        self._drop_current((site_id, day.toordinal()))

    def drop_site(self, site_id: int) -> None:
        """Delete all cost of a site, and the consumption that is stored with it."""
        self._connection.execute("DELETE FROM cost WHERE site = ?", (site_id,))
        self._connection.execute("DELETE FROM cost_day WHERE site = ?", (site_id,))
        self._connection.execute("DELETE FROM consumption_day WHERE site = ?", (site_id,))

    def _replace(self, site_day: tuple[int, int], now_ms: int) -> None:
        select = "SELECT replaced_ms FROM cost_day WHERE site = ? AND day = ? ORDER BY replaced_ms DESC"
        replaced = [each for (each,) in self._connection.execute(select, site_day) if each != _CURRENT]
        # Two within a millisecond, or a clock set back: replaced_ms must still rise.
        now_ms = max(now_ms, *replaced[:1]) + 1 if replaced and replaced[0] >= now_ms else now_ms
        for table in ("cost_day", "cost"):
            update = f"UPDATE {table} SET replaced_ms = ? WHERE site = ? AND day = ? AND replaced_ms = 0"  # noqa: S608
            self._connection.execute(update, (now_ms, *site_day))
        for oldest in replaced[_MOST_REPLACED - 1 :]:
            self._drop(site_day, oldest)

    def _drop_current(self, site_day: tuple[int, int]) -> None:
        """Delete the current figures of a day, and the consumption that is stored with them."""
        self._drop(site_day, _CURRENT)
        self._connection.execute("DELETE FROM consumption_day WHERE site = ? AND day = ?", site_day)

    def _drop(self, site_day: tuple[int, int], replaced_ms: int) -> None:
        for table in ("cost", "cost_day"):
            delete = f"DELETE FROM {table} WHERE site = ? AND day = ? AND replaced_ms = ?"  # noqa: S608
            self._connection.execute(delete, (*site_day, replaced_ms))

    def _line(self, line: CostLine) -> int:
        values = astuple(line)
        row = self._connection.execute(f"SELECT id FROM cost_line WHERE {_SAME_LINE}", values).fetchone()  # noqa: S608
        if row is None:
            insert = f"INSERT INTO cost_line VALUES (NULL{', ?' * len(values)}) RETURNING id"  # noqa: S608
            (row,) = self._connection.execute(insert, values).fetchall()
        return int(row[0])


def _figures(day: CostDay) -> Sequence[CostEntry]:
    return [replace(each, line=replace(each.line, source=None, confidence=None)) for each in day.entries]
