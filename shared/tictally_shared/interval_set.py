"""Sets of frame numbers as sorted, merged ranges, both ends included."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice


class Ranges:
    """A set of integers, kept as `[first, last]` ranges that neither touch nor overlap."""

    def __init__(self, ranges: Iterable[Iterable[int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in ranges:
            self.add(first, last)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._firsts, self._lasts, strict=True)

    def __bool__(self) -> bool:
        return bool(self._firsts)

    def __len__(self) -> int:
        """How many integers are in the set."""
        return sum(last - first + 1 for first, last in self)

    def __contains__(self, number: int) -> bool:
        i = bisect_right(self._firsts, number) - 1
        return i >= 0 and number <= self._lasts[i]

    def __repr__(self) -> str:
        return f"Ranges({[list(each) for each in self]})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranges) and self._firsts == other._firsts and self._lasts == other._lasts

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __and__(self, other: "Ranges") -> "Ranges":
        """What is in both."""
        both = Ranges()
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

    def __or__(self, other: "Ranges") -> "Ranges":
        """What is in one of them, or in both."""
        union = Ranges(self)
        for first, last in other:
            union.add(first, last)
        return union

    def __sub__(self, other: "Ranges") -> "Ranges":
        """What is here and not in the other."""
        rest = Ranges(self)
        for first, last in other:
            rest.remove(first, last)
        return rest

    def lowest(self, most_numbers: int, most_ranges: int) -> "Ranges":
        """The lowest numbers: at most so many, in at most so many ranges."""
        taken = Ranges()
        for first, last in islice(self, most_ranges):
            if most_numbers <= 0:
                break
            taken.add(first, min(last, first + most_numbers - 1))
            most_numbers -= last - first + 1
        return taken

    def add(self, first: int, last: int) -> None:
        """Puts first … last in.

        Raises:
            ValueError: last comes before first.
        """
        if last < first:
            raise ValueError(f"a range from {first} to {last}")
        start = bisect_left(self._lasts, first - 1)  # the first range that touches or follows
        stop = bisect_right(self._firsts, last + 1)  # behind the last one that touches or precedes
        if start < stop:
            first, last = min(first, self._firsts[start]), max(last, self._lasts[stop - 1])
        self._firsts[start:stop], self._lasts[start:stop] = [first], [last]

    def remove(self, first: int, last: int) -> None:
        """Takes first … last out, what of it is in."""
        start = bisect_left(self._lasts, first)
        stop = bisect_right(self._firsts, last)
        if start >= stop:
            return
        left, right = self._firsts[start], self._lasts[stop - 1]
        rest = [part for part in ((left, first - 1), (last + 1, right)) if part[0] <= part[1]]
        self._firsts[start:stop] = [part[0] for part in rest]
        self._lasts[start:stop] = [part[1] for part in rest]

    def inward(self, most: int) -> list[tuple[int, int]]:
        """At most `most` ranges that hold nothing which is not in the set: the longest ones."""
        longest = sorted(self, key=lambda each: each[0] - each[1])[:most]
        return sorted(longest)

    def outward(self, most: int) -> list[tuple[int, int]]:
        """At most `most` ranges that hold all of the set: the smallest gaps between ranges are closed."""
        ranges = list(self)
        gaps = sorted(range(1, len(ranges)), key=lambda i: ranges[i][0] - ranges[i - 1][1])
        closed = set(gaps[: max(len(ranges) - most, 0)])
        merged: list[tuple[int, int]] = []
        for i, (first, last) in enumerate(ranges):
            if i in closed:
                merged[-1] = (merged[-1][0], last)
            else:
                merged.append((first, last))
        return merged
