"""How a day's energy is divided into the periods of a tariff that the site may never have been on. Pure.

Registers come first: those of the contract's own tariff, and those of a regulated option that has the tariff's periods.
HP/HC is else divided by off-peak hours, Tempo by the colours of days. What none of these shows is unknown: hours of
another tariff are never taken for those of this one, even where its periods have the same names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Final

from tictally_recorder.cost.compare.model import Assumed
from tictally_recorder.cost.compare.tempo_colours import MORNING, NIGHT
from tictally_recorder.cost.contracts.model import Contract, Hours, is_off_peak
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.register_totals import (
    Counted,
    consumption_by_period,
    consumption_total,
    is_supplier_register,
    period_of,
)
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.model import Tariff
from tictally_shared.tariff_options import HPHC, TARIFF_OPTIONS, TEMPO, TariffOption, option_of_ngtf

_HISTORIQUE: Final = {register: option for option in TARIFF_OPTIONS.values() for register in option.registers}
_NO_ALIASES: Final[Mapping[str, str]] = {}


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


class LocalQuarter:
    """A quarter's energy, computed once for all tariffs.

    Args:
        local: its start.
        rows: of its registers.
        contract: for consumption on its day, or None.
    """

    def __init__(self, local: datetime, rows: Sequence[EnergyRow], contract: Contract | None) -> None:
        self.local = local
        self.contract = contract
        self.off_peak_hours = contract.off_peak_hours if contract else ()
        self.total = consumption_total(rows)
        self._rows = rows
        self._aliases = contract.aliases if contract else _NO_ALIASES

    def of_registers(self, tariff: Tariff) -> Mapping[str, Counted] | None:
        """Period → what the meter's own registers counted, or None if they do not count the tariff's periods."""
        periods, option = set(tariff.periods), self._option
        is_own = self.contract is not None and self.contract.tariff == tariff.id
        if option is not None and set(option.periods) == periods and not is_own:
            found, names = self._by_option, self._names(_NO_ALIASES)
        elif is_own or (option is not None and self._aliased(option) == periods):
            found, names = self._by_alias, self._names(self._aliases)
        else:
            return None
        is_whole = found.keys() <= periods and bool(found or not self.total.energy_wh)
        return found if is_whole and self._counts_all(periods, names) else None

    def _counts_all(self, periods: set[str], names: set[str]) -> bool:
        """True if each period has a register. On a supplier's calendar one that has no name yet counted nothing."""
        options = {row.option for row in self._rows if is_supplier_register(row.register)}
        own_calendar = bool(options) and all(option and option_of_ngtf(option) is None for option in options)
        return periods <= names or (own_calendar and any(map(is_supplier_register, names)))

    def _names(self, aliases: Mapping[str, str]) -> set[str]:
        """The periods that the registers count, also those that stood; a register's own name where it is unknown."""
        return {
            period_of(row.register, row.period, row.option, aliases)
            for row in self._rows
            if row.register in _HISTORIQUE or is_supplier_register(row.register)
        }

    @cached_property
    def _by_alias(self) -> Mapping[str, Counted]:
        return consumption_by_period(self._counting, self._aliases)

    @cached_property
    def _by_option(self) -> Mapping[str, Counted]:
        return consumption_by_period(self._counting, _NO_ALIASES)

    @cached_property
    def _counting(self) -> Sequence[EnergyRow]:
        """One that counted nothing may belong to no period of a tariff."""
        return [row for row in self._rows if row.energy or row.unknown]

    @cached_property
    def _option(self) -> TariffOption | None:
        """The regulated option that the registers count; None for a supplier's calendar, or two options."""
        found = {_HISTORIQUE[row.register].key for row in self._counting if row.register in _HISTORIQUE}
        counting = [row for row in self._counting if is_supplier_register(row.register)]
        if not found or counting:
            shown = counting or [row for row in self._rows if is_supplier_register(row.register)]
            standard = [option_of_ngtf(row.option or "") for row in shown] or [None]
            found.update(each.key if each else "" for each in standard)
        return TARIFF_OPTIONS.get(found.pop()) if len(found) == 1 else None

    def _aliased(self, option: TariffOption) -> set[str]:
        names = {row.register: (row.period, row.option) for row in self._rows}
        registers = option.registers if names.keys() & set(option.registers) else option.standard_registers
        return {period_of(each, *names.get(each, (None, None)), self._aliases) for each in registers}


def divide(
    tariff: Tariff, day: date, quarters: Sequence[LocalQuarter], assumed: Assumed, *, is_metered: bool
) -> DividedDay:
    """A day's energy by period of a tariff.

    Args:
        tariff: of consumption, without price series.
        day: local.
        quarters: of the day, as far as there are frames.
        assumed: off-peak hours and colours that are given.
        is_metered: False if some part of the day is covered by no register.
    """
    energy = dict.fromkeys(tariff.periods, 0)
    reasons = set() if quarters else {Reason(ReasonCode.NO_FRAMES)}
    if not is_metered:
        reasons.add(Reason(ReasonCode.UNMETERED_IN_PART))
    estimated = False
    hours: tuple[Hours, ...] = ()
    for quarter in quarters:
        divided, by_hours = _divide(tariff, quarter, assumed)
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


def _divide(tariff: Tariff, quarter: LocalQuarter, assumed: Assumed) -> tuple[_Divided, tuple[Hours, ...]]:
    """A quarter's energy by period, what cannot be divided under the reason; and the off-peak hours that were used."""
    total = quarter.total
    if len(tariff.periods) == 1:
        return {tariff.periods[0]: total}, ()
    is_hphc = set(tariff.periods) == set(HPHC.periods)
    given = assumed.off_peak_hours if is_hphc else ()
    found = None if given else quarter.of_registers(tariff)
    if found is not None:
        return {period: counted for period, counted in found.items()}, ()  # noqa: C416 - keys of a wider type
    if is_hphc:
        return _by_hours(quarter, given or quarter.off_peak_hours)
    if set(tariff.periods) == set(TEMPO.periods):
        return {_of_tempo(quarter, assumed): total}, ()
    return {Reason(ReasonCode.NO_REGISTER_FOR_PERIODS, {"tariff": tariff.id}): total}, ()


def _by_hours(quarter: LocalQuarter, hours: tuple[Hours, ...]) -> tuple[_Divided, tuple[Hours, ...]]:
    total = quarter.total
    if not hours:
        return {Reason(ReasonCode.OFF_PEAK_HOURS_UNKNOWN): total}, ()
    return {"HC" if is_off_peak(quarter.local.time(), hours) else "HP": total}, hours if total.energy_wh else ()


def _of_tempo(quarter: LocalQuarter, assumed: Assumed) -> str | Reason:
    local = quarter.local
    # Local time without offset: a day begins at 06:00 by the clock, also when the clocks have changed.
    colour = assumed.colours.get((local.replace(tzinfo=None) - MORNING).date())
    if colour is None:
        return Reason(ReasonCode.TEMPO_COLOUR_UNKNOWN)
    return f"{'HC' if is_off_peak(local.time(), [NIGHT]) else 'HP'} {colour.name}"
