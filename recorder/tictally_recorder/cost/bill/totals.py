"""Sums of a bill's lines: taxes, the balance of what can be taken apart, and the total. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from tictally_recorder.cost import to_cents
from tictally_recorder.cost.bill.model import Balance, BillLine, Split, Tax, TaxKind, Total


def cents(amount: Decimal) -> str:
    """Rounded to whole cents: `15.36`; a trace below nothing is `0.00`."""
    return str(to_cents(amount) + 0)  # plus zero takes the sign off a zero


_ZERO: Final = Decimal(0)


def totals_of(lines: Sequence[BillLine]) -> tuple[Total, ...]:
    """By currency, in order of appearance; what has no amount is in none."""
    known = [line for line in lines if line.amount is not None and line.currency is not None]
    return tuple(
        _total(currency, [line for line in known if line.currency == currency])
        for currency in dict.fromkeys(line.currency for line in known if line.currency)
    )


def _total(currency: str, lines: Sequence[BillLine]) -> Total:
    paid = [(line, line.split) for line in lines if line.split]
    whole = [(line, split) for line, split in paid if split.difference is not None]
    return Total(
        currency,
        _taxes(paid),
        _balance(whole) if whole else None,
        _sum(line.amount for line, split in paid if split.difference is None),
        _sum(line.amount for line in lines if line.is_income),
        _sum(line.amount for line in lines if line.is_lump_sum),
        _sum(line.amount for line in lines),
    )


def _taxes(paid: Iterable[tuple[BillLine, Split]]) -> tuple[Tax, ...]:
    found: dict[tuple[TaxKind, Decimal], Tax] = {}
    for line, split in paid:
        for kind, rate, amount in (
            (TaxKind.ACCISE, split.accise_rate, split.accise),
            (TaxKind.CTA, split.cta_share, split.cta),
            (TaxKind.VAT, split.vat_rate, split.vat),
        ):
            if rate is None or amount is None:
                continue
            before = found.get((kind, rate), Tax(kind, rate, 0, _ZERO, _ZERO))
            found[kind, rate] = Tax(
                kind,
                rate,
                before.energy_wh + (line.energy_wh if kind is TaxKind.ACCISE else 0),
                before.included_in + (line.amount or _ZERO),
                before.amount + amount,
            )
    order = list(TaxKind)
    return tuple(sorted(found.values(), key=lambda tax: order.index(tax.kind)))


def _balance(whole: Sequence[tuple[BillLine, Split]]) -> Balance:
    splits = [split for _, split in whole]
    energy = [split for line, split in whole if line.period is not None]
    subscriptions = [split for line, split in whole if line.period is None]
    return Balance(
        ht_energy=_sum(split.ht for split in energy) if energy else None,
        ht_subscription=_sum(split.ht for split in subscriptions) if subscriptions else None,
        accise=_sum(split.accise for split in energy) if energy else None,
        cta=_sum(split.cta for split in subscriptions) if subscriptions else None,
        vat=_sum(split.vat for split in splits),
        rounding=_sum(split.difference for split in splits if split.fits),
        unexplained=_sum(split.difference for split in splits if not split.fits),
        ttc=_sum(line.amount for line, _ in whole),
    )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), _ZERO)
