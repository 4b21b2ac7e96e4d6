"""A site's month: energy so far, and what energy and cost come to if the days left are like the last seven. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from tictally_recorder.cost.model import LUMP_SUM, UNMETERED, CostRow
from tictally_recorder.cost.proration import to_cents
from tictally_recorder.hubs.site_state import NOTHING, CurrentSite
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import days_between

ENERGY_MONTH, ENERGY_MONTH_FORECAST = "energy_month", "energy_month_forecast"
COST_MONTH_FORECAST: Final = "cost_month_forecast"
MONTH_NAMES: Final = (ENERGY_MONTH, ENERGY_MONTH_FORECAST, COST_MONTH_FORECAST)
RECENT_DAYS: Final = 7
# So many of them have to be known.
ENOUGH_DAYS: Final = 3
_DAY: Final = timedelta(days=1)
_KWH: Final = Decimal("0.001")

_Figure = Callable[[Sequence[CostRow]], Decimal | None]


def month_figures(current: CurrentSite, rows: Iterable[CostRow]) -> dict[str, str]:
    """Topic's last level → payload; `none` where a day of the month before today, or most recent days, are unknown.

    The forecast is the sum of the month's days before today, and for today and each day left the mean of the last seven
    days. An amount that is paid once counts in the sum, and not in the mean.

    Args:
        current: site and time.
        rows: of this month's days and of the seven before today, as far as they have been computed.
    """
    values: dict[str, str | None] = dict.fromkeys(MONTH_NAMES)
    days: dict[date, list[CostRow]] = {}
    for row in rows:
        if row.direction is Direction.CONSUMPTION:
            days.setdefault(row.day, []).append(row)
    if current.problem is None and days:
        past = _past(current)
        energy = _sum(_kwh, days, past)
        # Just after midnight nothing is of today yet.
        today = _kwh(days[current.today]) if current.today in days else Decimal(0)
        values[ENERGY_MONTH] = None if energy is None or today is None else f"{energy + today:.3f}"
        values[ENERGY_MONTH_FORECAST] = _text(_forecast(_kwh, days, current), _KWH)
        if len({row.currency for each in days.values() for row in each}) == 1:
            cost = _forecast(_amount, days, current)
            values[COST_MONTH_FORECAST] = None if cost is None else f"{to_cents(cost):f}"
    return {name: NOTHING if text is None else text for name, text in values.items()}


def _text(value: Decimal | None, step: Decimal) -> str | None:
    return None if value is None else f"{value.quantize(step):f}"


def _past(current: CurrentSite) -> list[date]:
    """The month's days before today, from the site's first."""
    first = current.today.replace(day=1)
    since = max(first, current.since or first)
    return days_between(since, current.today - _DAY)


def _forecast(figure: _Figure, days: Mapping[date, Sequence[CostRow]], current: CurrentSite) -> Decimal | None:
    today = current.today
    so_far = _sum(figure, days, _past(current))
    recent = days_between(today - RECENT_DAYS * _DAY, today - _DAY)
    steady = [[row for row in days.get(day, ()) if row.period != LUMP_SUM] for day in recent]
    known = [value for rows in steady if (value := figure(rows)) is not None]
    if so_far is None or len(known) < ENOUGH_DAYS:
        return None
    next_month = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    return so_far + sum(known, Decimal(0)) / len(known) * (next_month - today).days


def _sum(figure: _Figure, days: Mapping[date, Sequence[CostRow]], wanted: Iterable[date]) -> Decimal | None:
    values = [figure(days.get(day, ())) for day in wanted]
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if len(known) == len(values) else None


def _kwh(rows: Sequence[CostRow]) -> Decimal | None:
    if not rows or any(row.period == UNMETERED for row in rows):
        return None
    return Decimal(sum(row.energy_wh for row in rows)) / 1000


def _amount(rows: Sequence[CostRow]) -> Decimal | None:
    amounts = [row.amount for row in rows if row.amount is not None]
    return sum(amounts, Decimal(0)) if amounts and len(amounts) == len(rows) else None
