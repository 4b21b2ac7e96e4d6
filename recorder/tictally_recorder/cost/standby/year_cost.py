"""What a base load costs a year, at the prices of one day. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost import Terms
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.reasons import no_price, provisional_reason
from tictally_recorder.cost.standby.period_shares import (
    CountedSpan,
    UnknownSharesError,
    counts_periods,
    shares,
    shares_by_rules,
)
from tictally_recorder.reason import Parameter, Reason, ReasonCode
from tictally_recorder.tariffs.model import Direction, Tariff, Version
from tictally_recorder.tariffs.period_rules import DayTerms
from tictally_recorder.tariffs.series import Series
from tictally_shared.calendar import days_between, midnight_ms

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
        amount: not rounded; None if it is unknown.
        currency: ISO 4217, or None if no tariff is known.
        price: of a kWh, the mean over the time of a year; None if it is unknown.
        version: of the tariff, or None.
        shares: period → its share of time, by which that mean is made; empty for a price series.
        reason: why the amount is unknown or provisional, else None.
    """

    va: int
    amount: Decimal | None = None
    currency: str | None = None
    price: Decimal | None = None
    version: str | None = None
    shares: Mapping[str, Decimal] = field(default_factory=dict)
    reason: Reason | None = None


def year_before(day: date) -> tuple[date, date]:
    """The 365 local days that end with a day: the first, and the one after the last."""
    return day - timedelta(days=_DAYS - 1), day + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LoadQuery:
    """What a load costs a year.

    Attributes:
        va: the load.
        day: local; contract and prices are those of that day.
        tz: of the days.
    """

    va: int
    day: date
    tz: ZoneInfo


def year_cost(query: LoadQuery, site: str, terms: Terms, spans: Sequence[CountedSpan]) -> YearCost:
    """What a load costs a year by a site's contract.

    Args:
        query: load and day.
        site: its id.
        terms: contracts and tariffs.
        spans: the spans that the site's meters reported in `year_before` that day, on that contract, in order.
    """
    va, day = query.va, query.day
    contract = terms.contracts.on(site, Direction.CONSUMPTION, day)
    if contract is None:
        return YearCost(va, reason=terms.contracts.why_none(site, Direction.CONSUMPTION, day))
    tariff = terms.tariffs.get(contract.tariff)
    if tariff is None:
        return YearCost(va, reason=terms.why_no_tariff(contract))
    version = tariff.in_force(day, contract.power_kva)
    if version is None:
        return YearCost(va, currency=tariff.currency, reason=Reason(ReasonCode.NO_VERSION, {"tariff": tariff.id}))
    divided: Mapping[str, Decimal] = {}
    try:
        if tariff.series:
            price = _mean_of(tariff, terms.series.get(tariff.id), day, query.tz)
        else:
            divided = _divided(tariff, spans, contract, day, terms)
            price = _mean(version, contract, divided)
    except UnknownSharesError as error:
        return YearCost(va, currency=tariff.currency, version=version.id, reason=error.reason)
    return YearCost(
        va,
        va * HOURS * price / _VA_PER_KW,
        tariff.currency,
        price,
        version.id,
        divided,
        provisional_reason(tariff, contract.power_kva, day),
    )


def _divided(
    tariff: Tariff, spans: Sequence[CountedSpan], contract: Contract, day: date, terms: Terms
) -> dict[str, Decimal]:
    if len(tariff.periods) == 1:
        return {tariff.periods[0]: Decimal(1)}
    rules = tariff.rules
    if rules is None or counts_periods(tariff, spans, contract.aliases):
        return shares(tariff, spans, contract.aliases)
    first, end = year_before(day)
    year = days_between(first, end - timedelta(days=1))
    return shares_by_rules(rules, year, contract, DayTerms(contract.chosen_weekday, terms.colours))


def _mean(version: Version, contract: Contract, divided: Mapping[str, Decimal]) -> Decimal:
    mean = Decimal(0)
    for period, share in divided.items():
        price = version.price(contract.power_kva, period)
        if price is None:
            raise UnknownSharesError(no_price(version, period, contract.power_kva))
        mean += share * price.ttc
    return mean


def _mean_of(tariff: Tariff, series: Series | None, day: date, tz: ZoneInfo) -> Decimal:
    if series is None:
        raise UnknownSharesError(Reason(ReasonCode.NO_SERIES, {"tariff": tariff.id}))
    start_ms, end_ms = (midnight_ms(each, tz) for each in year_before(day))
    total_ms, sum_of_prices = 0, Decimal(0)
    for step in series.steps:
        length_ms = min(step.end_ms, end_ms) - max(step.start_ms, start_ms)
        if length_ms > 0:
            total_ms += length_ms
            sum_of_prices += step.price * length_ms
    if not total_ms:
        about: dict[str, Parameter] = {"tariff": tariff.id, "days": _DAYS, "day": str(day)}
        raise UnknownSharesError(Reason(ReasonCode.NO_PRICE_IN_DAYS, about))
    return sum_of_prices / total_ms
