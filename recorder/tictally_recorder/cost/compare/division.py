"""How a day's energy is divided into the periods of a tariff that the site may never have been on. Pure.

Registers come first: those of the contract's own tariff, and those of a regulated option that has the tariff's periods.
Else the tariff's own rules divide quarter-hours, or those of the regulated option with its periods: HP/HC by off-peak
hours, Tempo by the colours of days. What none of these shows is unknown: hours of another tariff are never taken for
those of this one, even where its periods have the same names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tictally_recorder.cost.compare.model import Assumed
from tictally_recorder.cost.local_quarter import LocalQuarter
from tictally_recorder.energy.register_totals import Counted
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.hours import Hours, is_within
from tictally_recorder.tariffs.model import Tariff
from tictally_recorder.tariffs.period_rules import DayTerms, PeriodRules, Slot, number_of
from tictally_shared.tariff_options import HPHC

_OFF_PEAK, _PEAK = HPHC.periods


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


def divide(
    tariff: Tariff, day: date, quarters: Sequence[LocalQuarter], assumed: Assumed, *, is_metered: bool
) -> DividedDay:
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
    hours: tuple[Hours, ...] = ()
    slots = _slots(tariff.division, day, quarters, assumed)
    for quarter in quarters:
        divided, by_hours = _divide(tariff, quarter, assumed, slots)
        hours = by_hours or hours
        for period, found in divided.items():
            estimated |= found.estimated
            if found.incomplete:
                reasons.add(found.incomplete)
            if isinstance(period, str):
                energy[period] += found.energy_wh
            elif found.energy_wh:
                reasons.add(period)
    return DividedDay(day, energy, frozenset(reasons), estimated, hours)


_Divided = Mapping[str | Reason, Counted]


def _slots(
    rules: PeriodRules | None, day: date, quarters: Sequence[LocalQuarter], assumed: Assumed
) -> Sequence[Slot] | None:
    if rules is None or not quarters:
        return None
    chosen, contract = assumed.chosen_weekday, quarters[0].contract
    if chosen is None and contract is not None:
        chosen = contract.chosen_weekday
    return rules.of_day(day, DayTerms(chosen, assumed.colours))


def _divide(
    tariff: Tariff, quarter: LocalQuarter, assumed: Assumed, slots: Sequence[Slot] | None
) -> tuple[_Divided, tuple[Hours, ...]]:
    """A quarter's energy by period, what cannot be divided under the reason; and the off-peak hours that were used."""
    total = quarter.total
    if len(tariff.periods) == 1:
        return {tariff.periods[0]: total}, ()
    is_given = bool(assumed.off_peak_hours) and set(tariff.periods) == set(HPHC.periods)
    found = None if is_given else quarter.of_registers(tariff)
    if found is not None:
        return {period: counted for period, counted in found.items()}, ()  # noqa: C416 - keys of a wider type
    if slots is None:
        return {Reason(ReasonCode.NO_REGISTER_FOR_PERIODS, {"tariff": tariff.id}): total}, ()
    slot = slots[number_of(quarter.local)]
    if slot.off_peak == slot.peak:
        return {slot.peak: total}, ()
    return _by_off_peak(quarter, slot, assumed.off_peak_hours)


def _by_off_peak(quarter: LocalQuarter, slot: Slot, given: tuple[Hours, ...]) -> tuple[_Divided, tuple[Hours, ...]]:
    """By the hours that are given, else as a meter on HP/HC counts, else by the contract's hours."""
    total = quarter.total
    split = None if given else quarter.of_off_peak()
    if split is not None:
        return {slot.off_peak if name == _OFF_PEAK else slot.peak: counted for name, counted in split.items()}, ()
    hours = given or (quarter.contract.off_peak_on(quarter.local.date()) if quarter.contract else ())
    if not hours:
        return {Reason(ReasonCode.OFF_PEAK_HOURS_UNKNOWN): total}, ()
    found = slot.off_peak if is_within(quarter.local.time(), hours) else slot.peak
    return {found: total}, hours if total.energy_wh else ()
