"""What days cost, laid out like a bill."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import BILL_DAYS, RangeParams, day_range
from tictally_recorder.api.problem_details import invalid_parameter
from tictally_recorder.api.responses import Listing, answer_list
from tictally_recorder.api.schemas import ListOf
from tictally_recorder.cost.bill import make_bill
from tictally_recorder.cost.bill.as_json import record
from tictally_recorder.cost.query import cost_of

router = APIRouter(tags=["cost"])


@router.get("/bill", response_model=ListOf[dict[str, Any]])
async def bill(request: Request, params: Annotated[RangeParams, Query()]) -> Response:
    """A bill for each site: energy, subscription, taxes and contributions, total, and the price lists behind it."""
    context: Context = request.app.state.context
    if params.start is None or params.end is None:
        missing = "from" if params.start is None else "to"
        raise invalid_parameter(missing, "a bill requires its first day and the day after its last")
    days = day_range(params, context.now(), context.tz, max_days=BILL_DAYS)

    def work(session: ReadSession) -> Listing:
        terms = session.current_terms().required()
        items = []
        for site in session.sites:
            rows = cost_of(session.reader, site, days.first, days.until, terms, session.tz)
            items.append(record(make_bill(site.id, days.first, days.until, rows, terms.tariffs)))
        return Listing(items)

    return await answer_list(request, params.site, work)
