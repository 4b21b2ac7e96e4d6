"""The quarter-hours of a local day, steady ones grouped by what their registers count. Pure.

What a tariff makes of a steady quarter depends on its registers' names and on which of them counted, not on how much:
it is found out once for all quarters that have these in common. Years have few kinds of quarters.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.local_quarter import LocalQuarter
from tictally_recorder.cost.model import Use
from tictally_recorder.energy import SteadyQuarter, rows_of_steady
from tictally_recorder.energy.register_totals import Counted, direction_of
from tictally_recorder.tariffs.model import Direction, Tariff
from tictally_recorder.tariffs.period_rules import number_of

# Beyond it, whether the sum is plausible must be looked at.
_LARGE_WH: Final = 2**53

Columns = Mapping[str, tuple[int, ...]]
"""Period → the registers that counted it, by their places."""


class Timed(NamedTuple):
    """A steady quarter.

    Attributes:
        local: its start.
        number: of its start by the clock, from 0 at 00:00.
        energy_wh: the sum of all consumption.
        energies: what each register of consumption counted.
    """

    local: datetime
    number: int
    energy_wh: int
    energies: tuple[int, ...]


class QuarterKind:
    """What steady quarters of one contract have in common: their registers, and which of these counted.

    Args:
        example: one of them.
        registers: of consumption, in their order.
    """

    def __init__(self, example: LocalQuarter, registers: Sequence[str]) -> None:
        self._example = example
        self._places = {register: at for at, register in enumerate(registers)}
        self._of_tariff: dict[str, Columns | None] = {}
        self.total = self._columns(example.total)

    def of_registers(self, tariff: Tariff) -> Columns | None:
        """As `LocalQuarter.of_registers`."""
        if tariff.id not in self._of_tariff:
            self._of_tariff[tariff.id] = self._of_periods(self._example.of_registers(tariff))
        return self._of_tariff[tariff.id]

    @cached_property
    def of_off_peak(self) -> Columns | None:
        """As `LocalQuarter.of_off_peak`."""
        return self._of_periods(self._example.of_off_peak())

    def _of_periods(self, found: Mapping[str, Counted] | None) -> Columns | None:
        return None if found is None else {period: self._columns(each) for period, each in found.items()}

    def _columns(self, counted: Counted) -> tuple[int, ...]:
        return tuple(self._places[part.register] for part in counted.parts)


@dataclass
class SteadyGroup:
    """The steady quarters of a day that are of one kind.

    Attributes:
        kind: theirs.
        quarters: in order of time.
    """

    kind: QuarterKind
    quarters: list[Timed] = field(default_factory=list)

    @cached_property
    def energy_wh(self) -> int:
        """The sum of all consumption."""
        return sum(each.energy_wh for each in self.quarters)

    @cached_property
    def sums(self) -> tuple[int, ...]:
        """What each register counted in all of them."""
        return tuple(map(sum, zip(*(each.energies for each in self.quarters), strict=True)))


@dataclass
class DayQuarters:
    """The quarter-hours of a local day, as far as there are frames.

    Attributes:
        contract: for consumption, or None.
        single: those that are not steady, in order of time.
        steady: the others.
    """

    contract: Contract | None = None
    single: list[LocalQuarter] = field(default_factory=list)
    steady: list[SteadyGroup] = field(default_factory=list)

    def __bool__(self) -> bool:
        """False if there is none."""
        return bool(self.single or self.steady)


def quarters_by_day(use: Use, days: Mapping[date, Contract | None], tz: ZoneInfo) -> dict[date, DayQuarters]:
    """The quarter-hours of each local day that has some.

    Args:
        use: rows by quarter-hour in any order, and steady quarters in order of time.
        days: local → the contract for consumption, or None.
        tz: of the days.
    """
    found: dict[date, DayQuarters] = {}

    def of_day(day: date) -> DayQuarters:
        if day not in found:
            found[day] = DayQuarters(days.get(day))
        return found[day]

    for start_ms, rows in groupby(sorted(use.quarters, key=lambda row: row.start_ms), lambda row: row.start_ms):
        local = _local(start_ms, tz)
        of = of_day(local.date())
        of.single.append(LocalQuarter(local, list(rows), of.contract))
    kinds = _Kinds(use.site)
    for day, quarters in groupby(((_local(each.start_ms, tz), each) for each in use.steady), _day):
        kinds.add(of_day(day), quarters)
    return found


class _Kinds:
    """The kinds of steady quarters that were met."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._registers: dict[int, dict[str, int]] = {}
        # By the identities of shape and contract, which their quarters and days hold.
        self._kinds: dict[tuple[int, int, tuple[bool, ...]], QuarterKind] = {}

    def add(self, day: DayQuarters, quarters: Iterable[tuple[datetime, SteadyQuarter]]) -> None:
        """Add those of a day."""
        groups: dict[int, SteadyGroup] = {}
        for local, each in quarters:
            shape = id(each.shape)
            if (registers := self._registers.get(shape)) is None:
                registers = self._registers[shape] = _of_consumption(each)
            if not registers:
                continue
            counted = each.energies
            energies = tuple([counted[at] for at in registers.values()])
            key = shape, id(day.contract), tuple(map(bool, energies))
            kind = self._kinds.get(key)
            if kind is None or sum(energies) >= _LARGE_WH:
                example = LocalQuarter(local, rows_of_steady(each, self._site, registers), day.contract)
                if sum(energies) >= _LARGE_WH:
                    day.single.append(example)
                    continue
                kind = self._kinds[key] = QuarterKind(example, [*registers])
            group = groups.setdefault(id(kind), SteadyGroup(kind))
            consumed = sum([energies[at] for at in kind.total])
            group.quarters.append(Timed(local, number_of(local), consumed, energies))
        day.steady += groups.values()


def _of_consumption(steady: SteadyQuarter) -> dict[str, int]:
    """Register of consumption → its place among all."""
    return {
        register: at for at, (register, _) in enumerate(steady.shape) if direction_of(register) is Direction.CONSUMPTION
    }


def _local(start_ms: int, tz: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(start_ms // 1000, UTC).astimezone(tz)


def _day(timed: tuple[datetime, SteadyQuarter]) -> date:
    return timed[0].date()
