"""Scans a meter's quarters in order and yields what each register counted, in pieces. Pure."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import le, sub
from typing import NamedTuple

from tictally_recorder.energy.continuation import Most, in_turn
from tictally_recorder.energy.interpolation import Piece, Point, Unknown, pieces_between, steps, unknown_pieces
from tictally_recorder.energy.period_names import Meaning, PeriodNames
from tictally_recorder.energy.set_change import SetChange
from tictally_recorder.energy.window import QuarterWindow
from tictally_recorder.ledger import Quarter
from tictally_recorder.ledger.quarter_codec import MonotonicRegisters
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.tariff_options import register_set, register_sets


class CountedPiece(NamedTuple):
    """A piece of what a register counted, and what that register counts."""

    register: str
    meaning: Meaning
    piece: Piece


class _Since(NamedTuple):
    """Where a piece begins that is not finished: the observation, and the quarter in which it is counted."""

    point: Point
    quarter_ms: int


class SteadyQuarter(NamedTuple):
    """A quarter in which all registers rose, or stood, from the last frame of the quarter before on, without a gap.

    Attributes:
        start_ms: of the quarter.
        before_ms: time of the last frame before it.
        last_ms: time of its last frame.
        shape: each register with what it counts.
        befores: the registers in the last frame before it, in the order of the shape.
        lasts: the registers in its last frame.
    """

    start_ms: int
    before_ms: int
    last_ms: int
    shape: tuple[tuple[str, Meaning], ...]
    befores: Sequence[int]
    lasts: Sequence[int]

    @property
    def energies(self) -> tuple[int, ...]:
        """What each register counted, in the order of the shape."""
        return tuple(map(sub, self.lasts, self.befores))

    def pieces(self) -> Iterator[CountedPiece]:
        """The same as pieces."""
        start_ms, number = max(self.before_ms, self.start_ms), self.last_ms // QUARTER_MS
        for (register, meaning), before, last in zip(self.shape, self.befores, self.lasts, strict=True):
            yield CountedPiece(register, meaning, Piece(number, before, last, last - before, start_ms, self.last_ms))


class RegisterScan:
    """Scans the quarters of one meter in a window.

    Where a register rises without a fall or a change of its meaning, what it counted within a period is one piece, also
    across gaps in it: a year has half a million quarters. Where all registers do, in a stretch of monotonic quarters,
    they are not read one by one.

    Args:
        window: of the query.
        before: register → its last observation before the window.
        names: what the registers count.
        most: what the meter may have counted between two moments, if its mode or option ever changed, else None.
        breaks: registers and moments of observations after which it is unknown what they counted up to the next one.

    Attributes:
        covered: numbers of the quarters scanned.
        continued: registers whose value at the end of the window is known from observations around it.
    """

    def __init__(
        self,
        window: QuarterWindow,
        before: Mapping[str, Point],
        names: PeriodNames,
        most: Most | None = None,
        breaks: Collection[tuple[str, int]] = (),
    ) -> None:
        self.covered: list[int] = []
        self.continued: set[str] = set()
        self._window = window
        self._names = names
        self._most = most
        self._breaks = frozenset(breaks)
        self._broken_ms = {time_ms for _, time_ms in breaks}
        self._changes_ms = sorted(names.changes_ms)
        self._cuts = {each // QUARTER_MS for each in self._changes_ms}
        self._segments = window.cut_at(self._cuts)
        self._meanings: dict[tuple[str, int], Meaning] = {}
        self._of_one_set: dict[tuple[str, ...], bool] = {}
        self._shapes: dict[tuple[tuple[str, ...], int], tuple[tuple[str, Meaning], ...]] = {}
        self._newest = dict(before)
        self._set = self._nearest_set(before, newest=True)
        self._since: dict[str, _Since] = {}
        self._stretch: MonotonicRegisters | None = None  # its last quarter, whose values are not yet in _newest

    def pieces(
        self, quarters: Iterable[Quarter | MonotonicRegisters], after: Mapping[str, Point]
    ) -> Iterator[CountedPiece]:
        """Of each register in order of time.

        Args:
            quarters: those of the window that have frames, in order.
            after: register → its first observation after the window.
        """
        segments = self._segments
        first = end = -1
        for quarter in quarters:
            number = quarter.start_ms // QUARTER_MS
            self.covered.append(number)
            if number >= end:
                yield from self._finish_all()
                first, end = segments.bounds[segments.period(number)]
            if isinstance(quarter, MonotonicRegisters) and self._continues(quarter):
                self._stretch = quarter
                continue
            self._end_stretch()
            yield from self._scan_registers(quarter, first * QUARTER_MS)
        yield from self._finish_all()
        yield from self._scan_after(after)

    def pieces_by_quarter(
        self,
        quarters: Iterable[Quarter | MonotonicRegisters],
        after: Mapping[str, Point],
        steady: Callable[[SteadyQuarter], None],
    ) -> Iterator[CountedPiece]:
        """As `pieces`, in a window whose periods are quarters, without the pieces of steady quarters.

        Nearly all quarters are steady: seven years have millions of pieces, which need not be made. A quarter counts as
        one only when the next one continues it, since a gap after its last frame would have a piece in it.

        Args:
            quarters: those of the window that have frames, in order.
            after: register → its first observation after the window.
            steady: receives the steady quarters.
        """
        newest: MonotonicRegisters | None = None
        held: SteadyQuarter | None = None
        for quarter in quarters:
            self.covered.append(quarter.start_ms // QUARTER_MS)
            if isinstance(quarter, MonotonicRegisters) and newest is not None and self._follows(newest, quarter):
                if held is not None:
                    steady(held)
                held = self._steady(newest, quarter)
                newest = quarter
                continue
            if held is not None and newest is not None:
                yield from self._end_steady(held, newest)
                held = None
            yield from self._scan_registers(quarter, quarter.start_ms)
            yield from self._finish_all()
            newest = quarter if isinstance(quarter, MonotonicRegisters) else None
        if held is not None and newest is not None:
            yield from self._end_steady(held, newest)
        yield from self._scan_after(after)

    def _follows(self, before: MonotonicRegisters, quarter: MonotonicRegisters) -> bool:
        """True if all registers continue from the quarter before, no other appears, and none changes its meaning."""
        return (
            before.last_ms >= quarter.start_ms - QUARTER_MS
            and before.last_ms not in self._broken_ms
            and before.names == quarter.names
            and self._is_of_one_set(quarter.names)
            and quarter.first_ms > quarter.start_ms
            and quarter.start_ms // QUARTER_MS not in self._cuts
            and all(map(le, before.lasts, quarter.firsts))
        )

    def _is_of_one_set(self, names: list[str]) -> bool:
        """True if a quarter's registers may be taken together: those of two sets are scanned in turn."""
        if self._most is None:
            return True
        if (key := tuple(names)) not in self._of_one_set:
            self._of_one_set[key] = len(register_sets(names)) <= 1
        return self._of_one_set[key]

    def _steady(self, before: MonotonicRegisters, quarter: MonotonicRegisters) -> SteadyQuarter:
        key = tuple(quarter.names), bisect_right(self._changes_ms, quarter.start_ms)
        if (shape := self._shapes.get(key)) is None:
            shape = tuple((name, self._meaning(name, quarter.start_ms, quarter.last_ms)) for name in quarter.names)
            self._shapes[key] = shape
        return SteadyQuarter(quarter.start_ms, before.last_ms, quarter.last_ms, shape, before.lasts, quarter.lasts)

    def _end_steady(self, held: SteadyQuarter, newest: MonotonicRegisters) -> Iterator[CountedPiece]:
        """The pieces of a quarter that the next one does not continue; what follows is scanned register by register."""
        yield from held.pieces()
        points = (Point(newest.last_ms, value) for value in newest.lasts)
        self._newest.update(zip(newest.names, points, strict=True))

    def _scan_after(self, after: Mapping[str, Point]) -> Iterator[CountedPiece]:
        shown = self._nearest_set(after, newest=False)
        if self._is_change(shown):
            yield from self._change_set(shown or "", after)
        window = self._window
        for register in after.keys() & self._newest.keys():
            before, here = self._newest[register], after[register]
            if before.time_ms < window.end_ms:
                self.continued.add(register)
                yield from self._between(register, before, here)

    def _continues(self, quarter: MonotonicRegisters) -> bool:
        """True if all registers of the stretch continue in the next quarter of its period, and no other appears."""
        stretch = self._stretch
        return (
            stretch is not None
            and stretch.last_ms not in self._broken_ms
            and stretch.names == quarter.names
            and all(map(le, stretch.lasts, quarter.firsts))
        )

    def _scan_registers(self, quarter: Quarter | MonotonicRegisters, period_ms: int) -> Iterator[CountedPiece]:
        """Pieces up to a quarter of a period that begins at `period_ms`."""
        # What is observed exactly at a period's start was counted in the period before.
        from_ms = max(quarter.start_ms, period_ms + 1)
        all_steady = quarter.start_ms // QUARTER_MS not in self._cuts
        is_cut = not all_steady
        for registers in [quarter.registers] if self._most is None else in_turn(quarter.registers):
            shown = register_set(next(iter(registers), ""))
            if self._is_change(shown):
                all_steady = False
                firsts = {register: Point(runs[0].first_ms, runs[0].first) for register, runs in registers.items()}
                yield from self._change_set(shown or "", firsts)
            self._set = shown or self._set
            for register, runs in registers.items():
                before = self._newest.get(register)
                is_next = before is not None and before.time_ms >= quarter.start_ms - QUARTER_MS
                steady = (
                    not is_cut
                    and before is not None
                    and len(runs) == 1
                    and before.value <= runs[0].first
                    # Within a period, where a gap's energy was counted does not matter.
                    and (is_next or before.time_ms >= period_ms)
                    and (register, before.time_ms) not in self._breaks
                    and runs[0].first_ms >= from_ms
                )
                if steady and before is not None:
                    self._since.setdefault(register, _Since(before, quarter.start_ms if is_next else before.time_ms))
                else:
                    all_steady = False
                    if register in self._since:
                        yield self._finish(register)
                    for step in steps(runs, before):
                        yield from self._between(register, *step)
                self._newest[register] = Point(runs[-1].last_ms, runs[-1].last)
        # Only now each of its registers is in _since.
        if all_steady and isinstance(quarter, MonotonicRegisters):
            self._stretch = quarter

    @staticmethod
    def _nearest_set(points: Mapping[str, Point], *, newest: bool) -> str | None:
        """What the meter showed last before, or first after, of some registers: a few of another set may stand."""
        times = {name: point.time_ms for name, point in points.items() if register_set(name)}
        nearest = (max if newest else min)(times, key=times.__getitem__, default=None)
        return register_set(nearest) if nearest else None

    def _is_change(self, shown: str | None) -> bool:
        return self._most is not None and None not in {shown, self._set} and shown != self._set

    def _change_set(self, shown: str, after: Mapping[str, Point]) -> Iterator[CountedPiece]:
        """The meter shows its registers under other names from some observations on."""
        if self._set is None or self._most is None:
            return
        change = SetChange((self._set, shown), self._newest, after, self._names, self._most)
        for register in change.ended:
            if register in self._since:
                yield self._finish(register)
        for register, meaning, piece in change.pieces(self._window.first, self._window.end):
            yield CountedPiece(register, meaning, piece)
        for register in change.ended:
            self._newest.pop(register, None)
        for register in change.begun:
            self._newest[register] = after[register]

    def _between(self, register: str, before: Point, after: Point) -> Iterator[CountedPiece]:
        window = self._window
        if (register, before.time_ms) in self._breaks and after.time_ms > before.time_ms:
            unknown = Unknown(before.time_ms, after.time_ms, fell=False)
            found = list(unknown_pieces(unknown, (before.value, after.value), window.first, window.end))
        else:
            found = list(pieces_between(before, after, window.first, window.end))
        if found:
            meaning = self._meaning(register, before.time_ms, after.time_ms)
            for piece in found:
                yield CountedPiece(register, meaning, piece)

    def _meaning(self, register: str, before_ms: int, after_ms: int) -> Meaning:
        epoch = bisect_right(self._changes_ms, before_ms)
        if epoch < len(self._changes_ms) and self._changes_ms[epoch] <= after_ms:
            return self._names.meaning_between(register, before_ms, after_ms)
        if (register, epoch) not in self._meanings:
            self._meanings[register, epoch] = self._names.meaning(register, after_ms)
        return self._meanings[register, epoch]

    def _end_stretch(self) -> None:
        stretch, self._stretch = self._stretch, None
        if stretch is not None:
            points = (Point(stretch.last_ms, value) for value in stretch.lasts)
            self._newest.update(zip(stretch.names, points, strict=True))

    def _finish_all(self) -> list[CountedPiece]:
        self._end_stretch()
        return [self._finish(register) for register in list(self._since)]

    def _finish(self, register: str) -> CountedPiece:
        (first, quarter_ms), last = self._since.pop(register), self._newest[register]
        start_ms = max(first.time_ms, quarter_ms)
        risen = last.value - first.value
        piece = Piece(last.time_ms // QUARTER_MS, first.value, last.value, risen, start_ms, last.time_ms)
        return CountedPiece(register, self._meaning(register, start_ms, last.time_ms), piece)
