"""What each day consumed and cost in all: energy, subscription and what is paid once apart. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby

from tictally_recorder.cost.model import LUMP_SUM, UNMETERED, CostRow, Quality
from tictally_recorder.tariffs.model import Direction

_GRAVITY = tuple(Quality)


@dataclass(frozen=True, slots=True)
class DayTotal:
    """A local day, or several.

    Attributes:
        energy_wh: consumed; None where some of it is unknown.
        energy_amount: what that cost; None where some of it is unknown.
        subscription: its share of the day; None where it is unknown.
        paid_once: amounts that are paid once, such as a discount.
        currency: of the amounts, or None where there is none, or more than one.
        injection_wh: injected.
        income: what that earned; None where there is none, or some of it is unknown.
        quality: the least of its figures'.
        periods: consumption by tariff period, in Wh.
    """

    energy_wh: int | None = None
    energy_amount: Decimal | None = None
    subscription: Decimal | None = None
    paid_once: Decimal = Decimal(0)
    currency: str | None = None
    injection_wh: int = 0
    income: Decimal | None = None
    quality: Quality = Quality.UNKNOWN
    periods: Mapping[str, int] = field(default_factory=dict)

    @property
    def amount(self) -> Decimal | None:
        """Energy and subscription, without what is paid once; None where one of them is unknown."""
        if self.energy_amount is None or self.subscription is None:
            return None
        return self.energy_amount + self.subscription


def day_totals(rows: Iterable[CostRow]) -> dict[date, DayTotal]:
    """Local day → its total.

    Args:
        rows: in order of day.
    """
    return {day: total_of(list(of_day)) for day, of_day in groupby(rows, key=lambda row: row.day)}


def total_of(rows: Sequence[CostRow]) -> DayTotal:
    """The total of some rows; a tariff without subscription has one of 0."""
    consumed = [row for row in rows if row.direction is Direction.CONSUMPTION and row.period != LUMP_SUM]
    injected = [row for row in rows if row.direction is Direction.INJECTION and row.period is not None]
    energy = [row for row in consumed if row.period is not None]
    currencies = {row.currency for row in (*consumed, *injected)}
    is_metered = bool(energy) and all(row.period != UNMETERED for row in energy)
    income = _sum(injected)
    return DayTotal(
        energy_wh=sum(row.energy_wh for row in energy) if is_metered else None,
        energy_amount=_sum(energy),
        subscription=_sum([row for row in consumed if row.period is None], empty=Decimal(0) if energy else None),
        paid_once=_sum([row for row in rows if row.period == LUMP_SUM]) or Decimal(0),
        currency=currencies.pop() if len(currencies) == 1 else None,
        injection_wh=sum(row.energy_wh for row in injected),
        income=None if income is None else -income,
        quality=max((row.quality for row in rows), key=_GRAVITY.index, default=Quality.UNKNOWN),
        periods=_by_period(energy) if is_metered else {},
    )


def _by_period(rows: Sequence[CostRow]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for row in rows:
        found[row.period or ""] += row.energy_wh
    return {period: energy_wh for period, energy_wh in found.items() if energy_wh}


def _sum(rows: Sequence[CostRow], empty: Decimal | None = None) -> Decimal | None:
    """None where an amount is unknown."""
    amounts = [row.amount for row in rows if row.amount is not None]
    if not rows:
        return empty
    return sum(amounts, Decimal(0)) if len(amounts) == len(rows) else None
