"""Which registers a total is the sum of, so that each kWh counts once. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, NamedTuple, Self

from tictally_recorder.energy.interpolation import Unknown
from tictally_recorder.energy.rows import EnergyRow
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.model import Direction
from tictally_shared.tariff_options import CONSUMPTION_TOTAL, OPTION_OF_REGISTER, SUPPLIER, option_of_ngtf

INJECTION_TOTAL: Final = "EAIT"
# The ledger's largest integer. Single values are smaller, but the sum of two registers or of a fall's parts may not be.
_IMPLAUSIBLE_WH: Final = 2**63


class UnknownTime(NamedTuple):
    """A time in which it is unknown what a register counted.

    Attributes:
        register: the label.
        time: when, and whether it fell.
    """

    register: str
    time: Unknown


@dataclass(frozen=True, slots=True)
class RegisterPart:
    """The part of a figure's energy that one register counted.

    Attributes:
        register: the label, `EASF01`.
        start_ms: the moment of the first reading, milliseconds since 1970.
        end_ms: the moment of the last reading.
        first_value: the register at the first reading, in Wh.
        last_value: the register at the last reading, in Wh.
        energy_wh: what was counted between them, as far as it is known.
        first_estimated: the first reading was interpolated.
        last_estimated: the last reading was interpolated.
        inferred: some of it was counted while the register's name changed, computed from powers, or divided by hours.
        price: of a kWh, where parts of one figure have prices of their own (a price series).
        is_divided: hours or the tariff's rules gave it its period, not the register.
    """

    register: str
    start_ms: int
    end_ms: int
    first_value: int
    last_value: int
    energy_wh: int
    first_estimated: bool = False
    last_estimated: bool = False
    inferred: bool = False
    price: Decimal | None = None
    is_divided: bool = False

    @property
    def estimated(self) -> bool:
        """True if the energy depends on what was interpolated or inferred."""
        return self.first_estimated or self.last_estimated or self.inferred


@dataclass(frozen=True, slots=True)
class Counted:
    """Energy and the registers that counted it.

    Attributes:
        parts: by register; empty if no register counted it, or together more than any meter can.
        reason: that the registers counted more than any meter can, or None.
        unknown: times in which a part of the energy is unknown.
        is_known: False if those are all of the time.
    """

    parts: tuple[RegisterPart, ...] = ()
    reason: Reason | None = None
    unknown: tuple[UnknownTime, ...] = ()
    is_known: bool = True

    @classmethod
    def of(cls, parts: Sequence[RegisterPart], unknown: Sequence[UnknownTime] = (), *, is_known: bool = True) -> Self:
        """The sum of some parts."""
        if sum(part.energy_wh for part in parts) < _IMPLAUSIBLE_WH:
            return cls(tuple(parts), unknown=tuple(unknown), is_known=is_known)
        counting = (part.register for part in parts if part.energy_wh)
        return cls(reason=Reason(ReasonCode.ENERGY_IMPLAUSIBLE, {"registers": tuple(dict.fromkeys(counting))}))

    def with_parts(self, parts: Iterable[RegisterPart]) -> Self:
        """The same with more parts."""
        return replace(self, parts=(*self.parts, *parts), is_known=True)

    @property
    def incomplete(self) -> Reason | None:
        """Why the sum is not all of the energy, or None."""
        return self.reason or (Reason(ReasonCode.UNMETERED_IN_PART) if self.unknown else None)

    @property
    def energy_wh(self) -> int:
        """The sum of the parts."""
        return sum(part.energy_wh for part in self.parts)

    @property
    def estimated(self) -> bool:
        """True if one of them is."""
        return any(part.estimated for part in self.parts)


def consumption_total(rows: Iterable[EnergyRow]) -> Counted:
    """The total consumption: the standard mode's total, or its parts where that is missing, and historique registers.

    A frame is of one mode and historique registers are of one option, so they add up on the day of a change.
    """
    rows = list(rows)
    standard = [row for row in rows if row.register == CONSUMPTION_TOTAL]
    standard = standard or [row for row in rows if row.register.startswith(SUPPLIER)]
    return _counted(standard + [row for row in rows if row.register in OPTION_OF_REGISTER])


def injection_total(rows: Iterable[EnergyRow]) -> Counted:
    """The total injection."""
    return _counted([row for row in rows if row.register == INJECTION_TOTAL])


def is_supplier_register(name: str) -> bool:
    """True for EASFnn, as opposed to the name of a period."""
    return name.startswith(SUPPLIER)


def is_period_register(name: str) -> bool:
    """True for a register that counts the consumption of one tariff period."""
    return name in OPTION_OF_REGISTER or is_supplier_register(name)


def direction_of(register: str) -> Direction | None:
    """The direction that a register counts, or None: the distributor's registers count the same energy again."""
    if register == INJECTION_TOTAL:
        return Direction.INJECTION
    is_consumption = register == CONSUMPTION_TOTAL or is_period_register(register)
    return Direction.CONSUMPTION if is_consumption else None


def consumption_by_period(rows: Iterable[EnergyRow], aliases: Mapping[str, str]) -> dict[str, Counted]:
    """Period → its consumption; a register whose period is unknown is under its own name.

    The distributor's registers and totals are in no period: they count the same energy again.

    Args:
        rows: of one period of time.
        aliases: the meter's name of a period → the tariff's period.
    """
    found: dict[str, list[EnergyRow]] = {}
    for row in rows:
        if is_period_register(row.register):
            found.setdefault(period_of(row.register, row.period, row.option, aliases), []).append(row)
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
    if historique := OPTION_OF_REGISTER.get(register):
        return historique.period_of(register)
    option = None if ngtf is None else option_of_ngtf(ngtf)
    return option.period_of(register) if option else None


def _counted(rows: Sequence[EnergyRow]) -> Counted:
    rows = sorted(rows, key=lambda row: (row.register, row.first_ms))
    parts = tuple(
        RegisterPart(
            row.register,
            row.first_ms,
            row.last_ms,
            row.first_value,
            row.last_value,
            row.energy,
            first_estimated=row.first_estimated,
            last_estimated=row.last_estimated,
            inferred=row.inferred,
        )
        for row in rows
    )
    unknown = [UnknownTime(row.register, time) for row in rows for time in row.unknown]
    return Counted.of(parts, unknown, is_known=not unknown or any(row.is_known for row in rows))
