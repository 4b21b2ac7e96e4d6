"""What an amount with taxes is made of. Pure; nothing is assumed that the tariff does not state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from tictally_recorder.cost.bill.model import Split
from tictally_recorder.cost.proration import daily_share
from tictally_recorder.tariffs.model import Taxes, Version

_ZERO: Final = Decimal(0)
_WH_PER_KWH: Final = Decimal(1000)
_HALF_A_STEP: Final = Decimal("0.00005")
"""Of prices of a kWh, which are rounded to four digits."""
_HALF_A_CENT: Final = Decimal("0.005")
"""Of prices of a month."""


def split_energy(amount: Decimal, energy_wh: int, price_ht: Decimal | None, taxes: Taxes) -> Split:
    """Of energy: TTC = (HT + accise) x (1 + VAT), within rounding.

    Args:
        amount: taxes included.
        energy_wh: what it is paid for.
        price_ht: of a kWh without taxes, or None if it is not known.
        taxes: that the amount holds.
    """
    kwh = energy_wh / _WH_PER_KWH
    ht = None if price_ht is None else kwh * price_ht
    accise = None if taxes.accise is None else kwh * taxes.accise
    vat = _vat_in(amount, taxes.vat_energy)
    difference, fits = None, True
    if ht is not None and accise is not None and vat is not None:
        difference = amount - ht - accise - vat
        fits = abs(difference) <= kwh * _slack(_HALF_A_STEP, taxes.vat_energy)
    return Split(ht, accise, _ZERO, vat, taxes.accise, None, taxes.vat_energy, difference, fits)


@dataclass(frozen=True, slots=True)
class Monthly:
    """The price of a subscription.

    Attributes:
        ht: of a month without taxes, or None if it is not known.
        ttc: of a month with taxes, or None.
        begun: the taxes of the day from which it has held.
    """

    ht: Decimal | None
    ttc: Decimal | None
    begun: Taxes


def split_subscription(amount: Decimal, days: Mapping[date, Fraction], price: Monthly, taxes: Taxes) -> Split:
    """Of subscriptions: TTC = (HT + CTA) x (1 + VAT), which gives the CTA.

    Where the rates are others than those of the price's first day, that day gives the grid's fixed part, and the CTA is
    today's share of it.

    Args:
        amount: taxes included.
        days: that it is paid for → how much of each.
        price: of a month.
        taxes: of those days.
    """
    ht = None if price.ht is None else _of_days(price.ht, days)
    vat = _vat_in(amount, taxes.vat_subscription)
    cta = _ZERO if taxes.cta_share == 0 else None
    difference, fits = None, True
    if taxes.cta_share is not None and ht is not None and vat is not None:
        left = amount - ht - vat
        if cta is None:
            monthly = _cta_by_share(price, taxes)
            cta = left if monthly is None else _of_days(monthly, days)
        difference = left - cta
        slack = _of_days(_slack(_HALF_A_CENT, taxes.vat_subscription), days)
        fits = cta >= -slack and abs(difference) <= slack
    return Split(ht, _ZERO, cta, vat, None, taxes.cta_share, taxes.vat_subscription, difference, fits)


def _of_days(monthly: Decimal, days: Mapping[date, Fraction]) -> Decimal:
    return sum((daily_share(monthly, day, share) for day, share in days.items()), _ZERO)


def _cta_by_share(price: Monthly, taxes: Taxes) -> Decimal | None:
    """The CTA of a month where the rates changed since the price began; None where the price itself gives it."""
    begun = price.begun
    if (begun.cta_share, begun.vat_subscription) == (taxes.cta_share, taxes.vat_subscription):
        return None
    if price.ht is None or price.ttc is None or begun.vat_subscription is None:
        return None
    if not begun.cta_share or taxes.cta_share is None:
        return None
    return (price.ttc / (1 + begun.vat_subscription) - price.ht) * taxes.cta_share / begun.cta_share


def monthly_ht(version: Version, power_kva: int | None) -> Decimal | None:
    """The subscription of a month without taxes that belongs to `version.monthly`, or None if it is not known."""
    named = power_kva in version.subscription or power_kva in version.subscription_ht
    return version.subscription_ht.get(power_kva if named else None)


def _vat_in(amount: Decimal, rate: Decimal | None) -> Decimal | None:
    return None if rate is None else amount * rate / (1 + rate)


def _slack(half_a_step: Decimal, vat: Decimal | None) -> Decimal:
    """How far amounts with and without taxes, both rounded, may be apart before value added tax."""
    return half_a_step / (1 + (vat or _ZERO)) + half_a_step
