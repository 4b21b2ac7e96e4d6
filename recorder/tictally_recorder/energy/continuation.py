"""How a meter's registers continue under other names when its TIC mode or its option changes. Pure.

A meter shows the same counters in both modes. The first register of an option is EASF01 in standard mode, the second
EASF02, and so on; EAST is the sum of all. Sources: Enedis-NOI-CPT_54E §5.3 and §6.2. Whether a register continues
another is inferred, and only where the values allow it.
"""

from collections.abc import Callable, Mapping

from tictally_recorder.energy.interpolation import ROLLOVER, Point
from tictally_recorder.ledger import Run
from tictally_shared.tariff_options import (
    CONSUMPTION_TOTAL,
    STANDARD,
    SUPPLIER,
    TARIFF_OPTIONS,
    TariffOption,
    register_set,
)

Registers = Mapping[str, tuple[Run, ...]]
Most = Callable[[int, int], float]
"""The most Wh that the meter may have counted from one moment to another, in milliseconds since 1970."""


def in_turn(registers: Registers) -> list[Registers]:
    """The registers of a quarter by what they are shown with, in order of time, first those that no set has.

    A meter shows one set at a time: of one that is seen within the time of another, only what is after that counts.
    """
    found: dict[str | None, dict[str, tuple[Run, ...]]] = {}
    for register, runs in registers.items():
        found.setdefault(register_set(register), {})[register] = runs
    others = found.pop(None, {})
    ordered: list[Registers] = [others] if others else []
    begins = {shown: min(runs[0].first_ms for runs in of_set.values()) for shown, of_set in found.items()}
    until_ms = 0
    for shown in sorted(found, key=lambda each: (begins[each], each)):
        after = {register: left for register, runs in found[shown].items() if (left := _after(runs, until_ms))}
        if after:
            ordered.append(after)
            until_ms = max(runs[-1].last_ms for runs in after.values())
    return ordered


def _after(runs: tuple[Run, ...], time_ms: int) -> tuple[Run, ...]:
    """Runs as far as they are after a time, whose observations are known only at their ends."""
    return tuple(
        run if run.first_ms > time_ms else Run(run.last_ms, run.last, run.last_ms, run.last)
        for run in runs
        if run.last_ms > time_ms
    )


def replaced(before: str, after: str) -> set[str]:
    """The registers of a set that are shown under another name, or not at all, in another set.

    Those of the standard mode that the option does not use stand still meanwhile.
    """
    if before != STANDARD:
        return set(TARIFF_OPTIONS[before].registers)
    return {CONSUMPTION_TOTAL, *TARIFF_OPTIONS[after].standard_registers}


def predecessors(
    sets: tuple[str, str], before: Mapping[str, Point], after: Mapping[str, Point], most: Most, *, is_same_option: bool
) -> dict[str, Point]:
    """The observations from which registers continue under another name.

    Args:
        sets: that was shown before, and after.
        before: register → its last observation, of the set before.
        after: register → its first observation, of the set after.
        most: what may have been counted meanwhile.
        is_same_option: no other registers than those of the option counted meanwhile.
    """
    change = _Change(sets, before, after, most)
    if sets[1] != STANDARD and len(TARIFF_OPTIONS[sets[1]].registers) == 1:
        return change.to_single(TARIFF_OPTIONS[sets[1]].registers[0], is_same_option=is_same_option)
    found = change.by_number()
    if sets[1] != STANDARD:
        return found
    total = change.to_total(found if is_same_option else {})
    if total and not found and is_same_option:
        found = change.to_single_of_standard(total[CONSUMPTION_TOTAL])
    return found | total


class _Change:
    """One change of what a meter shows."""

    def __init__(
        self, sets: tuple[str, str], before: Mapping[str, Point], after: Mapping[str, Point], most: Most
    ) -> None:
        self._sets = sets
        self._before = before
        self._after = after
        self._most = most

    def by_number(self) -> dict[str, Point]:
        """Each register of the option from the one of the same number: all of them, or none."""
        found: dict[str, Point] = {}
        for register, number in self._numbered(self._sets[1]).items():
            if register not in self._after:
                continue
            point = self._of_number(number)
            if point is None and number > 1 and self._sets[0] != STANDARD and self._sets[1] != STANDARD:
                # Another option begins to count in a register that it shows for the first time.
                point = Point(self._last_ms, 0)
            if point is None or not self._is_plausible(point, self._after[register]):
                return {}
            found[register] = point
        return found

    def to_total(self, found: Mapping[str, Point]) -> dict[str, Point]:
        """EAST by what the registers counted that `by_number` found; else from their sum.

        It is more than that sum where the meter was on another option before.
        """
        after = self._after.get(CONSUMPTION_TOTAL)
        if after is None:
            return {}
        if found:
            risen = sum(_risen(point, self._after[register]) for register, point in found.items())
            return {CONSUMPTION_TOTAL: Point(self._last_ms, (after.value - risen) % ROLLOVER)}
        total = self._sum()
        return {} if total is None or not self._is_plausible(total, after) else {CONSUMPTION_TOTAL: total}

    def to_single_of_standard(self, total: Point) -> dict[str, Point]:
        """EASF01 by what EAST counted, where an option has no other register and that one does not continue it."""
        register = f"{SUPPLIER}01"
        if len(TARIFF_OPTIONS[self._sets[0]].registers) > 1 or register not in self._after:
            return {}
        risen = _risen(total, self._after[CONSUMPTION_TOTAL])
        return {register: Point(total.time_ms, (self._after[register].value - risen) % ROLLOVER)}

    def to_single(self, register: str, *, is_same_option: bool) -> dict[str, Point]:
        """The only register of an option from the total, or from the first one, whichever is nearer.

        After another option the first one is not enough: what the others counted is not shown any more.
        """
        if register not in self._after:
            return {}
        after, before = self._after[register], [self._sum(), *([self._of_number(1)] if is_same_option else [])]
        points = [each for each in before if each and self._is_plausible(each, after)]
        return {register: min(points, key=lambda each: _risen(each, after))} if points else {}

    @property
    def _last_ms(self) -> int:
        return max(each.time_ms for each in self._before.values())

    def _numbered(self, shown: str) -> dict[str, int]:
        """The registers of a set by their numbers; of the standard mode those that the other set's option uses."""
        option: TariffOption = TARIFF_OPTIONS[self._sets[0] if shown == STANDARD else shown]
        registers = option.standard_registers if shown == STANDARD else option.registers
        return {register: number for number, register in enumerate(registers, 1)}

    def _of_number(self, number: int) -> Point | None:
        """The last observation before of the register of a number."""
        if self._sets[0] == STANDARD:
            return self._before.get(f"{SUPPLIER}{number:02d}")
        registers = TARIFF_OPTIONS[self._sets[0]].registers
        return self._before.get(registers[number - 1]) if number <= len(registers) else None

    def _sum(self) -> Point | None:
        """The last observation before of all consumption."""
        if self._sets[0] == STANDARD:
            return self._before.get(CONSUMPTION_TOTAL)
        registers = TARIFF_OPTIONS[self._sets[0]].registers
        if not all(register in self._before for register in registers):
            return None
        return Point(self._last_ms, sum(self._before[register].value for register in registers) % ROLLOVER)

    def _is_plausible(self, before: Point, after: Point) -> bool:
        return _risen(before, after) <= self._most(before.time_ms, after.time_ms)


def _risen(before: Point, after: Point) -> int:
    return (after.value - before.value) % ROLLOVER
