"""What a register counted in each quarter, from its observations. Pure.

register(T) is the value at T or the last before. Between two frames with whole quarters without frames between them,
the register at each quarter's bound is interpolated by time in whole units, rounded down, so that the remainder comes
last.
A register that has reached its largest value continues at zero: a fall that this explains is a rise. Any other fall
leaves unknown what was counted from the observation before it to the one after it.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from tictally_recorder.ledger import Run
from tictally_shared.calendar import QUARTER_MS

ROLLOVER: Final = 10**9
"""Registers have nine digits: 0 follows 999 999 999. Source: Enedis-NOI-CPT_54E §5.3 and §6.2."""
_LARGEST_METER_VA: Final = 36_000
# A meter cuts off a load that exceeds what is subscribed, but not at once; and clocks may differ by some seconds.
_EXCESS: Final = 1.3
_ALWAYS_PLAUSIBLE_WH: Final = 100
_HOUR_MS: Final = 3_600_000


class Unknown(NamedTuple):
    """A time in which it is unknown what a register counted.

    Attributes:
        start_ms: the last observation before, milliseconds since 1970.
        end_ms: the first observation after.
        fell: the register fell; else it does not continue what was counted before under another name.
    """

    start_ms: int
    end_ms: int
    fell: bool


class Piece(NamedTuple):
    """A part of what a register counted within one quarter, or within quarters of one period.

    Attributes:
        quarter: number of the quarter, its start / 900 000 ms; of the last one where a piece spans several.
        first: the register where the piece begins.
        last: the register where it ends.
        energy: what was counted between them, 0 where it is unknown.
        start_ms: where it begins, milliseconds since 1970: an observation, or the quarter's start.
        end_ms: where it ends: an observation, or the quarter's end.
        first_estimated: the register where it begins was interpolated.
        last_estimated: the register where it ends was interpolated.
        inferred: the register had different names before and after.
        unknown: the time of which this is a part, where it is unknown what was counted, else None.
    """

    quarter: int
    first: int
    last: int
    energy: int
    start_ms: int
    end_ms: int
    first_estimated: bool = False
    last_estimated: bool = False
    inferred: bool = False
    unknown: Unknown | None = None


class Point(NamedTuple):
    """A register's value at a moment."""

    time_ms: int
    value: int


def most_wh(elapsed_ms: int, power_va: int = _LARGEST_METER_VA) -> float:
    """The most that a meter may have counted in a time at a subscribed power."""
    return _ALWAYS_PLAUSIBLE_WH + power_va * _EXCESS * elapsed_ms / _HOUR_MS


def risen_between(before: Point, after: Point) -> int | None:
    """What a register counted from one observation to the next; None if it fell."""
    if after.value >= before.value:
        return after.value - before.value
    risen = after.value + ROLLOVER - before.value
    return risen if 0 <= risen <= most_wh(after.time_ms - before.time_ms) else None


def _counted_to(before: Point, after: Point, risen: int) -> int:
    value = before.value + risen
    return value - ROLLOVER if after.value < before.value and value >= ROLLOVER else value


def pieces_between(before: Point, after: Point, first: int, end: int, *, inferred: bool = False) -> Iterator[Piece]:
    """What a register counted from one observation to the next, in the quarters of [first, end) only.

    Args:
        before: an observation.
        after: the next one.
        first: the first quarter.
        end: the quarter after the last.
        inferred: they have different names.
    """
    risen = risen_between(before, after)
    if risen is None:
        unknown = Unknown(before.time_ms, after.time_ms, fell=True)
        yield from unknown_pieces(unknown, (before.value, after.value), first, end)
        return
    begins = before.time_ms // QUARTER_MS
    # An observation exactly at a bound belongs to the quarter before it.
    ends = max((after.time_ms - 1) // QUARTER_MS, begins)
    inferred = inferred and risen > 0
    if after.time_ms // QUARTER_MS - begins <= 1:
        if first <= ends < end:
            start_ms = max(before.time_ms, ends * QUARTER_MS)
            yield Piece(ends, before.value, after.value, risen, start_ms, after.time_ms, inferred=inferred)
        return
    elapsed_ms = after.time_ms - before.time_ms
    is_still = not risen
    for quarter in range(max(begins, first), min(ends + 1, end)):
        start_ms, end_ms = max(quarter * QUARTER_MS, before.time_ms), min((quarter + 1) * QUARTER_MS, after.time_ms)
        low = risen * (start_ms - before.time_ms) // elapsed_ms
        high = risen * (end_ms - before.time_ms) // elapsed_ms
        yield Piece(
            quarter,
            _counted_to(before, after, low),
            _counted_to(before, after, high),
            high - low,
            start_ms,
            end_ms,
            first_estimated=not (is_still or start_ms == before.time_ms),
            last_estimated=not (is_still or end_ms == after.time_ms),
            inferred=inferred,
        )


def unknown_pieces(unknown: Unknown, values: tuple[int, int], first: int, end: int) -> Iterator[Piece]:
    """The quarters of [first, end) in which it is unknown what a register counted.

    Args:
        unknown: the time.
        values: of the register before and after it.
        first: the first quarter.
        end: the quarter after the last.
    """
    before, after = values
    begins = unknown.start_ms // QUARTER_MS
    ends = max((unknown.end_ms - 1) // QUARTER_MS, begins)
    for quarter in range(max(begins, first), min(ends + 1, end)):
        start_ms = max(quarter * QUARTER_MS, unknown.start_ms)
        end_ms = min((quarter + 1) * QUARTER_MS, unknown.end_ms)
        last = after if quarter == ends else before
        yield Piece(quarter, before, last, 0, start_ms, end_ms, unknown=unknown)


def steps(runs: tuple[Run, ...], before: Point | None) -> Iterator[tuple[Point, Point]]:
    """Neighbouring observations up to the last of a quarter's.

    Args:
        runs: of the quarter.
        before: the last observation before it, or None if there is none: the first one stands for it.
    """
    for run in runs:
        here = Point(run.first_ms, run.first)
        yield before or here, here
        before = Point(run.last_ms, run.last)
        yield here, before
