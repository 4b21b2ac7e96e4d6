"""Which amounts are taken for a slip: ten times too much, cents for euros, a year for a month. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

EURO: Final = "EUR"
KWH_AT_MOST: Final = Decimal(1)
"""Euros; what is more is a slip of ten, or the peak hours of a few days a year, which their file must confirm."""
KWH_NEVER_ABOVE: Final = Decimal(5)
"""Euros, confirmed or in a price series; what is more is cents, or the price of a MWh."""
MONTHLY_NEVER_ABOVE: Final = Decimal(500)
"""Euros."""
_MONTHLY_BASE: Final = Decimal(30)
_MONTHLY_PER_KVA: Final = Decimal(5)
"""Euros; the dearest regulated subscription since 2016 was below 60 at 36 kVA, below 12 at 3."""
_ANY_KVA: Final = 36
_MONTHS: Final = 12
_OTHER_CURRENCY: Final = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which an amount is plausible.

    Attributes:
        least: the lowest amount.
        most: the highest.
        unit: of what the amount is, for the sentence: `a kWh`.
        usual: above it, up to `most`, a file must confirm an amount; None: it need not, or it has.
    """

    least: Decimal
    most: Decimal
    unit: str
    usual: Decimal | None = None

    @property
    def a_year(self) -> "Bounds":
        """The same for a year, of bounds for a month."""
        usual = None if self.usual is None else self.usual * _MONTHS
        return Bounds(self.least * _MONTHS, self.most * _MONTHS, "a year", usual)


def kwh_bounds(currency: str, *, is_unusual: bool) -> Bounds:
    """Of the price of a kWh.

    Args:
        currency: ISO 4217; only of euros it is known what is usual.
        is_unusual: the file confirms that the amount is right.
    """
    if currency != EURO:
        return Bounds(Decimal(0), _OTHER_CURRENCY, "a kWh", None if is_unusual else KWH_NEVER_ABOVE)
    return Bounds(Decimal(0), KWH_NEVER_ABOVE, "a kWh", None if is_unusual else KWH_AT_MOST)


def monthly_bounds(currency: str, power_kva: int | None, *, is_unusual: bool) -> Bounds:
    """Of a subscription; a discount that is more than it makes it negative.

    Args:
        currency: ISO 4217.
        power_kva: subscribed, or None if the amount is for every power.
        is_unusual: the file confirms that the amount is right.
    """
    most = MONTHLY_NEVER_ABOVE if currency == EURO else _OTHER_CURRENCY
    usual = _MONTHLY_BASE + _MONTHLY_PER_KVA * (power_kva or _ANY_KVA) if currency == EURO else MONTHLY_NEVER_ABOVE
    return Bounds(-most, most, "a month", None if is_unusual else min(usual, most))
