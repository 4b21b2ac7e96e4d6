"""Subscriptions as a supplier bills them, some months in advance. Pure.

At every bill all days up to so many months later have been charged, those to come at the prices in force that day. A
bill charges what is charged after it and was not before; where a price, tax, power or contract has changed meanwhile,
it takes back what was charged for those days and charges them anew. So the bills of a year add up to what its days
cost.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost import Terms, VersionUsed, to_cents
from tictally_recorder.cost.bill.model import month_parts
from tictally_recorder.cost.bill.split import Monthly, monthly_ht, split_subscription
from tictally_recorder.cost.bill.supplier.model import ChargedPower, Subscription
from tictally_recorder.cost.contracts.model import Contract, Contracts
from tictally_recorder.cost.proration import daily_share, share_of_day
from tictally_recorder.tariffs.model import Direction, Price, Taxes, Version
from tictally_shared.calendar import day_bounds_ms, days_between

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
        tz: of the days.
    """

    site: str
    start: date
    end: date
    months: int
    tz: ZoneInfo


def charged_until(bill: date, months_in_advance: int) -> date:
    """The day after the last one that is charged once the days before `bill` are billed."""
    months = bill.year * _MONTHS + bill.month - 1 + months_in_advance
    year, month = months // _MONTHS, months % _MONTHS + 1
    return date(year, month, min(bill.day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class _Price:
    """By what a day is charged; two that are equal need no line.

    Attributes:
        power_kva: subscribed, or None.
        currency: of the tariff, or None.
        ht: of a month without taxes, or None.
        ttc: of a month, or None.
        taxes: of the day.
        begun: of the first day of the price.
        powers: name, kW and price of a kW and day, where powers are subscribed by period.
    """

    power_kva: int | None
    currency: str | None
    ht: Decimal | None
    ttc: Decimal | None
    taxes: Taxes
    begun: Taxes
    powers: tuple[tuple[str, Decimal, Price], ...] = ()


@dataclass(frozen=True, slots=True)
class _Charged:
    """The price of a day, or of a share of it, and whose it is."""

    price: _Price
    version: VersionUsed | None
    share: Fraction = Fraction(1)


_Days = Mapping[tuple[date, int], _Charged]
"""Day and number of its part, in order → what is charged."""


def subscriptions(advance: Advance, terms: Terms) -> tuple[Subscription, ...]:
    """What a bill has of subscriptions, in order: consumption, then injection; what it takes back first."""
    found: list[Subscription] = []
    for direction in Direction:
        before = _charged(advance, terms, direction, advance.start)
        after = _charged(advance, terms, direction, advance.end)
        days = sorted(before.keys() | after.keys())
        changed = [each for each in days if _price(before.get(each)) != _price(after.get(each))]
        found += _lines(direction, [(each[0], before[each]) for each in changed if each in before], is_credit=True)
        found += _lines(direction, [(each[0], after[each]) for each in changed if each in after], is_credit=False)
    return tuple(found)


def _price(charged: _Charged | None) -> tuple[_Price, Fraction] | None:
    return (charged.price, charged.share) if charged else None


def _charged(advance: Advance, terms: Terms, direction: Direction, bill: date) -> _Days:
    """Days from the start on that are charged once those before `bill` are billed, by what was known that day."""
    last_day = bill - _DAY
    running = terms.contracts.on(advance.site, direction, last_day)
    goes_on = running is not None and terms.contracts.on(advance.site, direction, bill) is running
    until = charged_until(bill, advance.months) if goes_on else bill
    found: dict[tuple[date, int], _Charged] = {}
    for day in days_between(advance.start, until - _DAY):
        parts = (
            [(running, Fraction(1))] if running and day > last_day else _parts(advance, terms.contracts, direction, day)
        )
        charged: list[_Charged] = []
        for contract, share in parts:
            each = _of_contract(contract, terms, min(day, bill))
            if each is not None and charged and charged[-1].price == each.price:
                charged[-1] = replace(charged[-1], share=charged[-1].share + share)
            elif each is not None:
                charged.append(replace(each, share=share))
        found |= {(day, number): each for number, each in enumerate(charged)}
    return found


def _parts(
    advance: Advance, contracts: Contracts, direction: Direction, day: date
) -> Iterator[tuple[Contract, Fraction]]:
    """The contracts of a day, and the share of it in which each holds."""
    bounds = day_bounds_ms(day, advance.tz)
    for span in contracts.spans(advance.site, direction, day, bounds):
        if span.contract is not None:
            yield span.contract, share_of_day((span.start_ms, span.end_ms), bounds)


def _of_contract(contract: Contract, terms: Terms, of_price: date) -> _Charged | None:
    """By what a day of a contract is charged, at the prices of another."""
    power, tariff = contract.power_kva, terms.tariffs.get(contract.tariff)
    version = tariff.in_force(of_price, power) if tariff else None
    ttc = version.monthly(power) if version else None
    if contract.direction is Direction.INJECTION and not ttc:
        return None
    if tariff is None or version is None:
        nothing = _Price(power, tariff.currency if tariff else None, None, None, Taxes(), Taxes())
        return _Charged(nothing, None)
    ht, taxes = monthly_ht(version, power), _of_subscription(version, of_price)
    if version.monthly_for(of_price, power, contract.powers_kw) is None:
        ht = ttc = None
    priced = contract.powers_kw.items() if version.power_term else ()
    powers = tuple((name, kw, version.power_term[name]) for name, kw in priced if ttc is not None)
    if powers and ttc == 0:
        ht = ttc
    price = _Price(power, tariff.currency, ht, ttc, taxes, _of_subscription(version, version.start), powers)
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
        shares = {day: each.share for day, each, _ in of_run}
        yield _line(direction, shares, of_run[0][1], is_credit=is_credit)


def _line(direction: Direction, shares: Mapping[date, Fraction], charged: _Charged, *, is_credit: bool) -> Subscription:
    days = list(shares)
    price, sign = charged.price, -1 if is_credit else 1
    ht = cta = ttc = None
    if price.ttc is not None:
        amount = sum((daily_share(price.ttc, day, share) for day, share in shares.items()), _ZERO)
        split = split_subscription(amount, shares, Monthly(price.ht, price.ttc, price.begun), price.taxes)
        powers_ttc = sum((each.ttc for each in _powers(price, shares)), _ZERO)
        powers_ht = [each.ht for each in _powers(price, shares)]
        if split.ht is None or split.cta is None or split.vat is None or None in powers_ht:
            ttc = sign * to_cents(amount + powers_ttc)
        else:
            of_powers = sum((each for each in powers_ht if each is not None), _ZERO)
            ht, cta = sign * (to_cents(split.ht) + of_powers), sign * split.cta
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
        months=month_parts(shares),
        is_credit=is_credit,
        cta=cta,
        cta_share=price.taxes.cta_share,
        version=charged.version,
        powers=_powers(price, shares),
    )


def _powers(price: _Price, shares: Mapping[date, Fraction]) -> tuple[ChargedPower, ...]:
    """What each power by period costs, each rounded to cents as suppliers list them."""
    days = sum(shares.values(), Fraction())
    return tuple(
        ChargedPower(
            name,
            kw,
            days,
            each.ht,
            None if each.ht is None else to_cents(kw * each.ht * days.numerator / days.denominator),
            kw * each.ttc * days.numerator / days.denominator,
        )
        for name, kw, each in price.powers
    )
