"""How a day's energy is divided into the periods of a tariff that the site may never have been on. Pure.

Registers come first: those of the contract's own tariff, and those of a regulated option that has the tariff's periods.
Else the tariff's own rules divide quarter-hours, or those of the regulated option with its periods: HP/HC by off-peak
hours, Tempo by the colours of days. What none of these shows is unknown: hours of another tariff are never taken for
those of this one, even where its periods have the same names.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Self

from tictally_recorder.cost.compare.day_quarters import DayQuarters, SteadyGroup
from tictally_recorder.cost.compare.model import Assumed
from tictally_recorder.cost.local_quarter import LocalQuarter
from tictally_recorder.energy.register_totals import Counted
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.hours import Hours, is_within
from tictally_recorder.tariffs.model import Tariff
from tictally_recorder.tariffs.period_rules import DayTerms, Slot, number_of
from tictally_shared.tariff_options import HPHC

_OFF_PEAK, _PEAK = HPHC.periods
_HOURS_UNKNOWN: Final = Reason(ReasonCode.OFF_PEAK_HOURS_UNKNOWN)


@dataclass(frozen=True, slots=True)
class DividedDay:
    """A day's energy as a tariff divides it, and why it cannot, as far as it cannot.

    Attributes:
        day: local.
        energy_wh: by period of the tariff; of what could be divided.
        reasons: why some of it could not; none where all could.
        is_estimated: a gap was divided by time.
        hours: off-peak hours by which it was divided; none if it was divided otherwise.
    """

    day: date
    energy_wh: Mapping[str, int]
    reasons: frozenset[Reason]
    is_estimated: bool
    hours: tuple[Hours, ...] = ()


def division_key(tariff: Tariff, contracts: frozenset[str]) -> object:
    """The same for tariffs that divide every day alike.

    Args:
        tariff: of consumption, without price series.
        contracts: the tariffs of the site's own contracts, for which registers may count.
    """
    own = tariff.id if tariff.id in contracts else None
    return own, tariff.periods, None if tariff.rules is None else tariff.rules.key


def divide(tariff: Tariff, day: date, quarters: DayQuarters, assumed: Assumed, *, is_metered: bool) -> DividedDay:
    """A day's energy by period of a tariff.

    Args:
        tariff: of consumption, without price series.
        day: local.
        quarters: of the day, as far as there are frames.
        assumed: off-peak hours, weekday and colours that are given.
        is_metered: False if some part of the day is covered by no register.
    """
    energy = dict.fromkeys(tariff.periods, 0)
    reasons = set() if quarters else {Reason(ReasonCode.NO_FRAMES)}
    if not is_metered:
        reasons.add(Reason(ReasonCode.UNMETERED_IN_PART))
    estimated = False
    by_clock = _Clock.of(tariff, day, quarters, assumed)
    reasons |= _add_steady(by_clock, quarters.steady, energy)
    for quarter in quarters.single:
        parts = by_clock.divide(quarter)
        if isinstance(parts, str | Reason):
            found = [(parts, quarter.energy_wh, quarter.is_estimated, quarter.incomplete)]
        else:
            found = [(period, each.energy_wh, each.estimated, each.incomplete) for period, each in parts]
        for period, energy_wh, is_estimated, incomplete in found:
            estimated |= is_estimated
            if incomplete:
                reasons.add(incomplete)
            if isinstance(period, str):
                energy[period] += energy_wh
            elif energy_wh:
                reasons.add(period)
    return DividedDay(day, energy, frozenset(reasons), estimated, by_clock.used)


def _add_steady(by_clock: "_Clock", groups: Sequence[SteadyGroup], energy: dict[str, int]) -> set[Reason]:
    """Add what steady quarters have in each period, and return why some of it is in none."""
    reasons: set[Reason] = set()
    before: Reason | None = None
    for group in groups:
        for period, energy_wh in by_clock.divide_steady(group):
            if isinstance(period, str):
                energy[period] += energy_wh
            elif energy_wh and period is not before:  # mostly it is: adding it again would take a while
                reasons.add(period)
                before = period
    return reasons


_Parts = str | Reason | Sequence[tuple[str | Reason, Counted]]
"""The period of all of a quarter's energy, or why it has none; or what is in several."""


@dataclass
class _Clock:
    """How the quarters of a day are divided.

    Attributes:
        tariff: by whose periods.
        slots: of its rules, or None if it has none.
        given: off-peak hours that are given instead of registers' and the contract's.
        hours: those that are given, else the contract's of that day.
        used: the same where they divided some energy.
    """

    tariff: Tariff
    slots: Sequence[Slot] | None
    given: tuple[Hours, ...]
    hours: tuple[Hours, ...]
    used: tuple[Hours, ...] = ()

    @classmethod
    def of(cls, tariff: Tariff, day: date, quarters: DayQuarters, assumed: Assumed) -> Self:
        """Of a local day; all its quarters are of one contract."""
        given, contract = assumed.off_peak_hours, quarters.contract if quarters else None
        hours = given or (contract.off_peak_on(day) if contract else ())
        if (rules := tariff.division) is None or not quarters:
            return cls(tariff, None, given, hours)
        chosen = assumed.chosen_weekday
        if chosen is None and contract is not None:
            chosen = contract.chosen_weekday
        return cls(tariff, rules.of_day(day, DayTerms(chosen, assumed.colours)), given, hours)

    def divide(self, quarter: LocalQuarter) -> _Parts:
        """Of a quarter: registers first, then rules."""
        tariff = self.tariff
        if len(tariff.periods) == 1:
            return tariff.periods[0]
        found = None if self._is_given else quarter.of_registers(tariff)
        if found is not None:
            return [*found.items()]
        if self.slots is None:
            return Reason(ReasonCode.NO_REGISTER_FOR_PERIODS, {"tariff": tariff.id})
        slot = self.slots[number_of(quarter.local)]
        return slot.peak if slot.off_peak == slot.peak else self._by_off_peak(quarter, slot)

    def divide_steady(self, group: SteadyGroup) -> Iterator[tuple[str | Reason, int]]:
        """The same of steady quarters: periods with their energy, each any number of times."""
        tariff = self.tariff
        if len(tariff.periods) == 1:
            yield tariff.periods[0], group.energy_wh
            return
        found = None if self._is_given else group.kind.of_registers(tariff)
        if found is not None:
            for period, columns in found.items():
                yield period, sum(group.sums[at] for at in columns)
        elif self.slots is None:
            yield Reason(ReasonCode.NO_REGISTER_FOR_PERIODS, {"tariff": tariff.id}), group.energy_wh
        else:
            yield from self._by_slots(group, self.slots)

    def _by_slots(self, group: SteadyGroup, slots: Sequence[Slot]) -> Iterator[tuple[str | Reason, int]]:
        split = None if self.given else group.kind.of_off_peak
        for local, number, energy_wh, energies in group.quarters:
            slot = slots[number]
            if slot.off_peak == slot.peak:
                yield slot.peak, energy_wh
            elif split is not None:
                for name, columns in split.items():
                    yield slot.off_peak if name == _OFF_PEAK else slot.peak, sum(energies[at] for at in columns)
            else:
                yield self._by_hours(local, energy_wh, slot), energy_wh

    @property
    def _is_given(self) -> bool:
        """True if hours that are given divide the tariff, whatever registers count."""
        return bool(self.given) and set(self.tariff.periods) == set(HPHC.periods)

    def _by_off_peak(self, quarter: LocalQuarter, slot: Slot) -> _Parts:
        """By the hours that are given, else as a meter on HP/HC counts, else by the contract's hours."""
        split = None if self.given else quarter.of_off_peak()
        if split is not None:
            return [(slot.off_peak if name == _OFF_PEAK else slot.peak, each) for name, each in split.items()]
        return self._by_hours(quarter.local, quarter.energy_wh, slot)

    def _by_hours(self, local: datetime, energy_wh: int, slot: Slot) -> str | Reason:
        if not self.hours:
            return _HOURS_UNKNOWN
        if energy_wh:
            self.used = self.hours
        return slot.off_peak if is_within(local.time(), self.hours) else slot.peak
