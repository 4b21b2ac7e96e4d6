"""A supplier's bill from a bill, its readings and subscriptions: each line rounded to cents, then added up. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost import to_cents
from tictally_recorder.cost.bill.model import Bill, BillLine, TaxKind
from tictally_recorder.cost.bill.supplier.model import (
    Charge,
    Contribution,
    EnergyCharge,
    Reading,
    Subscription,
    SupplierBill,
    SupplierTotal,
    Vat,
)
from tictally_recorder.cost.bill.supplier.readings import kwh_of
from tictally_recorder.cost.model import UNMETERED
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import midnight_ms

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Billed:
    """What a supplier's bill is made of.

    Attributes:
        bill: of the same days.
        readings: of the registers.
        subscriptions: that it charges and takes back.
        months_in_advance: of them.
        tz: whose days are meant.
    """

    bill: Bill
    readings: Sequence[Reading]
    subscriptions: Sequence[Subscription]
    months_in_advance: int
    tz: ZoneInfo


def supplier_bill(billed: Billed) -> SupplierBill:
    """The bill as a supplier lays it out."""
    bill, subscriptions = billed.bill, tuple(billed.subscriptions)
    of_energy = [line for line in bill.lines if line.period not in {None, UNMETERED} and not line.is_lump_sum]
    energy = tuple(_energy(line, billed) for line in of_energy)
    contributions = (*_cta(subscriptions), *_accise(energy))
    charges: list[Charge] = [*subscriptions, *energy]
    lump_sums = [line for line in bill.lines if line.is_lump_sum]
    currencies = dict.fromkeys(
        (
            *(each.currency for each in charges if each.is_known),
            *(each.currency for each in lump_sums if each.amount is not None),
        )
    )
    used = dict.fromkeys(each.version for each in subscriptions if each.version)
    return SupplierBill(
        billed.months_in_advance,
        tuple(billed.readings),
        subscriptions,
        energy,
        contributions,
        tuple(_total(currency, charges, contributions, lump_sums) for currency in currencies if currency),
        tuple(dict.fromkeys((*bill.versions, *used))),
    )


def _energy(line: BillLine, billed: Billed) -> EnergyCharge:
    tz = billed.tz
    kwh = kwh_of(line, (midnight_ms(line.first, tz), midnight_ms(line.end, tz)), billed.readings)
    split = line.split
    accise_rate = vat_rate = ht = ttc = None
    if split and line.price_ht is not None and split.accise_rate is not None and split.vat_rate is not None:
        accise_rate, vat_rate = split.accise_rate, split.vat_rate
        ht = to_cents(kwh * line.price_ht)
    elif line.amount is not None:
        sign = -1 if line.is_income else 1
        ttc = to_cents(line.amount if line.price is None else sign * kwh * line.price)
    return EnergyCharge(
        direction=line.direction,
        first=line.first,
        end=line.end,
        price_ht=line.price_ht,
        price=line.price,
        vat_rate=vat_rate,
        currency=line.currency,
        ht=ht,
        ttc=ttc,
        period=line.period or "",
        kwh=kwh,
        accise_rate=accise_rate,
    )


def _cta(subscriptions: Iterable[Subscription]) -> list[Contribution]:
    """By rate, and apart where an earlier bill's is taken back."""
    sums: dict[tuple[str, Decimal, Decimal, bool], Decimal] = {}
    for each in subscriptions:
        if each.cta and each.cta_share and each.vat_rate is not None and each.currency is not None:
            key = each.currency, each.cta_share, each.vat_rate, each.is_credit
            sums[key] = sums.get(key, _ZERO) + each.cta
    return [
        Contribution(TaxKind.CTA, cta / share, share, vat_rate, currency, to_cents(cta))
        for (currency, share, vat_rate, _), cta in sums.items()
    ]


def _accise(energy: Iterable[EnergyCharge]) -> list[Contribution]:
    sums: dict[tuple[str, Decimal, Decimal], int] = {}
    for each in energy:
        if each.accise_rate and each.vat_rate is not None and each.currency is not None:
            key = each.currency, each.accise_rate, each.vat_rate
            sums[key] = sums.get(key, 0) + each.kwh
    return [
        Contribution(TaxKind.ACCISE, Decimal(kwh), rate, vat_rate, currency, to_cents(kwh * rate))
        for (currency, rate, vat_rate), kwh in sums.items()
    ]


def _total(
    currency: str, charges: Iterable[Charge], contributions: Iterable[Contribution], lump_sums: Iterable[BillLine]
) -> SupplierTotal:
    own = [each for each in charges if each.currency == currency]
    taxed = [(each.vat_rate, each.ht) for each in own if each.vat_rate is not None and each.ht is not None]
    taxed += [(each.vat_rate, each.ht) for each in contributions if each.currency == currency]
    bases: dict[Decimal, Decimal] = {}
    for rate, ht in taxed:
        bases[rate] = bases.get(rate, _ZERO) + ht
    # Of a line without an amount before taxes the one with them counts, and no VAT is taken from it.
    whole = [(each, each.ttc) for each in own if each.ttc is not None]
    is_income = [isinstance(each, EnergyCharge) and each.direction is Direction.INJECTION for each, _ in whole]
    return SupplierTotal(
        currency,
        sum((ht for _, ht in taxed), _ZERO),
        tuple(Vat(rate, base, to_cents(base * rate)) for rate, base in sorted(bases.items())),
        sum((ttc for (_, ttc), income in zip(whole, is_income, strict=True) if not income), _ZERO),
        sum((ttc for (_, ttc), income in zip(whole, is_income, strict=True) if income), _ZERO),
        sum(
            (to_cents(each.amount) for each in lump_sums if each.amount is not None and each.currency == currency),
            _ZERO,
        ),
    )
