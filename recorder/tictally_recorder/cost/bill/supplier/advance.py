"""Subscriptions as a supplier bills them, some months in advance. Pure.

At every bill all days up to so many months later have been charged, those to come at the prices in force that day. A
bill charges what is charged after it and was not before; where a price, tax, power or contract has changed meanwhile,
it takes back what was charged for those days and charges them anew. So the bills of a year add up to what its days
cost.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Final

from tictally_recorder.cost import Terms, VersionUsed, to_cents
from tictally_recorder.cost.bill.model import MonthPart
from tictally_recorder.cost.bill.split import Monthly, monthly_ht, split_subscription
from tictally_recorder.cost.bill.supplier.model import Subscription
from tictally_recorder.cost.proration import daily_share, days_of_month
from tictally_recorder.tariffs.model import Direction, Taxes, Version
from tictally_shared.calendar import days_between

_ZERO: Final = Decimal(0)
_DAY: Final = timedelta(days=1)
_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Advance:
    """A bill's days, and how far ahead its subscription goes.

    Attributes:
        site: its id.
        start: the bill's first day; an earlier bill has charged what lies before it.
        end: the day after its last.
        months: in advance; 0 in arrears.
    """

    site: str
    start: date
    end: date
    months: int

    def charged_until(self, bill: date) -> date:
        """The day after the last one that is charged once the days before `bill` are billed."""
        months = bill.year * _MONTHS + bill.month - 1 + self.months
        year, month = months // _MONTHS, months % _MONTHS + 1
        return date(year, month, min(bill.day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class _Price:
    """By what a day is charged; two that are equal need no line."""

    power_kva: int | None
    currency: str | None
    ht: Decimal | None
    ttc: Decimal | None
    taxes: Taxes
    begun: Taxes


@dataclass(frozen=True, slots=True)
class _Charged:
    """A day's price, and whose it is."""

    price: _Price
    version: VersionUsed | None


def subscriptions(advance: Advance, terms: Terms) -> tuple[Subscription, ...]:
    """What a bill has of subscriptions, in order: consumption, then injection; what it takes back first."""
    found: list[Subscription] = []
    for direction in Direction:
        before = _charged(advance, terms, direction, advance.start)
        after = _charged(advance, terms, direction, advance.end)
        days = sorted(before.keys() | after.keys())
        changed = [day for day in days if _price(before.get(day)) != _price(after.get(day))]
        found += _lines(direction, [(day, before[day]) for day in changed if day in before], is_credit=True)
        found += _lines(direction, [(day, after[day]) for day in changed if day in after], is_credit=False)
    return tuple(found)


def _price(charged: _Charged | None) -> _Price | None:
    return charged.price if charged else None


def _charged(advance: Advance, terms: Terms, direction: Direction, bill: date) -> Mapping[date, _Charged]:
    """Days from the start on that are charged once those before `bill` are billed, by what was known that day."""
    last_day = bill - _DAY
    running = terms.contracts.on(advance.site, direction, last_day)
    goes_on = running is not None and terms.contracts.on(advance.site, direction, bill) is running
    until = advance.charged_until(bill) if goes_on else bill
    found = {}
    for day in days_between(advance.start, until - _DAY):
        charged = _of_day(advance.site, terms, direction, (day, min(day, last_day), min(day, bill)))
        if charged is not None:
            found[day] = charged
    return found


def _of_day(site: str, terms: Terms, direction: Direction, known: tuple[date, date, date]) -> _Charged | None:
    """By what a day is charged.

    Args:
        site: its id.
        terms: contracts and tariffs.
        direction: of the contract.
        known: the day, that whose contract is known, and that whose price is known.
    """
    _, of_contract, of_price = known
    contract = terms.contracts.on(site, direction, of_contract)
    if contract is None:
        return None
    power, tariff = contract.power_kva, terms.tariffs.get(contract.tariff)
    version = tariff.in_force(of_price, power) if tariff else None
    ttc = version.monthly(power) if version else None
    if direction is Direction.INJECTION and not ttc:
        return None
    if tariff is None or version is None:
        nothing = _Price(power, tariff.currency if tariff else None, None, None, Taxes(), Taxes())
        return _Charged(nothing, None)
    ht, taxes = monthly_ht(version, power), _of_subscription(version, of_price)
    price = _Price(power, tariff.currency, ht, ttc, taxes, _of_subscription(version, version.start))
    return _Charged(price, VersionUsed.of(version, None, power))


def _of_subscription(version: Version, day: date) -> Taxes:
    """The taxes of a subscription alone: another accise changes nothing of it."""
    taxes = version.taxes_on(day)
    return Taxes(cta_share=taxes.cta_share, vat_subscription=taxes.vat_subscription)


def _lines(direction: Direction, days: Sequence[tuple[date, _Charged]], *, is_credit: bool) -> Iterator[Subscription]:
    """A line for each run of days at one price."""
    numbered = ((day, charged, day.toordinal() - number) for number, (day, charged) in enumerate(days))
    for _, run in groupby(numbered, key=lambda each: (each[1].price, each[2])):
        of_run = list(run)
        yield _line(direction, [day for day, _, _ in of_run], of_run[0][1], is_credit=is_credit)


def _line(direction: Direction, days: Sequence[date], charged: _Charged, *, is_credit: bool) -> Subscription:
    price, sign = charged.price, -1 if is_credit else 1
    ht = cta = ttc = None
    if price.ttc is not None:
        amount = sum((daily_share(price.ttc, day) for day in days), _ZERO)
        split = split_subscription(amount, days, Monthly(price.ht, price.ttc, price.begun), price.taxes)
        if split.ht is None or split.cta is None or split.vat is None:
            ttc = sign * to_cents(amount)
        else:
            ht, cta = sign * to_cents(split.ht), sign * split.cta
    return Subscription(
        direction=direction,
        first=days[0],
        end=days[-1] + _DAY,
        price_ht=price.ht,
        price=price.ttc,
        vat_rate=price.taxes.vat_subscription,
        currency=price.currency,
        ht=ht,
        ttc=ttc,
        power_kva=price.power_kva,
        months=tuple(
            MonthPart(month, len(list(of_month)), days_of_month(month))
            for month, of_month in groupby(days, key=lambda day: day.replace(day=1))
        ),
        is_credit=is_credit,
        cta=cta,
        cta_share=price.taxes.cta_share,
        version=charged.version,
    )
