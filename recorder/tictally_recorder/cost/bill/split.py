"""What an amount with taxes is made of. Pure; nothing is assumed that the tariff does not state."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
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


def split_subscription(amount: Decimal, days: Iterable[date], monthly_ht: Decimal | None, taxes: Taxes) -> Split:
    """Of subscriptions: TTC = (HT + CTA) x (1 + VAT), which gives the CTA.

    Args:
        amount: taxes included.
        days: that it is paid for.
        monthly_ht: of a month without taxes, or None if it is not known.
        taxes: that the amount holds.
    """
    days = list(days)
    ht = None if monthly_ht is None else sum((daily_share(monthly_ht, day) for day in days), _ZERO)
    vat = _vat_in(amount, taxes.vat_subscription)
    cta = _ZERO if taxes.cta_share == 0 else None
    difference, fits = None, True
    if taxes.cta_share is not None and ht is not None and vat is not None:
        left = amount - ht - vat
        cta = left if cta is None else cta
        difference = left - cta
        slack = sum((daily_share(_slack(_HALF_A_CENT, taxes.vat_subscription), day) for day in days), _ZERO)
        fits = cta >= -slack and abs(difference) <= slack
    return Split(ht, _ZERO, cta, vat, None, taxes.cta_share, taxes.vat_subscription, difference, fits)


def monthly_ht(version: Version, power_kva: int | None) -> Decimal | None:
    """The subscription of a month without taxes that belongs to `version.monthly`, or None if it is not known."""
    named = power_kva in version.subscription or power_kva in version.subscription_ht
    return version.subscription_ht.get(power_kva if named else None)


def _vat_in(amount: Decimal, rate: Decimal | None) -> Decimal | None:
    return None if rate is None else amount * rate / (1 + rate)


def _slack(half_a_step: Decimal, vat: Decimal | None) -> Decimal:
    """How far amounts with and without taxes, both rounded, may be apart before value added tax."""
    return half_a_step / (1 + (vat or _ZERO)) + half_a_step
