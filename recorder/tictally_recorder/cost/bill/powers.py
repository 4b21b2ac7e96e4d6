"""What each power by period, in kW, is of a bill's subscriptions. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from tictally_recorder.cost import Terms
from tictally_recorder.cost.bill.model import Bill, BillLine, PowerPart
from tictally_recorder.cost.bill.split import Monthly, monthly_ht, split_subscription
from tictally_recorder.cost.bill.totals import totals_of
from tictally_recorder.cost.contracts.model import Contract
from tictally_recorder.cost.proration import days_of_month
from tictally_recorder.tariffs.model import Version

_ZERO: Final = Decimal(0)


def with_powers(bill: Bill, terms: Terms) -> Bill:
    """A bill whose subscriptions by several powers have the part of each, and their price without taxes.

    Args:
        bill: of a site.
        terms: by which it was made.
    """
    lines = [_with_powers(bill, line, terms) for line in bill.lines]
    return bill if lines == [*bill.lines] else replace(bill, lines=tuple(lines), totals=totals_of(lines))


def _with_powers(bill: Bill, line: BillLine, terms: Terms) -> BillLine:
    if line.period is not None or line.amount is None or line.version is None:
        return line
    for contract in terms.contracts.touching(bill.site, line.direction, line.first):
        tariff = terms.tariffs.get(contract.tariff)
        version = tariff.in_force(line.first, contract.power_kva) if tariff else None
        if version is not None and version.id == line.version.id and version.power_term:
            return _of_version(line, contract, version)
    return line


def _of_version(line: BillLine, contract: Contract, version: Version) -> BillLine:
    days = sum((part.days for part in line.months), Fraction())
    powers = tuple(
        PowerPart(name, kw, price.ttc, days, kw * price.ttc * days.numerator / days.denominator)
        for name, kw in contract.powers_kw.items()
        if (price := version.power_term.get(name)) is not None
    )
    price_ht = _monthly_ht(contract, version, days_of_month(line.first))
    taxes, begun = version.taxes_on(line.first), version.taxes_on(version.start)
    shares = {part.month: part.days for part in line.months}
    split = split_subscription(line.amount or _ZERO, shares, Monthly(price_ht, line.price, begun), taxes)
    return replace(line, powers=powers, price_ht=price_ht, split=split)


def _monthly_ht(contract: Contract, version: Version, days: int) -> Decimal | None:
    """The price without taxes of a month of so many days, or None if it is not known."""
    fixed = monthly_ht(version, contract.power_kva)
    if fixed is None and version.monthly(contract.power_kva) == 0:
        fixed = _ZERO
    daily = _sum(
        None if (price := version.power_term.get(name)) is None or price.ht is None else kw * price.ht
        for name, kw in contract.powers_kw.items()
    )
    return None if fixed is None or daily is None else (fixed + days * daily).normalize() + 0


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    found = [*amounts]
    return None if None in found else sum((each for each in found if each is not None), _ZERO)
