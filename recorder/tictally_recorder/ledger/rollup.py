"""Rolls frames up into quarters, and merges two parts of a quarter. Pure.

A quarter has the runs of a register, the statistics of a power, current or voltage, and the ends of any other number;
strings are stored by change instead. Frames are added in order of time; parts that overlap in time are merged by
`merge`. A cut is a moment at which registers begin to count something else: a run ends before it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Final, Protocol, Self, TypeVar

from tictally_recorder.ledger.model import Ends, Live, Quarter, Run
from tictally_shared.labels import LABELS, Kind

REGISTERS: Final = frozenset(name for name, label in LABELS.items() if label.kind is Kind.REGISTER)
_LIVE: Final = frozenset(name for name, label in LABELS.items() if label.live)

_T = TypeVar("_T")


class _Sum(Protocol):
    def add(self, time_ms: int, value: int) -> None: ...


class _RunSum:
    """A register's runs while frames are added: finished ones, and the open one."""

    __slots__ = ("done", "first", "first_ms", "is_cut", "last", "last_ms")

    def __init__(self, time_ms: int, value: int) -> None:
        self.done: list[Run] = []
        self.first_ms = self.last_ms = time_ms
        self.first = self.last = value
        self.is_cut = False

    @classmethod
    def of(cls, runs: tuple[Run, ...]) -> Self:
        last = runs[-1]
        self = cls(last.first_ms, last.first)
        self.done, self.last_ms, self.last = list(runs[:-1]), last.last_ms, last.last
        return self

    def add(self, time_ms: int, value: int) -> None:
        if value < self.last or self.is_cut:
            self.done.append(self._open())
            self.first_ms, self.first, self.is_cut = time_ms, value, False
        self.last_ms, self.last = time_ms, value

    def _open(self) -> Run:
        return Run(self.first_ms, self.first, self.last_ms, self.last)

    def frozen(self) -> tuple[Run, ...]:
        return (*self.done, self._open())


class _LiveSum:
    """Statistics while frames are added."""

    __slots__ = ("first", "first_ms", "last", "last_ms", "max", "min", "n", "sum")

    def __init__(self, time_ms: int, value: int) -> None:
        self.first_ms = self.last_ms = time_ms
        self.first = self.last = self.sum = self.min = self.max = value
        self.n = 1

    @classmethod
    def of(cls, live: Live) -> Self:
        self = cls(live.first_ms, live.first)
        self.last_ms, self.last = live.last_ms, live.last
        self.n, self.sum, self.min, self.max = live.n, live.sum, live.min, live.max
        return self

    def add(self, time_ms: int, value: int) -> None:
        self.last_ms, self.last = time_ms, value
        self.n += 1
        self.sum += value
        if value < self.min:
            self.min = value
        elif value > self.max:
            self.max = value

    def frozen(self) -> Live:
        return Live(self.first_ms, self.first, self.last_ms, self.last, self.n, self.sum, self.min, self.max)


class _EndsSum:
    """First and last while frames are added."""

    __slots__ = ("first", "first_ms", "last", "last_ms")

    def __init__(self, time_ms: int, value: int) -> None:
        self.first_ms = self.last_ms = time_ms
        self.first = self.last = value

    @classmethod
    def of(cls, ends: Ends) -> Self:
        self = cls(ends.first_ms, ends.first)
        self.last_ms, self.last = ends.last_ms, ends.last
        return self

    def add(self, time_ms: int, value: int) -> None:
        self.last_ms, self.last = time_ms, value

    def frozen(self) -> Ends:
        return Ends(self.first_ms, self.first, self.last_ms, self.last)


class Rollup:
    """A quarter in the making.

    Attributes:
        n: frames added.
        first_ms: time of the first.
        last_ms: time of the last. A frame may be added when it is not earlier.
    """

    __slots__ = ("_ends", "_live", "_registers", "_sums", "first_ms", "last_ms", "meter_id", "n", "start_ms")

    def __init__(self, meter_id: int, start_ms: int) -> None:
        self.meter_id = meter_id
        self.start_ms = start_ms
        self.n = self.first_ms = self.last_ms = 0
        self._registers: dict[str, _RunSum] = {}
        self._live: dict[str, _LiveSum] = {}
        self._ends: dict[str, _EndsSum] = {}
        self._sums: dict[str, _Sum] = {}

    @classmethod
    def of(cls, quarter: Quarter) -> Self:
        """A rollup that continues a quarter."""
        self = cls(quarter.meter_id, quarter.start_ms)
        self.n, self.first_ms, self.last_ms = quarter.n, quarter.first_ms, quarter.last_ms
        self._registers = {name: _RunSum.of(runs) for name, runs in quarter.registers.items()}
        self._live = {name: _LiveSum.of(live) for name, live in quarter.live.items()}
        self._ends = {name: _EndsSum.of(ends) for name, ends in quarter.ends.items()}
        self._sums = {**self._registers, **self._live, **self._ends}
        return self

    def add(self, time_ms: int, values: Mapping[str, int | str]) -> None:
        """Add a frame that is not earlier than those before it."""
        if not self.n:
            self.first_ms = time_ms
        self.n += 1
        self.last_ms = time_ms
        sums = self._sums
        for name, value in values.items():
            if isinstance(value, int):
                found = sums.get(name)
                if found is None:
                    self._begin(name, time_ms, value)
                else:
                    found.add(time_ms, value)

    def cut(self) -> None:
        """End the runs: what is added from now on counts something else."""
        for each in self._registers.values():
            each.is_cut = True

    def cut_at(self, cuts: Sequence[int]) -> None:
        """End the runs of a continued quarter whose last reading is before one of these moments."""
        for each in self._registers.values():
            each.is_cut = each.is_cut or _is_cut_between(each.last_ms, self.last_ms, cuts)

    def add_all(self, frames: Iterable[tuple[int, Mapping[str, int | str]]], cuts: Sequence[int]) -> None:
        """Add (time_ms, values) in the order of time; `cuts` are moments, in any order."""
        for time_ms, values in frames:
            if _is_cut_between(self.last_ms, time_ms, cuts):
                self.cut()
            self.add(time_ms, values)

    def _begin(self, name: str, time_ms: int, value: int) -> None:
        if name in REGISTERS:
            self._sums[name] = self._registers[name] = _RunSum(time_ms, value)
        elif name in _LIVE:
            self._sums[name] = self._live[name] = _LiveSum(time_ms, value)
        else:
            self._sums[name] = self._ends[name] = _EndsSum(time_ms, value)

    def quarter(self) -> Quarter:
        """The quarter so far; at least one frame has been added."""
        return Quarter(
            self.meter_id,
            self.start_ms,
            self.n,
            self.first_ms,
            self.last_ms,
            {name: each.frozen() for name, each in self._registers.items()},
            {name: each.frozen() for name, each in self._live.items()},
            {name: each.frozen() for name, each in self._ends.items()},
        )


def roll_up(
    meter_id: int, start_ms: int, frames: Iterable[tuple[int, Mapping[str, int | str]]], cuts: Sequence[int] = ()
) -> Quarter | None:
    """The quarter that (time_ms, values) in the order of time make, or None if there are none."""
    rollup = Rollup(meter_id, start_ms)
    rollup.add_all(frames, cuts)
    return rollup.quarter() if rollup.n else None


def add_frames(
    part: Quarter, frames: Iterable[tuple[int, Mapping[str, int | str]]], cuts: Sequence[int] = ()
) -> Quarter:
    """A part of a quarter and (time_ms, values) in the order of time that are not in it.

    Exact for frames before and after the part; those between its ends are merged as `merge` does.
    """
    early: list[tuple[int, Mapping[str, int | str]]] = []
    between: list[tuple[int, Mapping[str, int | str]]] = []
    late: list[tuple[int, Mapping[str, int | str]]] = []
    for frame in frames:
        if frame[0] > part.last_ms:
            late.append(frame)
        else:
            (early if frame[0] < part.first_ms else between).append(frame)
    for some in (early, between):
        if (other := roll_up(part.meter_id, part.start_ms, some, cuts)) is not None:
            part = merge(part, other, cuts)
    whole = Rollup.of(part)
    whole.cut_at(cuts)
    whole.add_all(late, cuts)
    return whole.quarter()


def _is_cut_between(before_ms: int, after_ms: int, cuts: Sequence[int]) -> bool:
    return any(before_ms < each <= after_ms for each in cuts)


def merge(one: Quarter, other: Quarter, cuts: Sequence[int] = ()) -> Quarter:
    """One quarter out of two parts of it, in either order.

    Exact where a label's parts do not overlap in time. Where they do, a register's runs are compared by their ends:
    what is consistent with one run becomes one.
    """
    return replace(
        one,
        n=one.n + other.n,
        first_ms=min(one.first_ms, other.first_ms),
        last_ms=max(one.last_ms, other.last_ms),
        registers=_joined(one.registers, other.registers, partial(_merge_runs, cuts)),
        live=_joined(one.live, other.live, _merge_live),
        ends=_joined(one.ends, other.ends, _merge_ends),
    )


def _joined(one: Mapping[str, _T], other: Mapping[str, _T], join: Callable[[_T, _T], _T]) -> dict[str, _T]:
    return {**one, **{name: join(one[name], each) if name in one else each for name, each in other.items()}}


def _merge_runs(cuts: Sequence[int], one: tuple[Run, ...], other: tuple[Run, ...]) -> tuple[Run, ...]:
    runs = sorted((*one, *other), key=lambda run: run.first_ms)
    points = [point for run in runs for point in ((run.first_ms, run.first), (run.last_ms, run.last))]
    if any(after[0] < before[0] for before, after in pairwise(points)):
        points.sort()
    merged = _RunSum(*points[0])
    for before, point in pairwise(points):
        merged.is_cut = _is_cut_between(before[0], point[0], cuts)
        merged.add(*point)
    return merged.frozen()


def _merge_live(one: Live, other: Live) -> Live:
    ends = _merge_ends(_ends(one), _ends(other))
    n, total = one.n + other.n, one.sum + other.sum
    low, high = min(one.min, other.min), max(one.max, other.max)
    return Live(ends.first_ms, ends.first, ends.last_ms, ends.last, n, total, low, high)


def _ends(live: Live) -> Ends:
    return Ends(live.first_ms, live.first, live.last_ms, live.last)


def _merge_ends(one: Ends, other: Ends) -> Ends:
    begin = min(one, other, key=lambda ends: ends.first_ms)
    end = max(other, one, key=lambda ends: ends.last_ms)
    return Ends(begin.first_ms, begin.first, end.last_ms, end.last)
