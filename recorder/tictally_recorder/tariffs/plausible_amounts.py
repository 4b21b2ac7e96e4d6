"""Which amounts are taken for a slip: ten times too much, cents for euros, a year for a month. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tictally_recorder.file_problem import FileProblem
from tictally_shared.phrase import Phrase, Value

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
_CENTS_AT_MOST: Final = Decimal(100)
_SHOWN: Final = 40
_ANY_KVA: Final = 36
_MONTHS: Final = 12
_ACCISE_AT_MOST: Final = Decimal("0.06")
"""Euros a kWh; the highest since 2016, with what towns and departments levied beside it, was below 0.04."""
_OTHER_CURRENCY: Final = Decimal(10_000)
_KW_DAY_AT_MOST: Final = Decimal(1)
"""Euros; the dearest offers seen were below 0.2."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which an amount is plausible.

    Attributes:
        least: the lowest amount.
        most: the highest.
        unit: of what the amount is, one of the parts `UNIT_…`.
        usual: above it, up to `most`, a file must confirm an amount; None: it need not, or it has.
        is_euros: the amount is in euros, so that one a hundred times as high is in cents.
    """

    least: Decimal
    most: Decimal
    unit: FileProblem
    usual: Decimal | None = None
    is_euros: bool = False

    def problem(self, key: str, value: Decimal) -> Phrase | None:
        """Why an amount is taken for a slip, or None.

        Args:
            key: that has it, as a person writes it.
            value: the amount.
        """
        about: dict[str, Value] = {"key": key, "amount": str(value)[:_SHOWN], "unit": Phrase(self.unit)}
        if value > self.most:
            return self._too_large(value, about | {"limit": str(self.most)})
        if value < self.least:
            return Phrase(FileProblem.AMOUNT_TOO_SMALL, about | {"limit": str(self.least)})
        if self.usual is not None and value > self.usual:
            return Phrase(FileProblem.AMOUNT_UNUSUAL, about | {"limit": str(self.usual)})
        return None

    def _too_large(self, value: Decimal, about: dict[str, Value]) -> Phrase:
        if self.unit is FileProblem.UNIT_FACTOR:
            return Phrase(FileProblem.RATE_TOO_HIGH, about)
        if not self.is_euros:
            return Phrase(FileProblem.AMOUNT_TOO_LARGE, about)
        if value > _CENTS_AT_MOST:
            return Phrase(FileProblem.AMOUNT_OF_A_MWH, about)
        return Phrase(FileProblem.AMOUNT_IN_CENTS, about | {"euros": f"{(value / 100).normalize():f}"})

    @property
    def a_year(self) -> "Bounds":
        """The same for a year, of bounds for a month."""
        usual = None if self.usual is None else self.usual * _MONTHS
        return Bounds(self.least * _MONTHS, self.most * _MONTHS, FileProblem.UNIT_YEAR, usual, self.is_euros)


_CTA: Final = Bounds(Decimal(0), Decimal("0.3"), FileProblem.UNIT_FACTOR)
"""The highest share was 0.2704, until July 2021."""
_VAT: Final = Bounds(Decimal(0), Decimal("0.3"), FileProblem.UNIT_FACTOR)
"""The highest rate in Europe is 0.27."""


def kwh_bounds(currency: str, *, is_unusual: bool) -> Bounds:
    """Of the price of a kWh.

    Args:
        currency: ISO 4217; only of euros it is known what is usual.
        is_unusual: the file confirms that the amount is right.
    """
    if currency != EURO:
        return Bounds(Decimal(0), _OTHER_CURRENCY, FileProblem.UNIT_KWH, None if is_unusual else KWH_NEVER_ABOVE)
    return Bounds(Decimal(0), KWH_NEVER_ABOVE, FileProblem.UNIT_KWH, None if is_unusual else KWH_AT_MOST, is_euros=True)


def monthly_bounds(currency: str, power_kva: int | None, *, is_unusual: bool) -> Bounds:
    """Of a subscription; a discount that is more than it makes it negative.

    Args:
        currency: ISO 4217.
        power_kva: subscribed, or None if the amount is for every power.
        is_unusual: the file confirms that the amount is right.
    """
    most = MONTHLY_NEVER_ABOVE if currency == EURO else _OTHER_CURRENCY
    usual = _MONTHLY_BASE + _MONTHLY_PER_KVA * (power_kva or _ANY_KVA) if currency == EURO else MONTHLY_NEVER_ABOVE
    return Bounds(-most, most, FileProblem.UNIT_MONTH, None if is_unusual else min(usual, most))


def power_term_bounds(currency: str) -> Bounds:
    """Of the price of a kW and day: that of a year is a hundred times as high.

    Args:
        currency: ISO 4217; only of euros it is known what is usual.
    """
    return Bounds(Decimal(0), _KW_DAY_AT_MOST if currency == EURO else _OTHER_CURRENCY, FileProblem.UNIT_KW_DAY)


def tax_bounds(tax: str, *, is_unusual: bool) -> Bounds:
    """Of a rate of taxes: a levy by the kWh in euros, or a share of one.

    Args:
        tax: one of `TAX_NAMES`.
        is_unusual: the file confirms that the rate is right.
    """
    if tax == "accise":
        usual = None if is_unusual else _ACCISE_AT_MOST
        return Bounds(Decimal(0), KWH_AT_MOST, FileProblem.UNIT_KWH, usual, is_euros=True)
    return _CTA if tax == "cta_share" else _VAT
