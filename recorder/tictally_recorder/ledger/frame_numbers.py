"""Frame numbers of each boot, as ranges of one status, and when lost frames were sent."""

import json
import sqlite3
from bisect import bisect_right, insort
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Status(IntEnum):
    """What happened to a frame number. The values are stored in the ledger."""

    STORED = 1
    DEFERRED = 2
    REJECTED = 3
    LOST = 4
    OVERFLOWED = 5
    """It had to be deferred, and there was no room: it is requested again when there is."""
    IGNORED = 6
    """Of a site that is ignored: not stored, and not requested while it is."""


@dataclass(frozen=True, slots=True)
class NumberRange:
    """FrameNumbers of one boot with one status, both ends included."""

    first: int
    last: int
    status: Status


class FrameNumbers:
    """The ranges of one boot, and which of them changed since they were last saved. In memory only.

    Args:
        ranges: disjoint.
    """

    def __init__(self, ranges: Iterable[NumberRange] = ()) -> None:
        self._ranges = {each.first: each for each in ranges}
        self._firsts = sorted(self._ranges)
        self._changed: set[int] = set()

    def __iter__(self) -> Iterator[NumberRange]:
        return (self._ranges[first] for first in self._firsts)

    def status(self, number: int) -> Status | None:
        """The status of a number, or None if it never arrived."""
        found = self._holding(number)
        return found.status if found is not None else None

    def put(self, number: int, status: Status) -> None:
        """Set a number's status, replacing any it had."""
        found = self._holding(number)
        if found is not None:
            if found.status is status:
                return
            self._cut(found, number)
        self._join(number, number, status)

    def fill(self, first: int, last: int, status: Status) -> None:
        """Set the status of those of first … last that have none."""
        for each in self._between(first, last):
            if first < each.first:
                self._join(first, each.first - 1, status)
            first = each.last + 1
        if first <= last:
            self._join(first, last, status)

    def take_changes(self) -> tuple[list[int], list[NumberRange]]:
        """Since the last call: firsts of ranges that are gone, and ranges that are new or longer."""
        changed, self._changed = sorted(self._changed), set()
        gone = [first for first in changed if first not in self._ranges]
        return gone, [self._ranges[first] for first in changed if first in self._ranges]

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
        """Add a range if there is none, merged with its neighbours of the same status."""
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
        self._changed.add(new.first)

    def _remove(self, first: int) -> None:
        del self._ranges[first]
        del self._firsts[bisect_right(self._firsts, first) - 1]
        self._changed.add(first)


_BEFORE: Final = "SELECT time_ms FROM frame WHERE boot = ? AND seq < ? ORDER BY seq DESC LIMIT 1"
_AFTER: Final = "SELECT time_ms FROM frame WHERE boot = ? AND seq > ? ORDER BY seq LIMIT 1"
# A lost number that arrives after all gets another status; its row in lost_range stays.
_BETWEEN: Final = """
SELECT coalesce(sum(min(lost.last, number.last) - max(lost.first, number.first) + 1), 0) FROM lost_range AS lost
JOIN frame_number AS number ON number.boot = lost.boot AND number.first <= lost.last AND number.last >= lost.first
JOIN boot ON boot.id = lost.boot JOIN edge ON edge.id = boot.edge
WHERE number.status = :lost AND after_ms < :end AND before_ms >= :start
    AND edge.name IN (SELECT value FROM json_each(:edges))
"""
_OF_EDGE: Final = """
SELECT boot.boot, first, last, status FROM frame_number AS number
JOIN boot ON boot.id = number.boot JOIN edge ON edge.id = boot.edge
WHERE edge.name = :edge AND boot.boot NOT LIKE '%+%' {} ORDER BY boot.id, first
"""
# Frames of older boots can hardly come any more, and an edge may have had thousands.
_NEWEST: Final = 64
_ONLY_RECENT: Final = """
AND boot.id IN (
    SELECT * FROM (
        SELECT id FROM boot WHERE edge = (SELECT id FROM edge WHERE name = :edge) ORDER BY id DESC LIMIT :newest
    ) UNION ALL
    SELECT id FROM boot
    WHERE edge = (SELECT id FROM edge WHERE name = :edge) AND boot IN (SELECT value FROM json_each(:boots))
)
"""
_CONFLICTS: Final = """
SELECT edge.name, sum(last - first + 1) FROM frame_number AS number
JOIN boot ON boot.id = number.boot JOIN edge ON edge.id = boot.edge
WHERE boot.boot LIKE '%+%' GROUP BY edge.name ORDER BY edge.name
"""


def record_lost_range(connection: sqlite3.Connection, boot_id: int, first: int, last: int) -> None:
    """Record between which frames' times the lost numbers first … last of a boot were; in a transaction."""
    after, before = (
        connection.execute(select, (boot_id, number)).fetchone()
        for select, number in ((_BEFORE, first), (_AFTER, last))
    )
    row = (boot_id, first, last, after[0] if after is not None else None, before[0] if before is not None else None)
    connection.execute("INSERT OR REPLACE INTO lost_range VALUES (?, ?, ?, ?, ?)", row)


def lost_between(connection: sqlite3.Connection, edges: Collection[str], start_ms: int, end_ms: int) -> int:
    """How many lost frames of some edges may have been in [start_ms, end_ms), as far as their times are known."""
    values = {"lost": Status.LOST, "start": start_ms, "end": end_ms, "edges": json.dumps(list(edges))}
    return int(connection.execute(_BETWEEN, values).fetchone()[0])


def frame_numbers_of(connection: sqlite3.Connection, edge: str) -> dict[str, list[NumberRange]]:
    """Boot → the ranges of its numbers whose status is known, ascending; older boots first. Forks are left out."""
    return _by_boot(connection.execute(_OF_EDGE.format(""), {"edge": edge}))


def recent_numbers_of(
    connection: sqlite3.Connection, edge: str, boots: Collection[str]
) -> dict[str, list[NumberRange]]:
    """The same of some boots, and of the newest 64."""
    values = {"edge": edge, "boots": json.dumps(list(boots)), "newest": _NEWEST}
    return _by_boot(connection.execute(_OF_EDGE.format(_ONLY_RECENT), values))


def conflicts_of(connection: sqlite3.Connection) -> dict[str, int]:
    """Edge → frames whose numbers it had used before, for other frames."""
    return dict(connection.execute(_CONFLICTS))


def _by_boot(rows: Iterable[tuple[str, int, int, int]]) -> dict[str, list[NumberRange]]:
    boots: dict[str, list[NumberRange]] = {}
    for boot, first, last, status in rows:
        boots.setdefault(boot, []).append(NumberRange(first, last, Status(status)))
    return boots


def edges_of(connection: sqlite3.Connection) -> dict[str, int | None]:
    """Edge → time of the newest frame of a meter that it read, None if it never sent one; sorted by name.

    Edges that read meters of ignored sites only are left out.
    """
    select = """
    SELECT edge.name, max(last_ms) FROM edge LEFT JOIN meter_edge ON meter_edge.edge = edge.id
    LEFT JOIN meter ON meter.id = meter LEFT JOIN site ON site.id = meter.site
    GROUP BY edge.name HAVING count(site.id) = 0 OR count(site.id) > count(ignored_ms) ORDER BY edge.name
    """
    return dict(connection.execute(select))
