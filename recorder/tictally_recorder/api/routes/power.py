"""Which subscribed powers would have been enough, what they would save, and the powers of some days."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import REPLAY_DAYS, YEAR_DAYS, DayRange, ListParams, RangeParams, day_range
from tictally_recorder.api.period_cache import PeriodQuery
from tictally_recorder.api.responses import Listing, Record, answer_list, csv_responses
from tictally_recorder.api.schemas import ListOf, PowerHistoryItem, PowerItem
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.power import (
    DayLoad,
    HistoryQuery,
    day_loads,
    power_advice,
    power_history,
    subscribed_kva,
)
from tictally_recorder.cost.query import SiteDays, days_with_frames
from tictally_recorder.ledger import Site
from tictally_recorder.reports.power import COLUMNS, records, remarks
from tictally_recorder.reports.power_history import record
from tictally_recorder.translations import phrase_record
from tictally_shared.calendar import By

router = APIRouter(tags=["cost"])


@router.get("/power", response_model=ListOf[PowerItem], responses=csv_responses(COLUMNS))
async def power(request: Request, params: Annotated[ListParams, Query()]) -> Response:
    """The days on which each subscribed power would have been exceeded, and its saving, as in `tictally power`."""
    context: Context = request.app.state.context
    if params.end is None:
        params = params.model_copy(update={"end": str(context.now().astimezone(context.tz).date())})
    days = day_range(params, context.now(), context.tz, max_days=REPLAY_DAYS, days_back=YEAR_DAYS)

    def work(session: ReadSession) -> Listing:
        terms = session.current_terms().required()
        items: list[Record] = []
        notes: list[Record] = []
        for site in session.sites:
            if known := days_with_frames(site, days.first, min(days.until, session.today), session.tz):
                query = SiteDays(site, known[0], known[-1] + timedelta(days=1), session.tz)
                advice = power_advice(session.reader, query, terms)
                items += records(advice)
                notes += [{"site": site.id} | phrase_record(each) for each in remarks(advice)]
        return Listing(items, {"remarks": notes})

    return await answer_list(request, params.site, work, COLUMNS, Lane.SLOW)


@router.get("/power/history", response_model=ListOf[PowerHistoryItem])
async def history(request: Request, params: Annotated[RangeParams, Query()]) -> Response:
    """The powers of some days: distribution, the highest, phases, voltage against EN 50160, overloads."""
    context: Context = request.app.state.context
    days = day_range(params, context.now(), context.tz, max_days=REPLAY_DAYS, days_back=YEAR_DAYS)

    def work(session: ReadSession) -> Listing:
        return Listing([_history(session, site, days) for site in session.sites])

    return await answer_list(request, params.site, work, lane=Lane.SLOW)


def _history(session: ReadSession, site: Site, days: DayRange) -> Record:
    tz, reader = session.tz, session.reader
    known = days_with_frames(site, days.first, min(days.until, session.today + timedelta(days=1)), tz)
    loads: dict[date, DayLoad] = {}
    if known:
        run = DayRange(known[0], known[-1] + timedelta(days=1))
        query = PeriodQuery(site, "loads", run, By.DAY, tz, session.today)

        def compute(missing: DayRange) -> dict[date, DayLoad]:
            return day_loads(reader, site, missing.first, missing.until, tz)

        results, _ = session.context.caches.loads.fill(reader, query, compute)
        loads = dict(zip(known, results, strict=True))
    last = min(days.until - timedelta(days=1), session.today)
    power_kva = subscribed_kva(reader, site, session.current_terms().terms, last)
    found = power_history(reader, HistoryQuery(site, days.first, days.until, tz, power_kva), loads)
    labels = {label for meter in site.meters for label in reader.labels_seen(meter.id)}
    return record(found, labels, tz)
