"""Which frame numbers of a boot the ledger has, as few ranges as they can be told in. Pure."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum


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
