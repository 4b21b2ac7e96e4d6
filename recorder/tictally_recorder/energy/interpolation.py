"""What a register counted in each quarter, from its observations. Pure.

register(T) is the value at T or the last before. Between two frames with whole quarters without frames between them,
the register at each quarter's bound is interpolated by time in whole units, rounded down, so that the remainder comes
last.
A fall starts a new segment: what was counted across it is unknown and counts as nothing.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tictally_recorder.ledger import Run
from tictally_shared.calendar import QUARTER_MS


class Piece(NamedTuple):
    """A part of what a register counted within one quarter, or within quarters of one period.

    Attributes:
        quarter: number of the quarter, its start / 900 000 ms; of the last one where a piece spans several.
        first: the register where the piece begins.
        last: the register where it ends.
        energy: last - first, 0 over a fall.
        estimated: a bound of the quarter was interpolated.
        fell: the register fell here.
        lost: what was counted here is unknown, because the register fell in a gap.
    """

    quarter: int
    first: int
    last: int
    energy: int
    estimated: bool = False
    fell: bool = False
    lost: bool = False


class Point(NamedTuple):
    """A register's value at a moment."""

    time_ms: int
    value: int


def pieces_between(before: Point, after: Point, first: int, end: int) -> Iterator[Piece]:
    """What a register counted from one observation to the next, in the quarters of [first, end) only."""
    begins = before.time_ms // QUARTER_MS
    # An observation exactly at a bound belongs to the quarter before it.
    ends = max((after.time_ms - 1) // QUARTER_MS, begins)
    fell = after.value < before.value
    if after.time_ms // QUARTER_MS - begins <= 1:
        if first <= ends < end:
            yield Piece(ends, before.value, after.value, 0 if fell else after.value - before.value, fell=fell)
        return
    for quarter in range(max(begins, first), min(ends + 1, end)):
        if fell:
            last = after.value if quarter == ends else before.value
            yield Piece(quarter, before.value, last, 0, estimated=True, fell=quarter == ends, lost=True)
            continue
        low = _between(before, after, max(quarter * QUARTER_MS, before.time_ms))
        high = _between(before, after, min((quarter + 1) * QUARTER_MS, after.time_ms))
        yield Piece(quarter, low, high, high - low, estimated=True)


def pieces_of(runs: tuple[Run, ...], before: Point | None, first: int, end: int) -> Iterator[Piece]:
    """What a register counted up to the last of a quarter's observations.

    Args:
        runs: of the quarter.
        before: the last observation before it, or None if there is none.
        first: quarters before this one are left out.
        end: this one and those after it are left out.
    """
    for run in runs:
        here = Point(run.first_ms, run.first)
        yield from pieces_between(before or here, here, first, end)
        before = Point(run.last_ms, run.last)
        yield from pieces_between(here, before, first, end)


def _between(before: Point, after: Point, time_ms: int) -> int:
    risen = (after.value - before.value) * (time_ms - before.time_ms)
    return before.value + risen // (after.time_ms - before.time_ms)
