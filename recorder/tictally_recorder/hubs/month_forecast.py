"""A site's month: energy so far, and what energy and cost are likely to come to at its end. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from tictally_recorder.cost.day_totals import day_totals
from tictally_recorder.cost.forecast import RECENT_DAYS, YEAR_DAYS, forecast
from tictally_recorder.cost.model import UNMETERED, CostRow
from tictally_recorder.cost.proration import to_cents
from tictally_recorder.hubs.site_state import NOTHING, CurrentSite
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import days_between

ENERGY_MONTH, ENERGY_MONTH_FORECAST = "energy_month", "energy_month_forecast"
COST_MONTH_FORECAST: Final = "cost_month_forecast"
MONTH_NAMES: Final = (ENERGY_MONTH, ENERGY_MONTH_FORECAST, COST_MONTH_FORECAST)
_DAY: Final = timedelta(days=1)
_KWH: Final = Decimal("0.001")
# The days of the year before that a forecast looks at begin and end so far from the same day.
_BEFORE, _AFTER = timedelta(days=YEAR_DAYS + 21), timedelta(days=YEAR_DAYS - 30)

_Figure = Callable[[Sequence[CostRow]], Decimal | None]


def days_looked_at(today: date) -> tuple[tuple[date, date], tuple[date, date]]:
    """The days whose rows `month_figures` takes, each as (first, end): those of the year before, and the last ones."""
    start = min(today.replace(day=1), today - timedelta(days=RECENT_DAYS))
    return (today - _BEFORE, today - _AFTER), (start, today + _DAY)


def month_figures(current: CurrentSite, rows: Iterable[CostRow]) -> dict[str, str]:
    """Topic's last level → payload; `none` where a day of the month before today, or most recent days, are unknown.

    The forecast is the sum of the month's days before today, and for today and each day left what
    `tictally_recorder.cost.forecast` expects. An amount that is paid once counts in the sum, and not in that.

    Args:
        current: site and time.
        rows: of the days of `days_looked_at`, in order, as far as they have been computed.
    """
    values: dict[str, str | None] = dict.fromkeys(MONTH_NAMES)
    days: dict[date, list[CostRow]] = {}
    for row in rows:
        if row.direction is Direction.CONSUMPTION:
            days.setdefault(row.day, []).append(row)
    month = {day: found for day, found in days.items() if day >= current.today.replace(day=1)}
    if current.problem is None and days:
        past = _past(current)
        energy = _sum(_kwh, month, past)
        # Just after midnight nothing is of today yet.
        today = _kwh(month[current.today]) if current.today in month else Decimal(0)
        totals = day_totals(row for found in days.values() for row in found)
        by_energy = {day: each.energy_wh / 1000 for day, each in totals.items() if each.energy_wh is not None}
        values[ENERGY_MONTH] = None if energy is None or today is None else f"{energy + today:.3f}"
        values[ENERGY_MONTH_FORECAST] = _text(_forecast((energy, today), by_energy, current), _KWH)
        recent = {row.currency for day, found in days.items() if day > current.today - _AFTER for row in found}
        if len(recent) == 1:
            (currency,) = recent
            amounts = {
                day: each.amount
                for day, each in totals.items()
                if each.currency == currency and each.amount is not None
            }
            by_amount = {day: float(amount) for day, amount in amounts.items()}
            cost = _forecast((_sum(_amount, month, past), _amount(month.get(current.today, ()))), by_amount, current)
            values[COST_MONTH_FORECAST] = None if cost is None else f"{to_cents(cost):f}"
    return {name: NOTHING if text is None else text for name, text in values.items()}


def _text(value: Decimal | None, step: Decimal) -> str | None:
    return None if value is None else f"{value.quantize(step):f}"


def _past(current: CurrentSite) -> list[date]:
    """The month's days before today, from the site's first."""
    first = current.today.replace(day=1)
    since = max(first, current.since or first)
    return days_between(since, current.today - _DAY)


def _forecast(
    counted: tuple[Decimal | None, Decimal | None], known: Mapping[date, float], current: CurrentSite
) -> Decimal | None:
    """The month, from what its days before today and today have counted; never less than that."""
    today, (so_far, of_today) = current.today, counted
    next_month = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    # Of today only a part is known.
    rest = forecast({day: each for day, each in known.items() if day < today}, today, (next_month - today).days)
    return None if so_far is None or rest is None else so_far + max(Decimal(f"{rest.value:.6f}"), of_today or 0)


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
