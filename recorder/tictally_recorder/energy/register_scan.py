"""Scans a meter's quarters in order and yields what each register counted, in pieces. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from operator import le

from tictally_recorder.energy.interpolation import Piece, Point, pieces_between, pieces_of
from tictally_recorder.energy.window import QuarterWindow
from tictally_recorder.ledger import Quarter
from tictally_recorder.ledger.quarter_codec import MonotonicRegisters
from tictally_shared.calendar import QUARTER_MS


class RegisterScan:
    """Scans the quarters of one meter in a window.

    Where a register rises without a gap or a fall, what it counted within a period is one piece: a year has half a
    million quarters. Where all registers do, in a stretch of monotonic quarters, they are not read one by one.

    Args:
        window: of the query.
        before: register → its last observation before the window.

    Attributes:
        covered: numbers of the quarters scanned.
    """

    def __init__(self, window: QuarterWindow, before: Mapping[str, Point]) -> None:
        self.covered: list[int] = []
        self._window = window
        self._newest = dict(before)
        self._since: dict[str, int] = {}
        self._stretch: MonotonicRegisters | None = None  # its last quarter, whose values are not yet in _newest

    def pieces(
        self, quarters: Iterable[Quarter | MonotonicRegisters], after: Mapping[str, Point]
    ) -> Iterator[tuple[str, Piece]]:
        """(register, piece) pairs, of each register in order of time.

        Args:
            quarters: those of the window that have frames, in order.
            after: register → its first observation after the window.
        """
        window = self._window
        first = end = -1
        for quarter in quarters:
            number = quarter.start_ms // QUARTER_MS
            self.covered.append(number)
            if number >= end:
                yield from self._finish_all()
                first, end = window.bounds[window.period(number)]
            if isinstance(quarter, MonotonicRegisters) and self._continues(quarter):
                self._stretch = quarter
                continue
            self._end_stretch()
            # What is observed exactly at a period's start was counted in the period before.
            from_ms = quarter.start_ms + (number == first)
            yield from self._scan_registers(quarter, from_ms)
        yield from self._finish_all()
        for register in after.keys() & self._newest.keys():
            for piece in pieces_between(self._newest[register], after[register], window.first, window.end):
                yield register, piece

    def _continues(self, quarter: MonotonicRegisters) -> bool:
        """True if all registers of the stretch continue in the next quarter of its period, and no other appears."""
        stretch = self._stretch
        return (
            stretch is not None
            and stretch.last_ms >= quarter.start_ms - QUARTER_MS
            and stretch.names == quarter.names
            and all(map(le, stretch.lasts, quarter.firsts))
        )

    def _scan_registers(self, quarter: Quarter | MonotonicRegisters, from_ms: int) -> Iterator[tuple[str, Piece]]:
        newest, since = self._newest, self._since
        all_steady = True
        for register, runs in quarter.registers.items():
            before = newest.get(register)
            steady = (
                before is not None
                and len(runs) == 1
                and before.value <= runs[0].first
                and before.time_ms >= quarter.start_ms - QUARTER_MS
                and runs[0].first_ms >= from_ms
            )
            if steady and before is not None:
                since.setdefault(register, before.value)
            else:
                all_steady = False
                if register in since:
                    yield self._finish(register)
                for piece in pieces_of(runs, before, self._window.first, self._window.end):
                    yield register, piece
            newest[register] = Point(runs[-1].last_ms, runs[-1].last)
        # Only now each of its registers is in _since.
        if all_steady and isinstance(quarter, MonotonicRegisters):
            self._stretch = quarter

    def _end_stretch(self) -> None:
        stretch, self._stretch = self._stretch, None
        if stretch is not None:
            points = (Point(stretch.last_ms, value) for value in stretch.lasts)
            self._newest.update(zip(stretch.names, points, strict=True))

    def _finish_all(self) -> list[tuple[str, Piece]]:
        self._end_stretch()
        return [self._finish(register) for register in list(self._since)]

    def _finish(self, register: str) -> tuple[str, Piece]:
        first, last = self._since.pop(register), self._newest[register]
        return register, Piece(last.time_ms // QUARTER_MS, first, last.value, last.value - first)
