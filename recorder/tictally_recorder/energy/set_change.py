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
    SUPPLIER,
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
            shown, meaning = self._counted_as(register) if before else (register, None)
            if before is None or meaning is None:
                # What EAST counted is in no row of the registers before it.
                is_known &= register != CONSUMPTION_TOTAL and CONSUMPTION_TOTAL in self._after
                unknown = Unknown(self._before_ms, after.time_ms, fell=False)
                pieces = unknown_pieces(unknown, (after.value, after.value), first, end)
                shown, meaning = register, self._names.meaning(register, after.time_ms)
            else:
                pieces = pieces_between(before, after, first, end, inferred=True)
            for piece in pieces:
                yield shown, meaning, piece
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

    def _counted_as(self, register: str) -> tuple[str, Meaning | None]:
        """As which register, and as what, one counted from before the change to after it; None if nothing shows that.

        A new option begins with the first frame that has it, unless too long passed without frames.
        """
        after = self._names.meaning(register, self._after_ms)
        if register == CONSUMPTION_TOTAL or self._is_same_option:
            return register, after
        is_short = self._after_ms - self._before_ms <= LONGEST_BETWEEN_MS
        before = self._name_before(register)
        if register in OPTION_OF_REGISTER:
            shown = before if before in self._before else register
            return shown, self._names.meaning(shown, self._before_ms) if is_short else None
        return register, Meaning(OPTION_OF_REGISTER[before].period_of(before)) if is_short and before else Meaning()

    def _name_before(self, register: str) -> str:
        """The register of the same number that was shown before, or "" if there is none."""
        before, after = self._sets
        number = int(register[-2:]) if after == STANDARD else TARIFF_OPTIONS[after].registers.index(register) + 1
        if before == STANDARD:
            return f"{SUPPLIER}{number:02d}"
        registers = TARIFF_OPTIONS[before].registers
        return registers[number - 1] if number <= len(registers) else ""

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
