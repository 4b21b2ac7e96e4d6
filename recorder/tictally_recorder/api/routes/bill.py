"""What days cost, laid out like a bill."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api import params
from tictally_recorder.api.context import sites_of
from tictally_recorder.api.params import BILL_DAYS, days
from tictally_recorder.api.problem_details import Problem, wrong
from tictally_recorder.api.responses import Rows
from tictally_recorder.api.routes.common import Answering, context_of
from tictally_recorder.api.schemas import ListOf
from tictally_recorder.cost.bill import make_bill
from tictally_recorder.cost.bill.as_json import record
from tictally_recorder.cost.query import cost_of
from tictally_recorder.ledger import LedgerReader

router = APIRouter(tags=["cost"])


@router.get("/bill", response_model=ListOf[dict[str, Any]])
async def bill(
    request: Request, start: params.From = None, end: params.To = None, site: params.Site = None
) -> Response:
    """A bill a site: energy, subscription, contributions and taxes, total, and the price lists that it rests on."""
    context = context_of(request)
    if start is None or end is None:
        raise wrong("from" if start is None else "to", "a bill needs both its first day and the day after its last")
    window = days(start, end, context.tz, context.today, most_days=BILL_DAYS)

    def work(reader: LedgerReader) -> Rows:
        terms, problem, _ = context.terms(reader.sites())
        if terms is None:
            raise Problem(503, f"cost is not computed: {problem}", headers={"retry-after": "60"})
        found = []
        for each in sites_of(reader, site):
            rows = cost_of(reader, each, window.first, window.until, terms, context.tz)
            found.append(record(make_bill(each.id, window.first, window.until, rows, terms.tariffs)))
        return Rows(found)

    return await Answering(request).by(work)
