"""Which subscribed powers would have been enough, and what each would save a year. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from tictally_recorder.cost.model import CostRow
from tictally_recorder.cost.power.highest import DayPower
from tictally_recorder.tariffs.model import Direction, Tariff, Version

_VA_PER_KVA: Final = 1000
_MONTHS: Final = 12
_DAYS_OF_YEAR: Final = 365
_WH_PER_KWH: Final = Decimal(1000)
_ZERO: Final = Decimal(0)
USUAL_KVA: Final = (3, 6, 9, 12, 15, 18, 24, 30, 36)
"""Those that households can subscribe in France."""


@dataclass(frozen=True, slots=True)
class PowerOption:
    """A power that could be subscribed.

    Attributes:
        power_kva: in kVA.
        over: the days on which more was used at once, in order: the meter might have tripped.
        unknown: the days of which that is not known, in order.
        monthly: its subscription, or None if the tariff has none at that power.
        saving_year: what it would save in a year beside the subscribed power, negative where it costs more; None if
            that is not known.
    """

    power_kva: int
    over: tuple[date, ...]
    unknown: tuple[date, ...]
    monthly: Decimal | None
    saving_year: Decimal | None


@dataclass(frozen=True, slots=True)
class PowerAdvice:
    """The powers of a site over some days.

    Attributes:
        site: its id.
        start: the first local day.
        end: the day after the last.
        power_kva: subscribed by the contract of the last day, else as the meter reports, or None.
        tariff: of that contract, or None.
        currency: of the tariff, or None.
        highest: the day with the highest power, and that power in VA; None if none is known.
        unknown_days: how many days have no known highest power, or one of a part of the day.
        has_three_phases: each phase has a third of the power, which is not checked.
        options: by power.
    """

    site: str
    start: date
    end: date
    power_kva: int | None
    tariff: str | None
    currency: str | None
    highest: tuple[date, int] | None
    unknown_days: int
    has_three_phases: bool
    options: tuple[PowerOption, ...]

    @property
    def days(self) -> int:
        """How many days are meant."""
        return (self.end - self.start).days

    @property
    def least_kva(self) -> int | None:
        """The lowest power that no known day exceeded, of those with a price where some have one; None if none is."""
        has_prices = any(each.monthly is not None for each in self.options)
        enough = (each for each in self.options if not each.over and (each.monthly is not None or not has_prices))
        return next((each.power_kva for each in enough), None)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What a site pays by on the last day.

    Attributes:
        tariff: of the contract, or None.
        version: of it that is in force, or None.
        power_kva: subscribed, or None.
        rows: what the days cost, which has their energy by period; None where prices of energy are the same at each
            power.
    """

    tariff: Tariff | None
    version: Version | None
    power_kva: int | None
    rows: Sequence[CostRow] | None = None


def advise(days: Sequence[date], known: Mapping[date, DayPower], subscribed: Subscribed) -> tuple[PowerOption, ...]:
    """Each power that the tariff has, and each that is usual.

    Args:
        days: local, in order.
        known: the highest powers.
        subscribed: what is paid by.
    """
    last, tariff = days[-1], subscribed.tariff
    if subscribed.version is not None and subscribed.version.power_term:  # in kW, by period
        subscribed, tariff = Subscribed(None, None, subscribed.power_kva), None
    powers = sorted({*(tariff.powers_on(last) if tariff else ()), *USUAL_KVA})
    energy = None if subscribed.rows is None else _energy_of_year(subscribed.rows)
    return tuple(_option(power, days, known, subscribed, energy) for power in powers)


def _option(
    power_kva: int,
    days: Iterable[date],
    known: Mapping[date, DayPower],
    subscribed: Subscribed,
    energy: Mapping[str, Decimal] | None,
) -> PowerOption:
    limit_va = power_kva * _VA_PER_KVA
    over, unknown = [], []
    for day in days:
        power = known.get(day)
        if power is not None and power.va > limit_va:
            over.append(day)
        elif power is None or not power.is_whole:
            unknown.append(day)
    before = _year(subscribed, subscribed.power_kva, energy)
    after = _year(subscribed, power_kva, energy)
    version = _version(subscribed, power_kva)
    return PowerOption(
        power_kva,
        tuple(over),
        tuple(unknown),
        version.monthly(power_kva) if version else None,
        None if before is None or after is None else before - after,
    )


def _version(subscribed: Subscribed, power_kva: int | None) -> Version | None:
    """The version in force at a power; the day is that of the subscribed one's."""
    tariff, version = subscribed.tariff, subscribed.version
    if tariff is None or version is None or power_kva is None or version.has_power(power_kva):
        return version
    return tariff.in_force(version.start, power_kva)


def _energy_of_year(rows: Iterable[CostRow]) -> Mapping[str, Decimal]:
    """Period → kWh of a year, as the days with a known cost have it."""
    counted: dict[str, int] = {}
    days: set[date] = set()
    for row in rows:
        if row.direction is Direction.CONSUMPTION and row.period is not None and row.amount is not None:
            counted[row.period] = counted.get(row.period, 0) + row.energy_wh
            days.add(row.day)
    return {period: energy_wh / _WH_PER_KWH * _DAYS_OF_YEAR / len(days) for period, energy_wh in counted.items()}


def _year(subscribed: Subscribed, power_kva: int | None, energy: Mapping[str, Decimal] | None) -> Decimal | None:
    """What a year costs at a power, without energy where that costs the same at each; None if it is not known."""
    version, tariff = _version(subscribed, power_kva), subscribed.tariff
    monthly = version.monthly(power_kva) if version else None
    if version is None or monthly is None or tariff is None:
        return None
    if energy is None:
        return monthly * _MONTHS
    prices = {period: version.price(power_kva, period) for period in tariff.periods}
    if not energy or any(price is None for price in prices.values()):
        return None
    used = sum((price.ttc * energy.get(period, _ZERO) for period, price in prices.items() if price), _ZERO)
    return monthly * _MONTHS + used
