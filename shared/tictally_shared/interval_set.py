"""Sets of integers (frame numbers) as sorted, merged intervals, both ends included."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice


class IntervalSet:
    """A set of integers, stored as `[first, last]` intervals that neither touch nor overlap."""

    def __init__(self, intervals: Iterable[Iterable[int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in intervals:
            self.add(first, last)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._firsts, self._lasts, strict=True)

    def __bool__(self) -> bool:
        return bool(self._firsts)

    def __len__(self) -> int:
        """Return how many integers are in the set."""
        return sum(last - first + 1 for first, last in self)

    def __contains__(self, number: int) -> bool:
        i = bisect_right(self._firsts, number) - 1
        return i >= 0 and number <= self._lasts[i]

    def __repr__(self) -> str:
        return f"IntervalSet({[list(each) for each in self]})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntervalSet) and self._firsts == other._firsts and self._lasts == other._lasts

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __and__(self, other: "IntervalSet") -> "IntervalSet":
        """Return the intersection."""
        both = IntervalSet()
        i = j = 0
        while i < len(self._firsts) and j < len(other._firsts):
            first = max(self._firsts[i], other._firsts[j])
            last = min(self._lasts[i], other._lasts[j])
            if first <= last:
                both.add(first, last)
            if self._lasts[i] < other._lasts[j]:
                i += 1
            else:
                j += 1
        return both

    def __or__(self, other: "IntervalSet") -> "IntervalSet":
        """Return the union."""
        union = IntervalSet(self)
        for first, last in other:
            union.add(first, last)
        return union

    def __sub__(self, other: "IntervalSet") -> "IntervalSet":
        """Return the difference: what is in this set and not in the other."""
        rest = IntervalSet(self)
        for first, last in other:
            rest.remove(first, last)
        return rest

    def lowest(self, max_count: int, max_intervals: int) -> "IntervalSet":
        """Return the lowest integers: at most so many, in at most so many intervals."""
        taken = IntervalSet()
        for first, last in islice(self, max_intervals):
            if max_count <= 0:
                break
            taken.add(first, min(last, first + max_count - 1))
            max_count -= last - first + 1
        return taken

    def add(self, first: int, last: int) -> None:
        """Add first … last.

        Raises:
            ValueError: last comes before first.
        """
        if last < first:
            raise ValueError(f"an interval from {first} to {last}")
        start = bisect_left(self._lasts, first - 1)  # the first interval that touches or follows
        stop = bisect_right(self._firsts, last + 1)  # behind the last one that touches or precedes
        if start < stop:
            first, last = min(first, self._firsts[start]), max(last, self._lasts[stop - 1])
        self._firsts[start:stop], self._lasts[start:stop] = [first], [last]

    def remove(self, first: int, last: int) -> None:
        """Remove the range first … last; parts that are not in the set are ignored."""
        start = bisect_left(self._lasts, first)
        stop = bisect_right(self._firsts, last)
        if start >= stop:
            return
        left, right = self._firsts[start], self._lasts[stop - 1]
        rest = [part for part in ((left, first - 1), (last + 1, right)) if part[0] <= part[1]]
        self._firsts[start:stop] = [part[0] for part in rest]
        self._lasts[start:stop] = [part[1] for part in rest]

    def longest(self, limit: int) -> list[tuple[int, int]]:
        """Return a subset: the longest intervals, at most `limit` of them, in order."""
        longest = sorted(self, key=lambda each: each[0] - each[1])[:limit]
        return sorted(longest)

    def covering(self, limit: int) -> list[tuple[int, int]]:
        """Return a superset of at most `limit` intervals, in order: the smallest gaps are closed."""
        intervals = list(self)
        gaps = sorted(range(1, len(intervals)), key=lambda i: intervals[i][0] - intervals[i - 1][1])
        closed = set(gaps[: max(len(intervals) - limit, 0)])
        merged: list[tuple[int, int]] = []
        for i, (first, last) in enumerate(intervals):
            if i in closed:
                merged[-1] = (merged[-1][0], last)
            else:
                merged.append((first, last))
        return merged
