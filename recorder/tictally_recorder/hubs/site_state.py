"""A site's figures as its topics have them. Pure: rows of cost, contract and tariff in, strings out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Self

from tictally_recorder.cost.aggregation import reasons_of
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.model import CostRow, Quality, Terms
from tictally_recorder.cost.proration import to_cents
from tictally_recorder.cost.standby import Trend, YearCost
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.model import Direction, Tariff, Version
from tictally_recorder.translations import ENGLISH
from tictally_shared.catalogue import Catalogue

NOTHING: Final = "none"
TODAY, YESTERDAY, MONTH, TOTAL = "cost_today", "cost_yesterday", "cost_month", "cost_total"
INCOME_TODAY, INCOME_MONTH, INCOME_TOTAL = "income_today", "income_month", "income_total"
PRICE, PERIOD, SUBSCRIPTION = "price", "period", "subscription"
TARIFF, TARIFF_AGE, CURRENCY = "tariff", "tariff_age", "currency"
QUALITY, REASON = "quality", "reason"
PRICE_INJECTION: Final = "price_injection"
STANDBY, STANDBY_TREND, STANDBY_COST_YEAR = "standby", "standby_trend", "standby_cost_year"
STANDBY_NAMES: Final = (STANDBY, STANDBY_TREND, STANDBY_COST_YEAR)
_OF_CONSUMPTION: Final = (TODAY, YESTERDAY, MONTH, TOTAL, PRICE, PERIOD, SUBSCRIPTION)
CONSUMPTION_NAMES: Final = (*_OF_CONSUMPTION, TARIFF, TARIFF_AGE, CURRENCY, QUALITY, REASON)
INJECTION_NAMES: Final = (INCOME_TODAY, INCOME_MONTH, INCOME_TOTAL, PRICE_INJECTION)
_GRAVITY: Final = tuple(Quality)


@dataclass(frozen=True, slots=True)
class CurrentSite:
    """A site now.

    Attributes:
        site: its id.
        today: local.
        now_ms: milliseconds since 1970.
        period: that the meter counts in, by its alias or its own name, or None.
        problem: why nothing can be priced, or None.
        since: the local day of the site's first frame, or None if that is not known.
    """

    site: str
    today: date
    now_ms: int
    period: str | None
    problem: Reason | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True)
class AppliedTariff:
    """The contract and tariff version of a day, for one direction."""

    contract: Contract
    tariff: Tariff
    version: Version

    def price(self, terms: Terms, period: str | None, now_ms: int) -> Decimal | None:
        """Of a kWh now, or None if it is not known."""
        if self.tariff.series:
            series = terms.series.get(self.tariff.id)
            return None if series is None else series.price(now_ms)
        price = None if period is None else self.version.price(self.contract.power_kva, period)
        return None if price is None else price.ttc

    @property
    def has_colours(self) -> bool:
        """True if its periods depend on the colours of days."""
        return self.tariff.division is not None and self.tariff.division.has_colours

    def period(self, counted: str | None) -> str | None:
        """The tariff's period, where the meter counts in one of them."""
        if len(self.tariff.periods) == 1:
            return self.tariff.periods[0]
        return counted if counted in self.tariff.periods else None


def standby_figures(found: Trend | None, year: YearCost | None) -> dict[str, str]:
    """The figures of base load, by the last level of their topics.

    Args:
        found: the newest nights beside those before, or None if no night is known.
        year: what the newest nights' load costs a year, or None if that is unknown.
    """
    change = found.change_since(found.before) if found else None
    amount = year.amount if year else None
    values = {
        STANDBY: None if found is None else str(found.last.va),
        STANDBY_TREND: None if change is None else str(change),
        STANDBY_COST_YEAR: None if amount is None else f"{to_cents(amount):f}",
    }
    return {name: NOTHING if text is None else text for name, text in values.items()}


def site_figures(
    current: CurrentSite,
    rows: Sequence[CostRow],
    before: Mapping[Direction, Decimal],
    terms: Terms | None,
    words: Catalogue = ENGLISH,
) -> dict[str, str]:
    """Topic's last level → payload; `none` stands for what is not known.

    Amounts are in the contract's currency, taxes included: of consumption with its subscription, and apart from it
    the income of what was injected, where there is a contract for it. A sum of which a part is unknown is unknown;
    only totals are of all that is known. A site that only injects has no figures of consumption.

    Args:
        current: site and time.
        rows: of this month's days and of yesterday, as far as they have been computed.
        before: the sum of all known amounts in the contract's currency but today's.
        terms: contracts and tariffs, or None while they cannot be used.
        words: in which the reason is written.
    """
    values: dict[str, str | None] = dict.fromkeys(CONSUMPTION_NAMES)
    consumption, injection = (
        applied_tariff(current.site, direction, current.today, terms, current.now_ms) for direction in Direction
    )
    days = _Days.of(rows, current)
    values[QUALITY] = str(_quality(current, days.today))
    values[REASON] = "; ".join(map(words.phrase, reasons_today(current, rows))) or None
    if current.problem is None:
        currency = consumption.tariff.currency if consumption else None
        values[TODAY], values[YESTERDAY], values[MONTH] = (
            _sum(each, Direction.CONSUMPTION, currency) for each in (days.today, days.yesterday, days.month)
        )
    if consumption and terms:
        values |= _of_contract(consumption, current, terms)
        values[TOTAL] = _total(days.today, Direction.CONSUMPTION, before)
    if injection and terms:
        if consumption is None:
            values |= _of_tariff(injection, current)
            if not any(row.direction is Direction.CONSUMPTION for row in rows):
                values = {name: text for name, text in values.items() if name not in _OF_CONSUMPTION}
        price = injection.price(terms, injection.period(None), current.now_ms)
        values |= {
            PRICE_INJECTION: None if price is None else f"{price:f}",
            INCOME_TODAY: _sum(days.today, Direction.INJECTION, injection.tariff.currency),
            INCOME_MONTH: _sum(days.month, Direction.INJECTION, injection.tariff.currency),
            INCOME_TOTAL: _total(days.today, Direction.INJECTION, before),
        }
    return {name: NOTHING if text is None else text for name, text in values.items()}


def reasons_today(current: CurrentSite, rows: Sequence[CostRow]) -> list[Reason]:
    """Why today's cost is unknown or provisional; none if it is known.

    Args:
        current: site and time.
        rows: of today, others are left out.
    """
    if current.problem is not None:
        return [current.problem]
    today = [row for row in rows if row.day == current.today]
    return [dated.reason for dated in reasons_of(today)] if today else [Reason(ReasonCode.NO_FRAMES)]


def applied_tariff(
    site: str, direction: Direction, day: date, terms: Terms | None, time_ms: int | None = None
) -> AppliedTariff | None:
    """The tariff of a site on a local day, or at a moment of it; None if no version of a tariff holds."""
    contract = _contract(site, direction, day, terms, time_ms)
    tariff = terms.tariffs.get(contract.tariff) if terms and contract else None
    version = tariff.in_force(day, contract.power_kva) if contract and tariff else None
    return AppliedTariff(contract, tariff, version) if contract and tariff and version else None


def period_aliases(site: str, day: date, terms: Terms | None, time_ms: int) -> Mapping[str, str]:
    """The meter's names for the tariff's periods, by the contract of a moment of a local day; empty without one."""
    contract = _contract(site, Direction.CONSUMPTION, day, terms, time_ms)
    return contract.aliases if contract else {}


def _contract(site: str, direction: Direction, day: date, terms: Terms | None, time_ms: int | None) -> Contract | None:
    if terms is None:
        return None
    contracts = terms.contracts
    return contracts.on(site, direction, day) if time_ms is None else contracts.at(site, direction, day, time_ms)


@dataclass(frozen=True, slots=True)
class _Days:
    today: list[CostRow]
    yesterday: list[CostRow]
    month: list[CostRow]

    @classmethod
    def of(cls, rows: Sequence[CostRow], current: CurrentSite) -> Self:
        """The month has no rows where one of its days before today is yet to be computed, or had no frames."""
        today = current.today
        yesterday, first = today - timedelta(days=1), today.replace(day=1)
        since = max(first, current.since or first)
        missing = {since + timedelta(days=n) for n in range((today - since).days)} - {row.day for row in rows}
        return cls(
            [row for row in rows if row.day == today],
            [row for row in rows if row.day == yesterday],
            [] if missing else [row for row in rows if row.day >= first],
        )


def _of_contract(paid: AppliedTariff, current: CurrentSite, terms: Terms) -> Mapping[str, str | None]:
    period = paid.period(current.period)
    price = paid.price(terms, period, current.now_ms)
    monthly = paid.version.monthly_for(current.today, paid.contract.power_kva, paid.contract.powers_kw)
    return {
        PERIOD: period,
        PRICE: None if price is None else f"{price:f}",
        SUBSCRIPTION: None if monthly is None else f"{monthly:f}",
        **_of_tariff(paid, current),
    }


def _of_tariff(paid: AppliedTariff, current: CurrentSite) -> Mapping[str, str]:
    return {
        TARIFF: paid.version.id,
        TARIFF_AGE: str((current.today - paid.version.start).days),
        CURRENCY: paid.tariff.currency,
    }


def _sum(rows: Sequence[CostRow], direction: Direction, currency: str | None) -> str | None:
    """Unknown where a part is unknown, or in another currency than the sum."""
    amounts = list(_amounts(rows, direction))
    known = [amount for amount in amounts if amount is not None]
    currencies = {currency} if currency else set()
    if len(currencies.union(row.currency for row in rows if row.direction is direction)) > 1:
        return None
    return _cents(sum(known, Decimal(0)), direction) if amounts and len(known) == len(amounts) else None


def _total(today: Iterable[CostRow], direction: Direction, before: Mapping[Direction, Decimal]) -> str:
    known = (amount for amount in _amounts(today, direction) if amount is not None)
    return _cents(sum(known, before.get(direction, Decimal(0))), direction)


def _cents(amount: Decimal, direction: Direction) -> str:
    """An amount in the currency, rounded to cents; income is positive."""
    return f"{to_cents(amount if direction is Direction.CONSUMPTION else -amount) + 0:f}"


def _amounts(rows: Iterable[CostRow], direction: Direction) -> Iterator[Decimal | None]:
    for row in rows:
        if row.direction is direction:
            yield row.amount


def _quality(current: CurrentSite, today: Sequence[CostRow]) -> Quality:
    if current.problem is not None or not today:
        return Quality.UNKNOWN
    return max((row.quality for row in today), key=_GRAVITY.index)
