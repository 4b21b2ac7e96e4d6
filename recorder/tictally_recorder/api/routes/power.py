"""Which subscribed powers would have been enough, and what they would save."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import REPLAY_DAYS, YEAR_DAYS, ListParams, day_range
from tictally_recorder.api.responses import Listing, Record, answer_list, csv_responses
from tictally_recorder.api.schemas import ListOf, PowerItem
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.power import power_advice
from tictally_recorder.cost.query import SiteDays, days_with_frames
from tictally_recorder.reports.power import COLUMNS, records, remarks
from tictally_recorder.translations import phrase_record

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
