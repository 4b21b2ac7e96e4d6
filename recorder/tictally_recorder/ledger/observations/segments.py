"""Makes one course of time out of overlapping energies: finer ones first, coarser ones fill what is left. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tictally_recorder.ledger.observations.model import WATT_MINUTES


class Segment(NamedTuple):
    """An energy of a time that no other segment shares.

    Attributes:
        start_ms: milliseconds since 1970.
        end_ms: excluded.
        watt_minutes: the energy.
        is_integrated: see `IntervalEnergy`.
    """

    start_ms: int
    end_ms: int
    watt_minutes: int
    is_integrated: bool = False


class RankedEnergy(NamedTuple):
    """An energy of an interval with what decides between it and others.

    Attributes:
        start_ms: milliseconds since 1970.
        end_ms: excluded.
        watt_minutes: the energy.
        is_integrated: see `IntervalEnergy`.
        rank: the higher one of two equal intervals counts: a later run, then a file's hash.
    """

    start_ms: int
    end_ms: int
    watt_minutes: int
    is_integrated: bool
    rank: tuple[int, str]


def disjoint(energies: Iterable[RankedEnergy]) -> list[Segment]:
    """The energies as segments in order of time, none of which overlap.

    A finer energy counts before a coarser one, of the same length a measured one before an integrated one, then the one
    of the higher rank. What a coarser energy has beyond the finer ones within it belongs to the time that they leave
    free; where it has less than they, that time stays unknown.
    """
    best: dict[tuple[int, int], RankedEnergy] = {}
    for each in energies:
        key = (each.start_ms, each.end_ms)
        other = best.get(key)
        if other is None or (not each.is_integrated, each.rank) > (not other.is_integrated, other.rank):
            best[key] = each
    course = _Course()
    for each in sorted(best.values(), key=_order):
        course.add(Segment(each.start_ms, each.end_ms, each.watt_minutes, each.is_integrated))
    return course.segments


def _order(energy: RankedEnergy) -> tuple[int, bool, int, int]:
    return energy.end_ms - energy.start_ms, energy.is_integrated, -energy.rank[0], energy.start_ms


def part(segment: Segment, start_ms: int, end_ms: int) -> Segment:
    """The part of a segment within a time, by time where it is cut."""
    start_ms, end_ms = max(start_ms, segment.start_ms), min(end_ms, segment.end_ms)
    length = segment.end_ms - segment.start_ms
    low = segment.watt_minutes * (start_ms - segment.start_ms) // length
    energy = segment.watt_minutes * (end_ms - segment.start_ms) // length - low
    return Segment(start_ms, end_ms, energy, segment.is_integrated)


def shares(total: int, lengths: Iterable[int]) -> Iterator[int]:
    """A total divided in proportion to some lengths, in whole units whose sum is the total."""
    lengths = list(lengths)
    whole, before, done = sum(lengths), 0, 0
    for length in lengths:
        done += length
        here = total * done // whole
        yield here - before
        before = here


class _Course:
    """Disjoint segments in order of time while more are added."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def add(self, new: Segment) -> None:
        segments = self.segments
        if not segments or segments[-1].end_ms <= new.start_ms:
            segments.append(new)
            return
        first = bisect_right(segments, new.start_ms, key=lambda each: each.end_ms)
        end = bisect_left(segments, new.end_ms, key=lambda each: each.start_ms)
        inner = segments[first:end]
        if not inner:
            segments.insert(first, new)
            return
        free = list(_free(new, inner))
        rest = new.watt_minutes - sum(part(each, new.start_ms, new.end_ms).watt_minutes for each in inner)
        # Each of them may have been rounded by up to a Wh.
        if not free or rest < -WATT_MINUTES * len(inner):
            return
        lengths = [end_ms - start_ms for start_ms, end_ms in free]
        filled = zip(free, shares(max(rest, 0), lengths), strict=True)
        segments[first:end] = sorted(
            [*inner, *(Segment(*times, energy, new.is_integrated) for times, energy in filled)]
        )


def _free(whole: Segment, inner: Iterable[Segment]) -> Iterator[tuple[int, int]]:
    cursor = whole.start_ms
    for each in inner:
        if each.start_ms > cursor:
            yield cursor, each.start_ms
        cursor = max(cursor, each.end_ms)
    if cursor < whole.end_ms:
        yield cursor, whole.end_ms
