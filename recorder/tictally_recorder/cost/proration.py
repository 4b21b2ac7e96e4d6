"""The subscription's share of a day: monthly amount ÷ days of that month. Pure."""

from calendar import monthrange
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

_CENT: Final = Decimal("0.01")
_DECIMALS: Final = 6
_WHOLE: Final = Fraction(1)
_NOISE: Final = Decimal("1E-12")


def to_cents(amount: Decimal) -> Decimal:
    """An amount in whole cents, half a cent away from zero.

    A day's share of a month is cut after 28 digits, so that a sum of shares may stand a trace below half a cent that it
    is: that trace is taken away first.
    """
    return amount.quantize(_NOISE).quantize(_CENT, ROUND_HALF_UP)


def to_millionths(amount: Decimal) -> Decimal:
    """An amount for programs: as it is up to six decimals, else rounded to them.

    A day's share of a month has no end, and digits beyond these are no one's money.
    """
    exponent = amount.as_tuple().exponent
    is_long = isinstance(exponent, int) and exponent < -_DECIMALS
    return amount.quantize(Decimal(1).scaleb(-_DECIMALS), ROUND_HALF_UP) if is_long else amount


def amount_text(amount: Decimal | None) -> str | None:
    """An amount for programs, as a string without exponent; None where it is unknown."""
    return None if amount is None else f"{to_millionths(amount) + 0:f}"


def days_of_month(day: date) -> int:
    """How many days the month of a day has."""
    return monthrange(day.year, day.month)[1]


def daily_share(monthly: Decimal, day: date, share: Fraction = _WHOLE) -> Decimal:
    """What a day costs of a month's amount, to 28 digits: the days of a month add up to it once rounded.

    Args:
        monthly: the amount.
        day: of the month.
        share: of the day.
    """
    return monthly * share.numerator / (days_of_month(day) * share.denominator)


def share_of_day(part_ms: tuple[int, int], day_ms: tuple[int, int]) -> Fraction:
    """The share of a local day, of 23 to 25 hours, that a part of it is; both from and to, in milliseconds."""
    return Fraction(part_ms[1] - part_ms[0], day_ms[1] - day_ms[0])
