"""The registers of a meter's frames around gaps, read from its quarters."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Final

from tictally_recorder.ledger.model import Run
from tictally_recorder.ledger.observations.course import Point
from tictally_recorder.ledger.observations.derive import QuarterGap
from tictally_recorder.ledger.quarter_codec import unpack_registers
from tictally_recorder.ledger.quarters import compute_quarter
from tictally_shared.calendar import QUARTER_MS

_NUMBERS: Final = """
SELECT quarter FROM quarter WHERE meter = :meter AND quarter >= :first AND quarter < :end
UNION SELECT quarter FROM dirty_quarter WHERE meter = :meter AND quarter >= :first AND quarter < :end ORDER BY 1
"""
_NEXT: Final = """
SELECT min((SELECT coalesce(min(quarter), :never) FROM quarter WHERE meter = :meter AND quarter >= :number),
    (SELECT coalesce(min(quarter), :never) FROM dirty_quarter WHERE meter = :meter AND quarter >= :number))
"""
_PREVIOUS: Final = """
SELECT max((SELECT coalesce(max(quarter), -1) FROM quarter WHERE meter = :meter AND quarter < :number),
    (SELECT coalesce(max(quarter), -1) FROM dirty_quarter WHERE meter = :meter AND quarter < :number))
"""
_PACKED: Final = """
SELECT packed FROM quarter WHERE meter = ?1 AND quarter = ?2
AND NOT EXISTS (SELECT 1 FROM dirty_quarter WHERE meter = ?1 AND quarter = ?2)
"""
_NEVER: Final = 2**62


class LedgerFrames:
    """The frames of one meter in a ledger; see `Frames`.

    Args:
        connection: of the ledger.
        names: id → label.
        meter_id: the meter's.
    """

    def __init__(self, connection: sqlite3.Connection, names: Mapping[int, str], meter_id: int) -> None:
        self._connection = connection
        self._names = names
        self._meter_id = meter_id
        seen = "SELECT name, first_ms, last_ms FROM label_seen JOIN label ON label.id = label WHERE meter = ?"
        self._seen = {name: (first, last) for name, first, last in connection.execute(seen, (meter_id,))}
        self._runs = lru_cache(64)(self._read)

    def gaps(self, first: int, end: int) -> Iterator[QuarterGap]:
        """The gaps that share a quarter with those of [first, end), each as a whole.

        Args:
            first: number of a quarter.
            end: the same, excluded.
        """
        previous = self._one(_PREVIOUS, first)
        following = self._one(_NEXT, end)
        bounds = {"meter": self._meter_id, "first": first, "end": end}
        numbers = [number for (number,) in self._connection.execute(_NUMBERS, bounds)]
        edges = [previous, *numbers, following]
        for here, there in pairwise(edges):
            if there - here > 1:
                low = first if here < 0 else here + 1
                high = end if there == _NEVER else there
                if low < high:
                    yield QuarterGap(low, high, here >= 0, there != _NEVER)

    def before(self, register: str, quarter: int) -> Point | None:
        """The last observation before a quarter, by number; None if there is none."""
        return self._nearest(register, quarter, _PREVIOUS, lambda runs: Point(runs[-1].last_ms, runs[-1].last))

    def after(self, register: str, quarter: int) -> Point | None:
        """The first observation from a quarter on."""
        return self._nearest(register, quarter - 1, _NEXT, lambda runs: Point(runs[0].first_ms, runs[0].first))

    def at(self, register: str, time_ms: int) -> int | None:
        """The value at a moment: the last one observed up to then; None where no frames are around it."""
        number = time_ms // QUARTER_MS
        around = [run for each in (number - 1, number, number + 1) for run in self._runs(each).get(register, ())]
        earlier = [run for run in around if run.first_ms <= time_ms]
        if not earlier or not any(run.last_ms >= time_ms for run in around):
            return None
        run = earlier[-1]
        if time_ms >= run.last_ms:
            return run.last
        return run.first + (run.last - run.first) * (time_ms - run.first_ms) // (run.last_ms - run.first_ms)

    def registers(self, quarter: int) -> set[str]:
        """The registers of the frames in a quarter."""
        return set(self._runs(quarter))

    def _nearest(
        self, register: str, number: int, step: str, point: Callable[[tuple[Run, ...]], Point]
    ) -> Point | None:
        first_ms, last_ms = self._seen.get(register, (_NEVER, -1))
        is_back = step is _PREVIOUS
        while True:
            number = self._one(step, number if is_back else number + 1)
            if number * QUARTER_MS > last_ms if not is_back else (number + 1) * QUARTER_MS <= first_ms:
                return None
            if register in self._runs(number):
                return point(self._runs(number)[register])

    def _one(self, select: str, number: int) -> int:
        values = {"meter": self._meter_id, "number": number, "never": _NEVER}
        return int(self._connection.execute(select, values).fetchone()[0])

    def _read(self, number: int) -> Mapping[str, tuple[Run, ...]]:
        row = self._connection.execute(_PACKED, (self._meter_id, number)).fetchone()
        if row is not None:
            return unpack_registers(row[0], self._meter_id, number * QUARTER_MS, self._names).registers
        quarter = compute_quarter(self._connection, self._names, self._meter_id, number)
        return {} if quarter is None else quarter.registers
