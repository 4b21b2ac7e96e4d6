"""Which quarters' cost is invalidated (dirty), recorded in the transaction of the frames that did it.

What a register counted between two observations depends on both, however far apart they are. So a frame invalidates
every quarter from the observation before it to the one after it, of each of its registers, and where their names
change, of those that they continue.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

from tictally_recorder.ledger.meters import LabelIds, MeterState
from tictally_recorder.ledger.outbox_queue import mark_quarters, sinks_of
from tictally_recorder.ledger.quarter_codec import unpack_registers
from tictally_recorder.ledger.rollup import REGISTERS
from tictally_recorder.ledger.statistics import meter_extents
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.interval_set import IntervalSet
from tictally_shared.tariff_options import register_set, register_sets

_BETWEEN: Final = (
    "SELECT quarter, packed FROM quarter WHERE meter = ? AND quarter >= ? AND quarter <= ? ORDER BY quarter"
)


class Invalidations:
    """Collects what the frames of a transaction invalidate; `save` writes it.

    Another process may write the table too (`tictally site join`), so nothing of it is cached.
    """

    def __init__(self, connection: sqlite3.Connection, labels: LabelIds) -> None:
        self._connection = connection
        self._labels = labels
        self._sinks = sinks_of(connection)
        self._new: dict[int, IntervalSet] = {}
        self._between: dict[int, tuple[MeterState, dict[int, set[str]]]] = {}

    def add(self, meter_id: int, first_ms: int, last_ms: int) -> None:
        """Invalidate the quarters from one moment to another, both included."""
        self._new.setdefault(meter_id, IntervalSet()).add(first_ms // QUARTER_MS, last_ms // QUARTER_MS)

    def add_between(self, meter: MeterState, time_ms: int, labels: Iterable[str]) -> None:
        """Invalidate what a frame with some labels changes between the frames around it."""
        _, quarters = self._between.setdefault(meter.id, (meter, {}))
        quarters.setdefault(time_ms // QUARTER_MS, set()).update(REGISTERS.intersection(labels))

    def save(self) -> None:
        """Write it; in the transaction of the frames."""
        for meter, quarters in self._between.values():
            found = self._new.setdefault(meter.id, IntervalSet())
            for number, own in quarters.items():
                registers = own | self._of_a_change(meter, number, own)
                found.add(self._before(meter, number, registers), self._after(meter, number, registers))
        for meter_id, new in self._new.items():
            known = invalidated_quarters(self._connection, meter_id)
            _put(self._connection, meter_id, known, known | new)
            mark_quarters(self._connection, self._sinks, meter_id, new)
        self._new.clear()
        self._between.clear()

    def _of_a_change(self, meter: MeterState, number: int, registers: set[str]) -> set[str]:
        """The registers whose names changed around a quarter: they continue one another, so each depends on the others.

        Empty where the meter shows the same set in the quarters around it that have any.
        """
        shown = {name: found for name in meter.labels if (found := register_set(name))}
        if not register_sets(registers) or len(set(shown.values())) <= 1:
            return set()
        first = min(meter.labels[name].first_ms for name in shown) // QUARTER_MS
        last = max(meter.labels[name].last_ms for name in shown) // QUARTER_MS
        sets = register_sets(registers)
        if meter.dirty:  # which set was shown in those is not known yet
            sets = set(shown.values())
        for bounds, order in (((first, number), " DESC"), ((number, last), "")):
            sets |= self._sets_nearest(meter.id, bounds, order, number)
        return {name for name, of_name in shown.items() if of_name in sets} if len(sets) > 1 else set()

    def _sets_nearest(self, meter_id: int, bounds: tuple[int, int], order: str, number: int) -> set[str]:
        """The sets in a quarter, and in the nearest one to it that has any."""
        found: set[str] = set()
        for each, packed in self._connection.execute(_BETWEEN + order, (meter_id, *bounds)):
            seen = unpack_registers(packed, meter_id, each * QUARTER_MS, self._labels.names).registers
            found |= register_sets(seen)
            if found and each != number:
                break
        return found

    def _before(self, meter: MeterState, number: int, registers: set[str]) -> int:
        """The newest quarter before another by which each of some registers was observed, or the quarter itself."""
        seen = {name: meter.labels[name].first_ms // QUARTER_MS for name in registers}
        wanted = {name for name, first in seen.items() if first < number}
        bounds = min((seen[name] for name in wanted), default=number), number - 1
        return self._nearest(meter.id, wanted, bounds, " DESC") or bounds[0]

    def _after(self, meter: MeterState, number: int, registers: set[str]) -> int:
        """The same after a quarter."""
        seen = {name: meter.labels[name].last_ms // QUARTER_MS for name in registers}
        wanted = {name for name, last in seen.items() if last > number}
        bounds = number + 1, max((seen[name] for name in wanted), default=number)
        return self._nearest(meter.id, wanted, bounds, "") or bounds[1]

    def _nearest(self, meter_id: int, wanted: set[str], bounds: tuple[int, int], order: str) -> int | None:
        """The first of some quarters by which each of some registers was observed.

        None if the rows do not show it: a quarter made by late frames only has no row yet, so all bounds count.
        """
        for number, packed in self._connection.execute(_BETWEEN + order, (meter_id, *bounds)) if wanted else ():
            seen = unpack_registers(packed, meter_id, number * QUARTER_MS, self._labels.names).registers
            wanted = wanted - seen.keys()
            if not wanted:
                return int(number)
        return None


def invalidated_quarters(connection: sqlite3.Connection, meter_id: int) -> IntervalSet:
    """The quarters of a meter, by number, whose cost is invalidated."""
    select = "SELECT first, last FROM invalidated WHERE meter = ? ORDER BY first"
    return IntervalSet(connection.execute(select, (meter_id,)))


def invalidate(connection: sqlite3.Connection, meter_id: int, first: int, last: int) -> None:
    """The cost of quarters first … last must be recomputed; in a transaction."""
    invalidate_quarters(connection, meter_id, IntervalSet([(first, last)]))


def invalidate_quarters(connection: sqlite3.Connection, meter_id: int, quarters: IntervalSet) -> None:
    """The cost of some quarters, by number, must be recomputed; in a transaction."""
    known = invalidated_quarters(connection, meter_id)
    _put(connection, meter_id, known, known | quarters)


def clear(connection: sqlite3.Connection, meter_id: int, first: int, last: int) -> None:
    """The cost of quarters first … last has been recomputed; in a transaction."""
    known = invalidated_quarters(connection, meter_id)
    _put(connection, meter_id, known, known - IntervalSet([(first, last)]))


def invalidate_site(connection: sqlite3.Connection, site_id: int) -> None:
    """All cost of a site must be recomputed; in a transaction."""
    for meter in meter_extents(connection):
        if meter.site == site_id:
            first, last = meter.first_ms // QUARTER_MS, meter.last_ms // QUARTER_MS
            invalidate(connection, meter.id, first, last)
            mark_quarters(connection, sinks_of(connection), meter.id, IntervalSet([(first, last)]))


def _put(connection: sqlite3.Connection, meter_id: int, known: IntervalSet, wanted: IntervalSet) -> None:
    if known != wanted:
        connection.execute("DELETE FROM invalidated WHERE meter = ?", (meter_id,))
        rows = ((meter_id, first, last) for first, last in wanted)
        connection.executemany("INSERT INTO invalidated VALUES (?, ?, ?)", rows)
