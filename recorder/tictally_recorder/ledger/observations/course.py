"""The course of one register through a gap without frames, from what is known of it. Pure.

Readings decide what was counted between them, frames' among them; energies of intervals show when, and what was
counted where no reading is. So nothing is counted twice, and the energies on both sides of a join add up to the
difference of the registers.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from tictally_recorder.ledger.observations.model import WATT_MINUTES
from tictally_recorder.ledger.observations.segments import Segment, part, shares
from tictally_shared.calendar import QUARTER_MS

_EVER_MS: Final = 2**62
# A reading may be rounded to a kWh by who kept it.
_ROUNDING_WH: Final = 1000
# Twice what the largest meter of a household carries.
_MOST_W: Final = 72_000
_HOUR_MS: Final = 3_600_000
# Readings in a row that may be wrong without the register having been set back.
_MOST_WRONG: Final = 3


class Point(NamedTuple):
    """A register's value at a moment."""

    time_ms: int
    value: int


@dataclass(frozen=True, slots=True)
class Course:
    """What is known of a register within a gap.

    Attributes:
        points: in order of time, between the frames around the gap. Without a reading the values are relative.
        breaks: times of the points, or of the last frame, after which what was counted up to the next is unknown.
    """

    points: list[Point] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)

    def add(self, later: "Course") -> None:
        """Go on with what is known of the time after it."""
        self.points.extend(later.points)
        self.breaks.extend(later.breaks)


def course(before: Point | None, after: Point | None, readings: Sequence[Point], segments: Sequence[Segment]) -> Course:
    """The course of a register in a gap.

    Args:
        before: the last frame before the gap, or None.
        after: the first frame after it, or None.
        readings: within the gap, in order of time, one for each moment.
        segments: in order of time, disjoint; cut at the frames.
    """
    start_ms = -_EVER_MS if before is None else before.time_ms
    end_ms = _EVER_MS if after is None else after.time_ms
    fixed = list(_fixed(before, after, [each for each in readings if start_ms < each.time_ms < end_ms]))
    cut = [part(each, start_ms, end_ms) for each in segments if each.start_ms < end_ms and each.end_ms > start_ms]
    if not fixed:
        return _forward(Point(cut[0].start_ms, 0), cut, is_known=True) if cut else Course()
    found = _backward(fixed[0], [each for each in cut if each.start_ms < fixed[0].time_ms])
    at = 0
    for low, high in pairwise(fixed):
        while at < len(cut) and cut[at].end_ms <= low.time_ms:
            at += 1
        until = at
        while until < len(cut) and cut[until].start_ms < high.time_ms:
            until += 1
        found.add(_between(low, high, [part(each, low.time_ms, high.time_ms) for each in cut[at:until]]))
        found.points.append(high)
    found.add(
        _forward(
            fixed[-1], [part(each, fixed[-1].time_ms, _EVER_MS) for each in cut if each.end_ms > fixed[-1].time_ms]
        )
    )
    return Course([each for each in found.points if start_ms < each.time_ms < end_ms], found.breaks)


def without_errors(readings: Sequence[Point]) -> list[Point]:
    """The readings without those that a register cannot have had between the one before and the ones soon after.

    A register that stays low was set back, or is of another meter, and remains.
    """
    found: list[Point] = []
    for at, each in enumerate(readings):
        later = readings[at + 1 : at + 1 + _MOST_WRONG]
        if found:
            value = found[-1].value
            is_dip = each.value < value and any(_is_rise(found[-1], other) for other in later)
            is_spike = (
                not is_dip
                and each.value > value
                and any(value <= other.value < each.value - _ROUNDING_WH for other in later)
            )
            if is_dip or (is_spike and not _is_rise(found[-1], each)):
                continue
        found.append(each)
    return found


def _is_rise(low: Point, high: Point) -> bool:
    """True if a register may have counted from one value to another in that time."""
    most = _MOST_W * (high.time_ms - low.time_ms) // _HOUR_MS + _ROUNDING_WH
    return low.value <= high.value <= low.value + most


def _fixed(before: Point | None, after: Point | None, readings: Iterable[Point]) -> Iterator[Point]:
    """The points that nothing alters: frames, and the readings that agree with them except for rounding."""
    low = before
    if before is not None:
        yield before
    for each in readings:
        value = each.value
        if before is not None and after is not None and before.value <= after.value:
            value = min(max(value, before.value), after.value)
            if abs(value - each.value) > _ROUNDING_WH:
                continue
        elif after is not None and 0 < value - after.value <= _ROUNDING_WH:
            value = after.value
        if low is not None and 0 < low.value - value <= _ROUNDING_WH:
            value = low.value
        low = Point(each.time_ms, value)
        yield low
    if after is not None:
        yield after


def _between(low: Point, high: Point, segments: Sequence[Segment]) -> Course:
    """What is known between two fixed points: some segments, which add up to the difference of the points."""
    if not _is_rise(low, high):  # it was set back, or is another meter's: only what the segments have is known
        ahead = _forward(low, segments)
        points = [Point(min(time_ms, high.time_ms - 1), value) for time_ms, value in ahead.points]
        newest_ms = points[-1].time_ms if points else low.time_ms
        return Course(points, [*ahead.breaks, newest_ms])
    if not segments:
        return Course()
    pieces = list(_with_free_time(low.time_ms, high.time_ms, segments))
    lengths = [end_ms - start_ms for start_ms, end_ms, energy in pieces if energy is None]
    total, known = (high.value - low.value) * WATT_MINUTES, sum(each.watt_minutes for each in segments)
    if lengths and total >= known:
        free = shares(total - known, lengths)
        energies = [next(free) if energy is None else energy for _, _, energy in pieces]
    elif known:
        energies = list(shares(total, [energy or 0 for _, _, energy in pieces]))
    else:
        energies = list(shares(total, [end_ms - start_ms for start_ms, end_ms, _ in pieces]))
    found, risen = Course(), 0
    for (_, end_ms, _), energy in zip(pieces[:-1], energies, strict=False):
        risen += energy
        found.points.append(Point(end_ms, low.value + risen // WATT_MINUTES))
    return found


def _with_free_time(start_ms: int, end_ms: int, segments: Iterable[Segment]) -> Iterator[tuple[int, int, int | None]]:
    """(start, end, energy) of the segments and of the time between them, which has None."""
    cursor = start_ms
    for each in segments:
        if each.start_ms > cursor:
            yield cursor, each.start_ms, None
        yield each.start_ms, each.end_ms, each.watt_minutes
        cursor = each.end_ms
    if cursor < end_ms:
        yield cursor, end_ms, None


def _forward(start: Point, segments: Iterable[Segment], *, is_known: bool = False) -> Course:
    """The points after a fixed one; `is_known` adds that one itself."""
    found = Course([start] if is_known else [])
    cursor, energy = start.time_ms, start.value * WATT_MINUTES
    for each in segments:
        if each.start_ms > cursor:
            if not found.points and each.start_ms - cursor < QUARTER_MS:
                energy += _extrapolated(each, each.start_ms - cursor)
            else:
                found.breaks.append(cursor)
            found.points.append(Point(each.start_ms, energy // WATT_MINUTES))
        energy += each.watt_minutes
        cursor = each.end_ms
        found.points.append(Point(cursor, energy // WATT_MINUTES))
    return found


def _extrapolated(segment: Segment, length_ms: int) -> int:
    """What a time of less than a quarter-hour between a reading and a segment has at the segment's power."""
    return segment.watt_minutes * length_ms // (segment.end_ms - segment.start_ms)


def _backward(end: Point, segments: Sequence[Segment]) -> Course:
    """The points up to the first fixed one, which is the last of them."""
    found = Course([end])
    cursor, energy = end.time_ms, end.value * WATT_MINUTES
    for segment in reversed(segments):
        each = part(segment, segment.start_ms, end.time_ms)
        if each.end_ms < cursor:
            if len(found.points) == 1 and cursor - each.end_ms < QUARTER_MS:
                energy -= _extrapolated(each, cursor - each.end_ms)
            else:
                found.breaks.append(each.end_ms)
            found.points.append(Point(each.end_ms, -(-energy // WATT_MINUTES)))
        energy -= each.watt_minutes
        cursor = each.start_ms
        found.points.append(Point(cursor, -(-energy // WATT_MINUTES)))
    found.points.reverse()
    found.breaks.reverse()
    return found
