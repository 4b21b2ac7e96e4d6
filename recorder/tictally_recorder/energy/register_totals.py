"""Which registers a total is the sum of, so that each kWh counts once. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from tictally_recorder.energy.rows import EnergyRow
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.model import Direction
from tictally_shared.tariff_options import TARIFF_OPTIONS, option_of_ngtf

CONSUMPTION_TOTAL: Final = "EAST"
INJECTION_TOTAL: Final = "EAIT"
_SUPPLIER: Final = "EASF"
_STANDARD: Final = "standard"
_HISTORIQUE: Final = {register: contract for contract in TARIFF_OPTIONS.values() for register in contract.registers}
# The ledger's largest integer. Single values are smaller, but the sum of two registers or of a fall's parts may not be.
_IMPLAUSIBLE_WH: Final = 2**63


@dataclass(frozen=True, slots=True)
class RegisterPart:
    """The part of a figure's energy that one register counted.

    Attributes:
        register: the label, `EASF01`.
        start_ms: milliseconds since 1970.
        end_ms: excluded.
        first_value: the register at the start, in Wh.
        last_value: the register at the end, in Wh.
        energy_wh: their difference, or the sum of what was counted between falls.
        estimated: a gap was divided by time.
        price: of a kWh, where parts of one figure have prices of their own (a price series).
        fell: the register fell.
    """

    register: str
    start_ms: int
    end_ms: int
    first_value: int
    last_value: int
    energy_wh: int
    estimated: bool
    price: Decimal | None = None
    fell: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """Energy and the registers that counted it.

    Attributes:
        parts: by register; empty if no register counted it, or together more than any meter can.
        reason: why the energy is unknown: more than any meter can count, the same energy maybe in two of the parts, or
            a register that fell in a gap; else None.
    """

    parts: tuple[RegisterPart, ...] = ()
    reason: Reason | None = None

    @classmethod
    def of(cls, parts: Sequence[RegisterPart], reason: Reason | None = None) -> Self:
        """The sum of some parts."""
        if sum(part.energy_wh for part in parts) < _IMPLAUSIBLE_WH:
            return cls(tuple(parts), reason)
        counting = (part.register for part in parts if part.energy_wh)
        return cls(reason=_about_registers(ReasonCode.ENERGY_IMPLAUSIBLE, counting))

    @property
    def energy_wh(self) -> int:
        """The sum of the parts."""
        return sum(part.energy_wh for part in self.parts)

    @property
    def estimated(self) -> bool:
        """True if a gap was divided by time in one of them."""
        return any(part.estimated for part in self.parts)


def consumption_total(rows: Iterable[EnergyRow]) -> Counted:
    """The total consumption: the standard mode's total, or its parts where that is missing, and historique registers.

    A frame is of one mode and historique registers are of one option, so they add up on the day of a change.
    """
    rows = list(rows)
    standard = [row for row in rows if row.register == CONSUMPTION_TOTAL]
    standard = standard or [row for row in rows if row.register.startswith(_SUPPLIER)]
    return _counted(standard + [row for row in rows if row.register in _HISTORIQUE])


def injection_total(rows: Iterable[EnergyRow]) -> Counted:
    """The total injection."""
    return _counted([row for row in rows if row.register == INJECTION_TOTAL])


def is_supplier_register(name: str) -> bool:
    """True for EASFnn, as opposed to the name of a period."""
    return name.startswith(_SUPPLIER)


def direction_of(register: str) -> Direction | None:
    """The direction that a register counts, or None: the distributor's registers count the same energy again."""
    if register == INJECTION_TOTAL:
        return Direction.INJECTION
    is_consumption = register == CONSUMPTION_TOTAL or register in _HISTORIQUE or is_supplier_register(register)
    return Direction.CONSUMPTION if is_consumption else None


def consumption_by_period(
    rows: Iterable[EnergyRow], ngtf: str | None, aliases: Mapping[str, str]
) -> dict[str, Counted]:
    """Period → its consumption; a register whose period is unknown is under its own name.

    The distributor's registers and totals are in no period: they count the same energy again.

    Args:
        rows: of one day.
        ngtf: the meter's name of its option, or None if it is unknown.
        aliases: the meter's name of a period → the tariff's period.
    """
    found: dict[str, list[EnergyRow]] = {}
    for row in rows:
        if row.register in _HISTORIQUE or row.register.startswith(_SUPPLIER):
            found.setdefault(period_of(row.register, row.period, ngtf, aliases), []).append(row)
    return {period: _counted(each) for period, each in found.items()}


def period_of(register: str, meter_name: str | None, ngtf: str | None, aliases: Mapping[str, str]) -> str:
    """The period that a register of consumption counts, or its own name where that is unknown.

    The most exact alias holds: that of the register, then that of the meter's name, which several registers may share,
    then that of the regulated option's.

    Args:
        register: EASFnn, or one of the historique mode.
        meter_name: the meter's name of the period, or None.
        ngtf: the meter's name of its option, or None if it is unknown.
        aliases: the meter's name of a period, or the name of a register → the tariff's period.
    """
    alias = alias_of(register, meter_name, ngtf, aliases)
    return (aliases[alias] if alias else None) or _regulated(register, ngtf) or meter_name or register


def alias_of(register: str, meter_name: str | None, ngtf: str | None, aliases: Mapping[str, str]) -> str | None:
    """The alias by which `period_of` finds a register's period, or None."""
    names = (register, meter_name, _regulated(register, ngtf))
    return next((name for name in names if name and name in aliases), None)


def _regulated(register: str, ngtf: str | None) -> str | None:
    if historique := _HISTORIQUE.get(register):
        return historique.period_of(register)
    option = None if ngtf is None else option_of_ngtf(ngtf)
    return option.period_of(register) if option else None


def _counted(rows: Sequence[EnergyRow]) -> Counted:
    rows = sorted(rows, key=lambda row: (row.register, row.start_ms))
    parts = tuple(
        RegisterPart(
            row.register,
            row.start_ms,
            row.end_ms,
            row.first_value,
            row.last_value,
            row.energy,
            estimated=row.estimated,
            fell=row.fell,
        )
        for row in rows
    )
    if any(row.lost for row in rows):
        fallen = (row.register for row in rows if row.lost)
        return Counted.of(parts, _about_registers(ReasonCode.REGISTER_FELL_IN_GAP, fallen))
    # After a change of mode and back, what the first registers counted is divided over the time of the others.
    kinds = {_kind(row.register) for row in rows if row.energy}
    if len(kinds) > 1 and any(row.estimated for row in rows):
        counting = (row.register for row in rows if row.energy)
        return Counted.of(parts, _about_registers(ReasonCode.ENERGY_MAYBE_TWICE, counting))
    return Counted.of(parts)


def _about_registers(code: ReasonCode, registers: Iterable[str]) -> Reason:
    return Reason(code, {"registers": tuple(dict.fromkeys(registers))})


def _kind(register: str) -> str:
    return _HISTORIQUE[register].key if register in _HISTORIQUE else _STANDARD
