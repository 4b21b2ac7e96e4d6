"""What a home draws at night when nobody uses anything."""

from datetime import date, timedelta
from itertools import groupby
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api import params
from tictally_recorder.api.context import sites_of
from tictally_recorder.api.params import MOST_DAYS, days
from tictally_recorder.api.responses import Record, Rows
from tictally_recorder.api.routes.common import Answering, context_of
from tictally_recorder.api.routes.cost import CostBy
from tictally_recorder.api.schemas import ListOf
from tictally_recorder.cost.aggregation import first_day
from tictally_recorder.cost.proration import to_cents
from tictally_recorder.cost.standby import HOURS, Trend, YearCost, by_period, trend, year_cost_of
from tictally_recorder.ledger import LedgerReader, Night
from tictally_recorder.reports.standby import Answer, remarks
from tictally_shared.calendar import By

router = APIRouter(tags=["standby"])

_COLUMNS: Final = ("site", "from", "to", "nights", "minutes", "typical_va", "lowest_va")
_YEAR: Final = 365


@router.get("/standby", response_model=ListOf[dict[str, Any]])
async def standby(  # noqa: PLR0913, PLR0917 - parameters of a question
    request: Request,
    site: params.Site = None,
    start: params.From = None,
    end: params.To = None,
    by: Annotated[CostBy, Query(description="What a row stands for.")] = CostBy.MONTH,
    form: params.Format = None,  # noqa: ARG001 - read from the request
) -> Response:
    """Base load of nights, whether it rises, and what it costs a year: as `tictally standby` has it."""
    context = context_of(request)
    tz, today = context.tz, context.today
    window = days(start, end, tz, today, most_days=MOST_DAYS[By(by)], back=_YEAR)

    def work(reader: LedgerReader) -> Rows:
        terms, _, _ = context.terms(reader.sites())
        items: list[Record] = []
        trends: list[Record] = []
        costs: list[Record] = []
        for each in sites_of(reader, site):
            nights = reader.standby(each, date.min, window.until)
            items += _nights(each.id, [night for night in nights if night.day >= window.first], By(by))
            found = trend(nights)
            if found is None:
                continue
            va, day = found.recent.va, min(today, window.until - timedelta(days=1))
            cost = None if va is None or terms is None else year_cost_of(reader, each, va, day, terms, tz)
            trends.append(_trend(each.id, found))
            if cost is not None:
                costs.append(_cost(each.id, cost))
        return Rows(items, {"trend": trends, "year_cost": costs})

    return await Answering(request, _COLUMNS).by(work)


def _nights(site: str, nights: list[Night], by: By) -> list[Record]:
    periods = groupby(nights, lambda night: first_day(night.day, by))
    lowest = {first: min(night.va for night in group) for first, group in periods}
    return [
        {
            "site": site,
            "from": str(each.start),
            "to": str(each.end),
            "nights": each.nights,
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
        "sentence": list(remarks(Answer(site, (), found, None)))[-1],
    }


def _cost(site: str, cost: YearCost) -> Record:
    return {
        "site": site,
        "va": cost.va,
        "kwh": f"{cost.va * HOURS / 1000:.2f}",
        "price": None if cost.price is None else f"{cost.price:f}",
        "amount": None if cost.amount is None else f"{cost.amount:f}",
        "rounded": None if cost.amount is None else f"{to_cents(cost.amount):f}",
        "currency": cost.currency,
        "version": cost.version,
        "shares": {period: f"{share:f}" for period, share in cost.shares.items()},
        "reason": cost.reason,
    }
