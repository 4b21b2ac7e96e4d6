"""Which frame numbers of a boot the ledger has, as few ranges as they can be told in. Pure."""

import json
import sqlite3
from bisect import bisect_right, insort
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Status(IntEnum):
    """What became of a number. The values are the ledger's."""

    STORED = 1
    KEPT = 2
    REFUSED = 3
    LOST = 4


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Numbers of one boot with one status, both ends included."""

    first: int
    last: int
    status: Status


class Numbers:
    """The ranges of one boot, and which of them have changed since they were last saved.

    Args:
        ranges: disjoint ones.
    """

    def __init__(self, ranges: Iterable[NumberRange] = ()) -> None:
        self._ranges = {each.first: each for each in ranges}
        self._firsts = sorted(self._ranges)
        self._touched: set[int] = set()

    def __iter__(self) -> Iterator[NumberRange]:
        return (self._ranges[first] for first in self._firsts)

    def status(self, number: int) -> Status | None:
        """What became of a number, or None where it never came."""
        found = self._holding(number)
        return found.status if found is not None else None

    def put(self, number: int, status: Status) -> None:
        """Give a number its status, whatever it had."""
        here = self._holding(number)
        if here is not None:
            if here.status is status:
                return
            self._cut(here, number)
        self._join(number, number, status)

    def fill(self, first: int, last: int, status: Status) -> None:
        """Give a status to those of first … last that have none."""
        for each in self._between(first, last):
            if first < each.first:
                self._join(first, each.first - 1, status)
            first = each.last + 1
        if first <= last:
            self._join(first, last, status)

    def take_changes(self) -> tuple[list[int], list[NumberRange]]:
        """Firsts of ranges that are no more, and ranges that are new or longer, since the last call."""
        touched, self._touched = sorted(self._touched), set()
        gone = [first for first in touched if first not in self._ranges]
        return gone, [self._ranges[first] for first in touched if first in self._ranges]

    def _holding(self, number: int) -> NumberRange | None:
        at = bisect_right(self._firsts, number)
        if not at:
            return None
        found = self._ranges[self._firsts[at - 1]]
        return found if found.last >= number else None

    def _between(self, first: int, last: int) -> list[NumberRange]:
        start = max(bisect_right(self._firsts, first) - 1, 0)
        ranges = (self._ranges[each] for each in self._firsts[start : bisect_right(self._firsts, last)])
        return [each for each in ranges if each.last >= first]

    def _join(self, first: int, last: int, status: Status) -> None:
        """Set a range where there is none, as one with its neighbours of the same status."""
        before = self._holding(first - 1)
        if before is not None and before.status is status:
            first = before.first
        after = self._ranges.get(last + 1)
        if after is not None and after.status is status:
            last = after.last
            self._remove(after.first)
        self._set(NumberRange(first, last, status))

    def _cut(self, whole: NumberRange, number: int) -> None:
        self._remove(whole.first)
        if whole.first < number:
            self._set(NumberRange(whole.first, number - 1, whole.status))
        if number < whole.last:
            self._set(NumberRange(number + 1, whole.last, whole.status))

    def _set(self, new: NumberRange) -> None:
        if new.first not in self._ranges:
            insort(self._firsts, new.first)
        self._ranges[new.first] = new
        self._touched.add(new.first)

    def _remove(self, first: int) -> None:
        del self._ranges[first]
        del self._firsts[bisect_right(self._firsts, first) - 1]
        self._touched.add(first)


_BEFORE: Final = "SELECT time_ms FROM frame WHERE boot = ? AND seq < ? ORDER BY seq DESC LIMIT 1"
_AFTER: Final = "SELECT time_ms FROM frame WHERE boot = ? AND seq > ? ORDER BY seq LIMIT 1"
# A number that came after all is lost no more; its row here stays.
_BETWEEN: Final = """
SELECT coalesce(sum(min(lost.last, number.last) - max(lost.first, number.first) + 1), 0) FROM lost
JOIN number ON number.boot = lost.boot AND number.first <= lost.last AND number.last >= lost.first
JOIN boot ON boot.id = lost.boot JOIN edge ON edge.id = boot.edge
WHERE number.status = :lost AND after_ms < :end AND before_ms >= :start
    AND edge.name IN (SELECT value FROM json_each(:edges))
"""


def note_when(connection: sqlite3.Connection, boot_id: int, first: int, last: int) -> None:
    """Note between which frames' times the numbers first to last of a boot were; in a transaction."""
    after, before = (
        connection.execute(select, (boot_id, number)).fetchone()
        for select, number in ((_BEFORE, first), (_AFTER, last))
    )
    row = (boot_id, first, last, after[0] if after is not None else None, before[0] if before is not None else None)
    connection.execute("INSERT OR REPLACE INTO lost VALUES (?, ?, ?, ?, ?)", row)


def lost_between(connection: sqlite3.Connection, edges: Collection[str], start_ms: int, end_ms: int) -> int:
    """How many frames of some edges are lost that may have been in [start_ms, end_ms), as far as that is known."""
    values = {"lost": Status.LOST, "start": start_ms, "end": end_ms, "edges": json.dumps(list(edges))}
    return int(connection.execute(_BETWEEN, values).fetchone()[0])


_OF_EDGE = """
SELECT boot.boot, first, last, status FROM number JOIN boot ON boot.id = number.boot JOIN edge ON edge.id = boot.edge
WHERE edge.name = ? ORDER BY boot.id, first
"""


def numbers_of(connection: sqlite3.Connection, edge: str) -> dict[str, list[NumberRange]]:
    """Boot → the ranges of its numbers of which is known what became of them, ascending; older boots first."""
    boots: dict[str, list[NumberRange]] = {}
    for boot, first, last, status in connection.execute(_OF_EDGE, (edge,)):
        boots.setdefault(boot, []).append(NumberRange(first, last, Status(status)))
    return boots


def edges_of(connection: sqlite3.Connection) -> dict[str, int | None]:
    """Edge → time of the newest frame of a meter that it read, None where it never sent a frame; sorted by name."""
    select = """
    SELECT name, max(last_ms) FROM edge LEFT JOIN meter_edge ON meter_edge.edge = edge.id
    LEFT JOIN meter ON meter.id = meter GROUP BY name ORDER BY name
    """
    return dict(connection.execute(select))
