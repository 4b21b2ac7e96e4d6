"""What a meter's registers counted while their names changed: inferred where they continue, else unknown. Pure."""

from collections.abc import Iterator, Mapping

from tictally_recorder.energy.continuation import Most, predecessors, replaced
from tictally_recorder.energy.interpolation import Piece, Point, Unknown, pieces_between, unknown_pieces
from tictally_recorder.energy.period_names import LONGEST_BETWEEN_MS, Meaning, PeriodNames
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.tariff_options import (
    CONSUMPTION_TOTAL,
    OPTION_OF_REGISTER,
    STANDARD,
    TARIFF_OPTIONS,
    option_of_ngtf,
    register_set,
)


class SetChange:
    """A change of the registers that a meter shows.

    Args:
        sets: what was shown before, and after.
        newest: register → its last observation before.
        after: register → its first observation after.
        names: what the registers count.
        most: what the meter may have counted meanwhile.
    """

    def __init__(
        self,
        sets: tuple[str, str],
        newest: Mapping[str, Point],
        after: Mapping[str, Point],
        names: PeriodNames,
        most: Most,
    ) -> None:
        self._sets = sets
        self._before = _nearest(newest, sets[0], newest=True)
        self._after = _nearest(after, sets[1], newest=False)
        self._names = names
        self._before_ms = max((point.time_ms for point in self._before.values()), default=0)
        self._after_ms = min((point.time_ms for point in self._after.values()), default=0)
        self._is_same_option = self._compare_options()
        self._predecessors: dict[str, Point] = {}
        if self._before:
            same = self._is_same_option
            self._predecessors = predecessors(sets, self._before, self._after, most, is_same_option=same)

    @property
    def ended(self) -> set[str]:
        """The registers whose observations before are of no more use."""
        return replaced(*self._sets)

    @property
    def begun(self) -> set[str]:
        """The registers that begin with their first observation after; the others continue under their own names."""
        before, after = self._sets
        if after != STANDARD:
            return set(self._after)
        if not self._is_same_option:
            return {register for register, point in self._after.items() if point.value}
        return self._after.keys() & {CONSUMPTION_TOTAL, *TARIFF_OPTIONS[before].standard_registers}

    def pieces(self, first: int, end: int) -> Iterator[tuple[str, Meaning, Piece]]:
        """What was counted meanwhile, in the quarters of [first, end).

        Args:
            first: the first quarter.
            end: the quarter after the last.
        """
        is_known = True
        for register in sorted(self.begun) if self._before else ():
            after = self._after[register]
            before = self._predecessors.get(register)
            meaning = self._meaning(register) if before else None
            if before is None or meaning is None:
                # What EAST counted is in no row of the registers before it.
                is_known &= register != CONSUMPTION_TOTAL and CONSUMPTION_TOTAL in self._after
                unknown = Unknown(self._before_ms, after.time_ms, fell=False)
                pieces = unknown_pieces(unknown, (after.value, after.value), first, end)
                meaning = self._names.meaning(register, after.time_ms)
            else:
                pieces = pieces_between(before, after, first, end, inferred=True)
            for piece in pieces:
                yield register, meaning, piece
        if not is_known:
            yield from self._unknown_at_the_end(first, end)

    def _unknown_at_the_end(self, first: int, end: int) -> Iterator[tuple[str, Meaning, Piece]]:
        """The registers before the change do not show what was counted until the end of their last quarter."""
        last = self._before_ms // QUARTER_MS
        unknown = Unknown(self._before_ms, self._after_ms, fell=False)
        for register in sorted(self.ended & self._before.keys()):
            value = self._before[register].value
            meaning = self._names.meaning(register, self._before[register].time_ms)
            for piece in unknown_pieces(unknown, (value, value), max(first, last), min(end, last + 1)):
                yield register, meaning, piece

    def _meaning(self, register: str) -> Meaning | None:
        """What a register counted from before the change to after it; None if nothing shows that."""
        after = self._names.meaning(register, self._after_ms)
        if register == CONSUMPTION_TOTAL or self._is_same_option:
            return after
        is_short = self._after_ms - self._before_ms <= LONGEST_BETWEEN_MS
        if register in OPTION_OF_REGISTER:
            return after if is_short else None
        periods = TARIFF_OPTIONS[self._sets[0]].periods
        number = int(register[-2:])
        return Meaning(periods[number - 1]) if is_short and number <= len(periods) else Meaning()

    def _compare_options(self) -> bool:
        """True if the option before is the one after, as far as the meter reports it."""
        before, after = self._sets
        if STANDARD not in self._sets:
            return before == after
        historique, time_ms = (after, self._before_ms) if before == STANDARD else (before, self._after_ms)
        ngtf = self._names.option(time_ms)
        if ngtf is None:
            return True
        option = option_of_ngtf(ngtf)
        return option is not None and option.key == historique


def _nearest(points: Mapping[str, Point], shown: str, *, newest: bool) -> dict[str, Point]:
    """The observations of a set in the quarter nearest to the change: others do not show what was counted since."""
    found = {register: point for register, point in points.items() if register_set(register) == shown}
    quarters = [point.time_ms // QUARTER_MS for point in found.values()]
    nearest = (max if newest else min)(quarters, default=0)
    return {register: point for register, point in found.items() if point.time_ms // QUARTER_MS == nearest}
