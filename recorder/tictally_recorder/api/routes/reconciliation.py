"""Each day's energy by the meter's frames beside Enedis' own figure."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import MAX_DAYS, ListParams, day_range
from tictally_recorder.api.responses import Listing, answer_list, csv_responses
from tictally_recorder.api.schemas import ListOf
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.reconciliation import by_year, reconcile
from tictally_recorder.reports.reconciliation import COLUMNS, records, year_records
from tictally_shared.calendar import By

router = APIRouter(tags=["reconciliation"])

_DAYS: Final = 31


@router.get("/reconciliation", response_model=ListOf[dict[str, Any]], responses=csv_responses(COLUMNS))
async def reconciliation(request: Request, params: Annotated[ListParams, Query()]) -> Response:
    """Our days beside Enedis' figures: the records of `tictally reconcile`, and in `years` their sums."""
    context: Context = request.app.state.context
    days = day_range(params, context.now(), context.tz, max_days=MAX_DAYS[By.DAY], days_back=_DAYS)

    def work(session: ReadSession) -> Listing:
        found = [
            each
            for site in session.sites
            for each in reconcile(session.reader, site, (days.first, days.until), session.tz)
        ]
        return Listing(list(records(found)), {"years": list(year_records(by_year(found)))})

    return await answer_list(request, params.site, work, COLUMNS, Lane.SLOW)
