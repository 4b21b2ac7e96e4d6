"""A quarter-hour's energy as a meter's registers divide it, computed once for all tariffs. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final

from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.register_totals import (
    Counted,
    consumption_by_period,
    consumption_total,
    is_supplier_register,
    period_of,
)
from tictally_recorder.reason import Reason
from tictally_recorder.tariffs.model import Tariff
from tictally_shared.tariff_options import HPHC, TARIFF_OPTIONS, TariffOption, option_of_ngtf

_HISTORIQUE: Final = {register: option for option in TARIFF_OPTIONS.values() for register in option.registers}
_NO_ALIASES: Final[Mapping[str, str]] = {}


class LocalQuarter:
    """A quarter's energy; also that of another time of one contract.

    Args:
        local: its start.
        rows: of its registers.
        contract: for consumption on its day, or None.
    """

    def __init__(self, local: datetime, rows: Sequence[EnergyRow], contract: Contract | None) -> None:
        self.local = local
        self.contract = contract
        self._rows = rows
        self._aliases = contract.aliases if contract else _NO_ALIASES

    @cached_property
    def total(self) -> Counted:
        """All consumption."""
        return consumption_total(self._rows)

    @cached_property
    def energy_wh(self) -> int:
        """The sum of all consumption."""
        return self.total.energy_wh

    @cached_property
    def is_estimated(self) -> bool:
        """True if some of it is."""
        return self.total.estimated

    @cached_property
    def incomplete(self) -> Reason | None:
        """Why that is not all of the energy, or None."""
        return self.total.incomplete

    def of_registers(self, tariff: Tariff) -> Mapping[str, Counted] | None:
        """Period → what the meter's own registers counted, or None if they do not count the tariff's periods."""
        periods, option = set(tariff.periods), self._option
        is_own = self.contract is not None and self.contract.tariff == tariff.id
        if tariff.rules is not None and not (is_own and (option is None or self._aliases)):
            return None  # a regulated option's hours are not those of the tariff's own rules
        if option is not None and set(option.periods) == periods and not is_own:
            return self._whole(self._by_option, periods, _NO_ALIASES)
        if is_own or (option is not None and self._aliased(option) == periods):
            return self._whole(self._by_alias, periods, self._aliases)
        return None

    def of_off_peak(self) -> Mapping[str, Counted] | None:
        """Off-peak and peak (`HC`, `HP`) as a meter on HP/HC counts them, or None if it is on something else."""
        if self._option is not HPHC:
            return None
        return self._whole(self._by_option, set(HPHC.periods), _NO_ALIASES)

    def _whole(
        self, found: Mapping[str, Counted], periods: set[str], aliases: Mapping[str, str]
    ) -> Mapping[str, Counted] | None:
        """What was counted, where that is all of some periods and nothing else."""
        is_whole = found.keys() <= periods and bool(found or not self.energy_wh)
        return found if is_whole and self._counts_all(periods, self._names(aliases)) else None

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
