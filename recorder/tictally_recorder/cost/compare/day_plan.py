"""What days that are alike have in common: which of their registers and quarter-hours belong to which period. Pure.

Most days of years have the same kinds of quarters, and the same rules apply to them: where all of their energy is
measured and known, dividing one is adding up numbers at the same places.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import compress
from typing import Final, NamedTuple

from tictally_recorder.cost.compare.consumption import KindEnergy
from tictally_recorder.cost.compare.kind_periods import KindPeriods, Registers
from tictally_recorder.reason import Reason
from tictally_recorder.tariffs.hours import Hours
from tictally_recorder.tariffs.period_rules import DayTerms

ALL: Final = -1
"""All kinds of quarters of a day together."""


class MeteredKind(NamedTuple):
    """The energy of a day's quarters of one kind.

    Attributes:
        periods: that their registers count.
        energy: theirs.
        until: what all consumption was before each quarter; and, last, on the day.
    """

    periods: KindPeriods
    energy: KindEnergy
    until: Sequence[int]

    def wh(self, registers: Registers) -> int:
        """What some registers counted on the day."""
        return sum([self.energy.sums[at] for at in registers.places])


class DividedDay(NamedTuple):
    """A day's energy as a tariff divides it, and why it cannot, as far as it cannot.

    Attributes:
        energy_wh: by period, in the tariff's order; of what could be divided.
        reasons: why some of it could not; none where all could.
        is_estimated: a gap was divided by time.
        hours: off-peak hours by which it was divided; none if it was divided otherwise.
    """

    energy_wh: Sequence[int]
    reasons: frozenset[Reason]
    is_estimated: bool
    hours: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True)
class MeteredDay:
    """A local day on its contract.

    Attributes:
        day: local.
        kinds: of its quarters; none without frames.
        reasons: why some of it is not known.
        until: what all consumption was before each quarter; and, last, on the day.
        is_plain: True if all of its energy is measured and known.
        likeness: the same for days whose kinds count the same and whose off-peak hours are the same.
        hours: off-peak hours that are given, else the contract's.
        terms: what rules need to know of the customer.
    """

    day: date
    kinds: Sequence[MeteredKind]
    reasons: frozenset[Reason]
    until: Sequence[int]
    is_plain: bool
    likeness: int
    hours: tuple[Hours, ...]
    terms: DayTerms


class Stretch(NamedTuple):
    """Quarters that follow one another in one period.

    Attributes:
        first: number of the first.
        end: number of the quarter after the last.
        place: of the period among the tariff's, and behind these of the reason why there is none.
    """

    first: int
    end: int
    place: int


@dataclass(slots=True)
class DayPlan:
    """Where the energy of days that are alike is.

    Attributes:
        periods: the tariff's.
        hours: off-peak.
        by_registers: number of a kind of quarters, registers, and the place of the period that these count.
        by_off_peak: number of a kind, registers that count off-peak or peak, and their stretches.
        by_clock: number of a kind, or `ALL`, and its stretches.
        by_hours: the same where off-peak hours decide.
        reasons: why energy belongs to no period, in the order of their places.
        is_possible: False if registers are not exact, so that each day must be looked at.
    """

    periods: Sequence[str]
    hours: tuple[Hours, ...]
    by_registers: list[tuple[int, tuple[int, ...], int]] = field(default_factory=list)
    by_off_peak: list[tuple[int, tuple[int, ...], tuple[Stretch, ...]]] = field(default_factory=list)
    by_clock: list[tuple[int, tuple[Stretch, ...]]] = field(default_factory=list)
    by_hours: list[tuple[int, tuple[Stretch, ...]]] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    is_possible: bool = True
    _found: dict[tuple[bool, ...], frozenset[Reason]] = field(default_factory=dict)

    def registers(self, counted: Registers) -> tuple[int, ...]:
        """The places of registers; such days are looked at where these are not exact."""
        if counted.is_estimated or counted.incomplete:
            self.is_possible = False
        return counted.places

    def place(self, period: str | Reason) -> int:
        """The place of a period among the tariff's, or of the reason why there is none behind these."""
        if not isinstance(period, Reason):
            return self.periods.index(period)
        if period not in self.reasons:
            self.reasons.append(period)
        return len(self.periods) + self.reasons.index(period)

    def stretches(self, runs: Iterable[tuple[int, int, str | Reason]]) -> tuple[Stretch, ...]:
        """First quarter, quarter after the last, and period as stretches."""
        return tuple(Stretch(first, end, self.place(period)) for first, end, period in runs)

    def divide(self, day: MeteredDay) -> DividedDay:
        """One of the days as divided."""
        kinds, count = day.kinds, len(self.periods)
        found = [0] * (count + len(self.reasons))
        for number, places, at in self.by_registers:
            sums = kinds[number].energy.sums
            for place in places:
                found[at] += sums[place]
        for number, places, stretches in self.by_off_peak:
            _add(found, kinds[number].energy.until(places), stretches)
        for number, stretches in self.by_clock:
            _add(found, day.until if number == ALL else kinds[number].until, stretches)
        hours: tuple[Hours, ...] = ()
        if self.by_hours:
            before = sum(found)
            for number, stretches in self.by_hours:
                _add(found, day.until if number == ALL else kinds[number].until, stretches)
            hours = self.hours if sum(found) > before else ()
        if not self.reasons:
            return DividedDay(found, day.reasons, is_estimated=False, hours=hours)
        reasons = self._reasons_of(tuple(map(bool, found[count:])))
        reasons = day.reasons | reasons if day.reasons else reasons
        return DividedDay(found[:count], reasons, is_estimated=False, hours=hours)

    def _reasons_of(self, has_energy: tuple[bool, ...]) -> frozenset[Reason]:
        if (found := self._found.get(has_energy)) is None:
            found = self._found[has_energy] = frozenset(compress(self.reasons, has_energy))
        return found


def _add(found: list[int], until: Sequence[int], stretches: Iterable[Stretch]) -> None:
    for first, end, at in stretches:
        found[at] += until[end] - until[first]
