"""What a figure is made of, as data. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tictally_recorder.cost.model import CostRow, Quality, VersionUsed
from tictally_recorder.cost.proration import days_of_month
from tictally_recorder.energy.register_totals import RegisterPart
from tictally_recorder.reason import Reason


class Per(StrEnum):
    """What a price is of."""

    KWH = "kWh"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a figure came about: sign times quantity times price, or the sum over parts that have own prices.

    Attributes:
        parts: registers from and to; none for the subscription.
        energy_wh: their sum.
        per: what the price is of.
        price: of a kWh or a month; None if there is none or each part has its own.
        days_of_month: what a month's price was divided by; None for energy.
        sign: -1 for income, else 1.
        amount: not rounded, None if it is unknown.
        currency: ISO 4217, or None.
        version: that the price is from, with its source; or None if none holds.
        quality: how much the amount is worth.
        estimated: True if a gap was divided, also where the quality is worse.
        reason: why the amount is unknown or provisional, or None.
    """

    parts: tuple[RegisterPart, ...]
    energy_wh: int
    per: Per
    price: Decimal | None
    days_of_month: int | None
    sign: int
    amount: Decimal | None
    currency: str | None
    version: VersionUsed | None
    quality: Quality
    estimated: bool
    reason: Reason | None


def explain(row: CostRow) -> Explanation:
    """What a row's amount is made of; nothing but the row is needed, also years later."""
    subscription = row.period is None
    return Explanation(
        parts=row.parts,
        energy_wh=row.energy_wh,
        per=Per.MONTH if subscription else Per.KWH,
        price=row.price,
        days_of_month=days_of_month(row.day) if subscription else None,
        sign=row.sign,
        amount=row.amount,
        currency=row.currency,
        version=row.version,
        quality=row.quality,
        estimated=any(part.estimated for part in row.parts),
        reason=row.reason,
    )
