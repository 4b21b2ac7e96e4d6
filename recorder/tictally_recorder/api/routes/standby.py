"""The base load of nights: what a home consumes when nobody uses anything."""

from datetime import date, timedelta
from itertools import groupby
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import MAX_DAYS, YEAR_DAYS, DayBy, ListParams, day_range
from tictally_recorder.api.responses import Listing, Record, answer_list, csv_responses
from tictally_recorder.api.schemas import ListOf
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.aggregation import first_day
from tictally_recorder.cost.proration import amount_text, to_cents, to_millionths
from tictally_recorder.cost.standby import (
    HOURS,
    LoadQuery,
    Trend,
    YearCost,
    all_nights_of,
    by_period,
    trend,
    year_cost_of,
)
from tictally_recorder.ledger import Night
from tictally_recorder.reports.standby import recent_remark
from tictally_recorder.translations import phrase_record
from tictally_shared.calendar import By

router = APIRouter(tags=["standby"])

_COLUMNS: Final = ("site", "from", "to", "nights", "imported", "minutes", "typical_va", "lowest_va")


class StandbyParams(ListParams):
    """Selects base load."""

    by: DayBy = Field(DayBy.MONTH, description="The period of a row.")


@router.get("/standby", response_model=ListOf[dict[str, Any]], responses=csv_responses(_COLUMNS))
async def standby(request: Request, params: Annotated[StandbyParams, Query()]) -> Response:
    """Base load of nights, its trend, and its cost in a year: the records of `tictally standby`."""
    context: Context = request.app.state.context
    by = By(params.by)
    days = day_range(params, context.now(), context.tz, max_days=MAX_DAYS[by], days_back=YEAR_DAYS)

    def work(session: ReadSession) -> Listing:
        terms = session.current_terms().terms
        items: list[Record] = []
        trends: list[Record] = []
        costs: list[Record] = []
        last_day = min(session.today, days.until - timedelta(days=1))
        for site in session.sites:
            nights = all_nights_of(session.reader, site, (date.min, days.until), session.tz)
            items += _nights(site.id, [night for night in nights if night.day >= days.first], by)
            found = trend(nights)
            if found is None:
                continue
            trends.append(_trend(site.id, found))
            va = found.recent.va
            if va is None or terms is None:
                continue
            cost = year_cost_of(session.reader, site, LoadQuery(va, last_day, session.tz), terms)
            if cost is not None:
                costs.append(_cost(site.id, cost))
        return Listing(items, {"trend": trends, "year_cost": costs})

    return await answer_list(request, params.site, work, _COLUMNS, Lane.SLOW)


def _nights(site: str, nights: list[Night], by: By) -> list[Record]:
    periods = groupby(nights, lambda night: first_day(night.day, by))
    lowest = {first: min(night.va for night in group) for first, group in periods}
    return [
        {
            "site": site,
            "from": str(each.start),
            "to": str(each.end),
            "nights": each.nights,
            "imported": each.imported,
            "minutes": each.minutes,
            "typical_va": each.va,
            "lowest_va": lowest.get(first_day(each.start, by)),
        }
        for each in by_period(nights, by)
    ]


def _trend(site: str, found: Trend) -> Record:
    change = found.change_since(found.before)
    return {
        "site": site,
        "last_day": str(found.last.day),
        "last_va": found.last.va,
        "recent_va": found.recent.va,
        "before_va": found.before.va,
        "change_va": change,
        "year_ago_va": found.year_ago.va,
        "change_year_va": found.change_since(found.year_ago),
        "rises": None if change is None else change > 0,
        "remark": phrase_record(recent_remark(found)),
    }


def _cost(site: str, cost: YearCost) -> Record:
    return {
        "site": site,
        "va": cost.va,
        "kwh": f"{cost.va * HOURS / 1000:.2f}",
        "price": amount_text(cost.price),
        "amount": amount_text(cost.amount),
        "rounded": None if cost.amount is None else f"{to_cents(cost.amount):f}",
        "currency": cost.currency,
        "version": cost.version,
        "shares": {period: f"{to_millionths(share):f}" for period, share in cost.shares.items()},
        "reason": phrase_record(cost.reason) if cost.reason else None,
    }
