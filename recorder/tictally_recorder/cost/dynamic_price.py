"""Energy at prices by the hour or quarter: each quarter at its own price. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.register_totals import Counted, RegisterPart, UnknownTime
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.tariffs.series import Series

WH_PER_KWH: Final = Decimal(1000)


@dataclass(frozen=True, slots=True)
class Priced:
    """A day's energy with the price of each part.

    Attributes:
        parts: of a quarter each.
        amount: of what has a price, not rounded.
        unknown: times in which a part of the energy is unknown, each once.
        reason: why that is not all of what was counted: a price is missing, or energy is implausible; else None.
    """

    parts: tuple[RegisterPart, ...]
    amount: Decimal
    unknown: tuple[UnknownTime, ...]
    reason: Reason | None


def price_quarters(
    rows: Iterable[EnergyRow], total: Callable[[Iterable[EnergyRow]], Counted], series: Series, sign: int, tz: ZoneInfo
) -> Priced:
    """What the quarters of a day cost.

    Args:
        rows: by quarter, all of one day.
        total: what takes a quarter's energy from its rows.
        series: the prices.
        sign: -1 for energy that earns, else 1.
        tz: the zone in which a reason names a time.
    """
    parts: list[RegisterPart] = []
    unknown: dict[UnknownTime, None] = {}
    amount = Decimal(0)
    reason: Reason | None = None
    for start_ms, of_quarter in groupby(sorted(rows, key=lambda row: row.start_ms), key=lambda row: row.start_ms):
        counted, price = total(of_quarter), series.price(start_ms)
        parts += (replace(part, price=price) for part in counted.parts)
        unknown |= dict.fromkeys(counted.unknown)
        if counted.reason:
            reason = reason or counted.reason
        elif price is not None:
            amount += sign * counted.energy_wh / WH_PER_KWH * price
        elif counted.energy_wh:
            at = datetime.fromtimestamp(start_ms // 1000, UTC).astimezone(tz)
            reason = reason or Reason(ReasonCode.NO_PRICE_AT_TIME, {"time": at.isoformat(timespec="minutes")})
    return Priced(tuple(parts), amount, tuple(unknown), reason)
