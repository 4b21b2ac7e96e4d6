"""How a day's energy is divided into the periods of a tariff that the site may never have been on. Pure.

Registers come first: those of the contract's own tariff, and those of a regulated option that has the tariff's periods.
Else the tariff's own rules divide quarter-hours, or those of the regulated option with its periods: HP/HC by off-peak
hours, Tempo by the colours of days. What none of these shows is unknown: hours of another tariff are never taken for
those of this one, even where its periods have the same names.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Final, NamedTuple

from tictally_recorder.cost.compare.consumption import DayConsumption, QuarterKind, together
from tictally_recorder.cost.compare.day_plan import ALL, DayPlan, DividedDay, MeteredDay, MeteredKind
from tictally_recorder.cost.compare.kind_periods import KindPeriods, Registers
from tictally_recorder.cost.compare.model import Assumed
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.hours import Hours, is_within
from tictally_recorder.tariffs.model import Tariff
from tictally_recorder.tariffs.period_rules import QUARTER_TIMES, DayTerms, Slot, Slots
from tictally_shared.tariff_options import HPHC

_OFF_PEAK: Final = HPHC.periods[0]
_HOURS_UNKNOWN: Final = Reason(ReasonCode.OFF_PEAK_HOURS_UNKNOWN)
_NO_FRAMES: Final = Reason(ReasonCode.NO_FRAMES)
_IN_PART: Final = Reason(ReasonCode.UNMETERED_IN_PART)


class Metering:
    """Puts days on their contracts.

    Args:
        assumed: off-peak hours, weekday and colours that are given.
    """

    def __init__(self, assumed: Assumed) -> None:
        self._assumed = assumed
        # By the identity of the contract, which its days hold.
        self._known: dict[tuple[int, QuarterKind], KindPeriods] = {}
        self._terms: dict[int | None, DayTerms] = {}
        self._likenesses: dict[object, int] = {}

    def of(
        self, day: date, contract: Contract | None, consumption: DayConsumption | None, *, is_metered: bool
    ) -> MeteredDay:
        """A day on its contract.

        Args:
            day: local.
            contract: for consumption, or None.
            consumption: of the day, or None without frames.
            is_metered: False if some part of the day is covered by no register.
        """
        kinds = []
        for kind, energy in consumption.kinds.items() if consumption else ():
            key = id(contract), kind
            if (periods := self._known.get(key)) is None:
                periods = self._known[key] = KindPeriods(kind, contract)
            kinds.append(MeteredKind(periods, energy, energy.until(periods.total.places)))
        hours = self._assumed.off_peak_hours or (contract.off_peak_on(day) if contract else ())
        alike = hours, *(id(each.periods) for each in kinds)  # identities of what this object holds
        return MeteredDay(
            day,
            kinds,
            frozenset([*([] if kinds else [_NO_FRAMES]), *([] if is_metered else [_IN_PART])]),
            together(each.until for each in kinds),
            all(each.periods.is_plain for each in kinds),
            self._likenesses.setdefault(alike, len(self._likenesses)),
            hours,
            self._terms_on(contract),
        )

    def _terms_on(self, contract: Contract | None) -> DayTerms:
        chosen = self._assumed.chosen_weekday
        if chosen is None and contract is not None:
            chosen = contract.chosen_weekday
        if (found := self._terms.get(chosen)) is None:
            found = self._terms[chosen] = DayTerms(chosen, self._assumed.colours)
        return found


def division_key(tariff: Tariff, contracts: frozenset[str]) -> object:
    """The same for tariffs that divide every day alike.

    Args:
        tariff: of consumption, without price series.
        contracts: the tariffs of the site's own contracts, for which registers may count.
    """
    # Where nothing but registers can divide days, the reason for which they do not names the tariff.
    is_by_registers = tariff.division is None and len(tariff.periods) > 1
    own = tariff.id if tariff.id in contracts or is_by_registers else None
    return own, tariff.periods, None if tariff.rules is None else tariff.rules.key


class _Run(NamedTuple):
    """Quarters of a day that follow one another in one period.

    Attributes:
        first: number of the first.
        end: number of the quarter after the last.
        slot: theirs.
        period: theirs by off-peak hours, or why none is known.
    """

    first: int
    end: int
    slot: Slot
    period: str | Reason

    @property
    def quarters(self) -> int:
        """Bit n is set for each quarter n of them."""
        return (1 << self.end) - (1 << self.first)


class _DaySlots:
    """The periods of a day's quarter-hours for a customer with some off-peak hours.

    Args:
        slots: of the rules.
        hours: off-peak.

    Attributes:
        hours: off-peak.
        fixed: the quarters in which these do not decide.
        by_hours: the quarters in which they do.
    """

    def __init__(self, slots: Slots, hours: tuple[Hours, ...]) -> None:
        self.hours = hours
        runs: list[_Run] = []
        first = 0
        numbered = [(slot, self._period(number, slot)) for number, slot in enumerate(slots)]
        for (slot, period), same in groupby(numbered):
            end = first + len([*same])
            runs.append(_Run(first, end, slot, period))
            first = end
        self.fixed = [run for run in runs if run.slot.off_peak == run.slot.peak]
        self.by_hours = [run for run in runs if run.slot.off_peak != run.slot.peak]

    def _period(self, number: int, slot: Slot) -> str | Reason:
        if slot.off_peak == slot.peak:
            return slot.peak
        if not self.hours:
            return _HOURS_UNKNOWN
        return slot.off_peak if is_within(QUARTER_TIMES[number], self.hours) else slot.peak


class Division:
    """How a tariff divides days.

    Args:
        tariff: of consumption, without price series.
        assumed: off-peak hours that are given.
    """

    def __init__(self, tariff: Tariff, assumed: Assumed) -> None:
        self._tariff = tariff
        self._rules = tariff.division
        self._has_hours = bool(assumed.off_peak_hours)
        self._is_given = self._has_hours and set(tariff.periods) == set(HPHC.periods)
        self._no_register = Reason(ReasonCode.NO_REGISTER_FOR_PERIODS, {"tariff": tariff.id})
        self._slots_of: dict[tuple[int, tuple[Hours, ...]], _DaySlots] = {}
        # By the identity of slots, which rules hold, and the likeness of days.
        self._plans: dict[tuple[int, int], DayPlan] = {}

    def of(self, metered: MeteredDay) -> DividedDay:
        """A day's energy by period of the tariff."""
        slots = None if self._rules is None else self._rules.of_day(metered.day, metered.terms)
        if metered.is_plain and metered.kinds:
            key = id(slots), metered.likeness
            if (plan := self._plans.get(key)) is None:
                plan = self._plans[key] = self._plan(metered, slots)
            if plan.is_possible:
                return plan.divide(metered)
        day = _Dividing(metered, dict.fromkeys(self._tariff.periods, 0))
        if len(day.energy) == 1:
            day.add_whole(metered.kinds, self._tariff.periods[0])
        elif metered.kinds:
            self._divide(day, None if slots is None else self._slots(slots, metered.hours))
        reasons = metered.reasons.union(day.reasons) if day.reasons else metered.reasons
        return DividedDay((*day.energy.values(),), reasons, day.is_estimated, day.hours)

    def _plan(self, metered: MeteredDay, slots: Slots | None) -> DayPlan:
        """The plan of the days that are like one."""
        plan = DayPlan(self._tariff.periods, metered.hours)
        self._make(plan, metered.kinds, None if slots is None else self._slots(slots, metered.hours))
        return plan

    def _make(self, plan: DayPlan, kinds: Sequence[MeteredKind], slots: "_DaySlots | None") -> None:
        """Fill in a plan, as `_divide` divides a day."""
        if len(plan.periods) == 1:
            plan.by_clock.append((ALL, plan.stretches([(0, len(QUARTER_TIMES), plan.periods[0])])))
            return
        rest = [*range(len(kinds))]
        if not self._is_given:
            by_registers = [each.periods.of_registers(self._tariff) for each in kinds]
            rest = [number for number in rest if by_registers[number] is None]
            for number, found in enumerate(by_registers):
                for period, registers in (found or {}).items():
                    plan.by_registers.append((number, plan.registers(registers), plan.place(period)))
        if slots is None:
            if rest:
                whole = plan.stretches([(0, len(QUARTER_TIMES), self._no_register)])
                plan.by_clock += [(number, whole) for number in _all_or(rest, kinds)]
            return
        fixed = plan.stretches((run.first, run.end, run.period) for run in slots.fixed)
        if rest and fixed:
            plan.by_clock += [(number, fixed) for number in _all_or(rest, kinds)]
        if rest and slots.by_hours:
            self._make_by_hours(plan, rest, kinds, slots)

    def _make_by_hours(
        self, plan: DayPlan, rest: Sequence[int], kinds: Sequence[MeteredKind], slots: "_DaySlots"
    ) -> None:
        others = [number for number in rest if self._has_hours or kinds[number].periods.of_off_peak is None]
        for number in rest:
            if number in others:
                continue
            for name, registers in (kinds[number].periods.of_off_peak or {}).items():
                runs = [
                    (run.first, run.end, run.slot.off_peak if name == _OFF_PEAK else run.slot.peak)
                    for run in slots.by_hours
                ]
                plan.by_off_peak.append((number, plan.registers(registers), plan.stretches(runs)))
        if others:
            stretches = plan.stretches((run.first, run.end, run.period) for run in slots.by_hours)
            plan.by_hours += [(number, stretches) for number in _all_or(others, kinds)]

    def _divide(self, day: "_Dividing", slots: "_DaySlots | None") -> None:
        """Registers first, then rules."""
        rest: list[MeteredKind] = []
        for kind in day.metered.kinds:
            found = None if self._is_given else kind.periods.of_registers(self._tariff)
            if found is None:
                rest.append(kind)
            else:
                for period, registers in found.items():
                    day.add_registers(kind, registers, period)
        if not rest:
            return
        if slots is None:
            day.add_whole(rest, self._no_register)
            return
        if slots.fixed:
            day.add_by_clock(rest, slots.fixed)
        if slots.by_hours:
            self._divide_by_hours(day, rest, slots)

    def _divide_by_hours(self, day: "_Dividing", kinds: Sequence[MeteredKind], slots: _DaySlots) -> None:
        """By the hours that are given, else as a meter on HP/HC counts, else by the contract's hours."""
        if self._has_hours:
            others = kinds
        else:
            others = [each for each in kinds if each.periods.of_off_peak is None]
            for kind in kinds:
                for name, registers in (kind.periods.of_off_peak or {}).items():
                    day.add_off_peak(kind, registers, slots.by_hours, is_off_peak=name == _OFF_PEAK)
        if others and day.add_by_clock(others, slots.by_hours):
            day.hours = slots.hours

    def _slots(self, slots: Slots, hours: tuple[Hours, ...]) -> _DaySlots:
        # Rules hold their slots, so that an identity stays theirs.
        if (found := self._slots_of.get((id(slots), hours))) is None:
            found = self._slots_of[id(slots), hours] = _DaySlots(slots, hours)
        return found


def _all_or(numbers: Sequence[int], kinds: Sequence[MeteredKind]) -> Sequence[int]:
    return [ALL] if len(numbers) == len(kinds) else numbers


@dataclass(slots=True)
class _Dividing:
    """A day that is divided.

    Attributes:
        metered: the day.
        energy: by period.
        reasons: why some of it cannot be divided.
        is_estimated: a gap was divided by time.
        hours: off-peak hours that divided some energy.
    """

    metered: MeteredDay
    energy: dict[str, int]
    reasons: list[Reason] = field(default_factory=list)
    is_estimated: bool = False
    hours: tuple[Hours, ...] = ()

    def add_whole(self, kinds: Sequence[MeteredKind], period: str | Reason) -> None:
        """All energy of some kinds is in a period, or in none for a reason."""
        if not self.metered.is_plain:
            for each in kinds:
                self._note(each.periods.total)
        self._add(period, sum([each.until[-1] for each in kinds]))

    def add_registers(self, kind: MeteredKind, registers: Registers, period: str) -> None:
        """What some registers counted is in a period."""
        self._note(registers)
        self.energy[period] += kind.wh(registers)

    def add_by_clock(self, kinds: Sequence[MeteredKind], runs: Sequence[_Run]) -> bool:
        """The clock decides for some kinds in some quarters; returns True if they have some energy then."""
        metered = self.metered
        is_all = len(kinds) == len(metered.kinds)
        until = metered.until if is_all else together(each.until for each in kinds)
        if not metered.is_plain:
            quarters = sum(run.quarters for run in runs)
            for each in kinds:
                if each.energy.quarters & quarters:
                    self._note(each.periods.total)
        found = False
        for first, end, _, period in runs:
            if energy_wh := until[end] - until[first]:
                found = True
                self._add(period, energy_wh)
        return found

    def add_off_peak(self, kind: MeteredKind, registers: Registers, runs: Sequence[_Run], *, is_off_peak: bool) -> None:
        """What registers counted off-peak, or at peak, in some quarters."""
        if any(run.quarters & kind.energy.quarters for run in runs):
            self._note(registers)
        until = kind.energy.until(registers.places)
        for run in runs:
            self._add(run.slot.off_peak if is_off_peak else run.slot.peak, until[run.end] - until[run.first])

    def _add(self, period: str | Reason, energy_wh: int) -> None:
        if isinstance(period, str):
            self.energy[period] += energy_wh
        elif energy_wh and period not in self.reasons:
            self.reasons.append(period)

    def _note(self, registers: Registers) -> None:
        """Some registers counted."""
        self.is_estimated |= registers.is_estimated
        if registers.incomplete:
            self.reasons.append(registers.incomplete)
