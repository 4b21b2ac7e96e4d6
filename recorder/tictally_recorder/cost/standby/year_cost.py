"""What a base load costs a year, at the prices of one day. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost import Terms
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.standby.period_shares import NotKnownError, Told, shares
from tictally_recorder.tariffs.model import Direction, Tariff, Version
from tictally_recorder.tariffs.series import Series
from tictally_shared.calendar import local_midnight

HOURS: Final = 8760
"""Of a year of 365 days."""

_DAYS: Final = 365
_VA_PER_KW: Final = 1000
"""As if each VA were a W, which is the most that it can be."""


@dataclass(frozen=True, slots=True)
class YearCost:
    """What a load that never ends costs a year, taxes included, without subscription, which is paid anyway.

    Attributes:
        va: the load.
        amount: not rounded; None where it is unknown.
        currency: ISO 4217, or None where no price list is known.
        price: of a kWh, the mean over the time of a year; None where it is unknown.
        version: of the price list, or None.
        shares: period → its share of time, by which that mean is made; empty for a price series.
        reason: a sentence where the amount is unknown or a revision of the list is overdue, else None.
    """

    va: int
    amount: Decimal | None = None
    currency: str | None = None
    price: Decimal | None = None
    version: str | None = None
    shares: Mapping[str, Decimal] = field(default_factory=dict)
    reason: str | None = None


def year_before(day: date) -> tuple[date, date]:
    """The 365 local days that end with a day: the first, and the one after the last."""
    return day - timedelta(days=_DAYS - 1), day + timedelta(days=1)


def year_cost(  # noqa: PLR0913, PLR0917 - a question has this many parts
    va: int, site: str, day: date, terms: Terms, told: Sequence[Told], tz: ZoneInfo
) -> YearCost:
    """What a load costs a year by a site's contract.

    Args:
        va: the load.
        site: its id.
        day: local; contract and prices are those of that day.
        terms: contracts and price lists.
        told: what the site's meters told in `year_before` that day, on that contract; in order of time.
        tz: of the days.
    """
    contract = terms.contracts.on(site, Direction.CONSUMPTION, day)
    if contract is None:
        return YearCost(va, reason=f"there is no contract for {day}")
    tariff = terms.tariffs.get(contract.tariff)
    if tariff is None:
        return YearCost(va, reason=f"there is no tariff {contract.tariff!r}")
    version = tariff.on(day)
    if version is None:
        return YearCost(va, currency=tariff.currency, reason=f"{tariff.id} has no version for {day}")
    divided: Mapping[str, Decimal] = {}
    try:
        if tariff.series:
            price = _mean_of(tariff, terms.series.get(tariff.id), day, tz)
        else:
            divided = _divided(tariff, told, contract)
            price = _mean(version, contract, divided)
    except NotKnownError as error:
        return YearCost(va, currency=tariff.currency, version=version.id, reason=str(error))
    due = tariff.overdue_since(day)
    return YearCost(
        va,
        va * HOURS * price / _VA_PER_KW,
        tariff.currency,
        price,
        version.id,
        divided,
        f"a revision was due on {due}, and {version.id} is the newest known" if due else None,
    )


def _divided(tariff: Tariff, told: Sequence[Told], contract: Contract) -> dict[str, Decimal]:
    if len(tariff.periods) == 1:
        return {tariff.periods[0]: Decimal(1)}
    return shares(tariff, told, contract.aliases)


def _mean(version: Version, contract: Contract, divided: Mapping[str, Decimal]) -> Decimal:
    mean = Decimal(0)
    for period, share in divided.items():
        price = version.price(contract.power_kva, period)
        if price is None:
            at = f" at {contract.power_kva} kVA" if contract.power_kva else ""
            raise NotKnownError(f"{version.id} has no price of {period}{at}")
        mean += share * price.ttc
    return mean


def _mean_of(tariff: Tariff, series: Series | None, day: date, tz: ZoneInfo) -> Decimal:
    if series is None:
        raise NotKnownError(f"the prices of {tariff.id} are missing")
    start_ms, end_ms = (int(local_midnight(each, tz).timestamp()) * 1000 for each in year_before(day))
    total_ms, sum_of_prices = 0, Decimal(0)
    for step in series.steps:
        length_ms = min(step.end_ms, end_ms) - max(step.start_ms, start_ms)
        if length_ms > 0:
            total_ms += length_ms
            sum_of_prices += step.price * length_ms
    if not total_ms:
        raise NotKnownError(f"{tariff.id} has no price in the {_DAYS} days to {day}")
    return sum_of_prices / total_ms
