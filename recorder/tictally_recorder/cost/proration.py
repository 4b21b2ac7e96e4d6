"""The subscription's share of a day: monthly amount ÷ days of that month. Pure."""

from calendar import monthrange
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_CENT: Final = Decimal("0.01")
_NOISE: Final = Decimal("1E-12")


def to_cents(amount: Decimal) -> Decimal:
    """An amount in whole cents, half a cent away from zero.

    A day's share of a month is cut after 28 digits, so that a sum of shares may stand a trace below half a cent that it
    is: that trace is taken away first.
    """
    return amount.quantize(_NOISE).quantize(_CENT, ROUND_HALF_UP)


def days_of_month(day: date) -> int:
    """How many days the month of a day has."""
    return monthrange(day.year, day.month)[1]


def daily_share(monthly: Decimal, day: date) -> Decimal:
    """What a day costs of a month's amount, to 28 digits: the days of a month add up to it once rounded."""
    return monthly / days_of_month(day)
