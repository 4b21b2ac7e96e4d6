"""How an amount is shown: once, at the end, never in what is added up. Pure."""

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
