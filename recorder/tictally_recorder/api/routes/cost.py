"""What energy cost, and how each figure came about."""

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api import params
from tictally_recorder.api.cached_cost import cached_cost, explained, remarks
from tictally_recorder.api.context import sites_of
from tictally_recorder.api.params import MOST_DAYS, days
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.responses import Keyed, Rows, joined_states, page_of
from tictally_recorder.api.routes.common import Answering, context_of
from tictally_recorder.api.schemas import CostItem, ListOf
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports.cost import COLUMNS
from tictally_shared.calendar import By, period_start

router = APIRouter(tags=["cost"])


class CostBy(StrEnum):
    """The periods by which cost is told."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@router.get("/cost", response_model=ListOf[CostItem])
async def cost(  # noqa: PLR0913, PLR0917 - parameters of a question
    request: Request,
    site: params.Site = None,
    start: params.From = None,
    end: params.To = None,
    by: Annotated[CostBy, Query(description="What a sum stands for.")] = CostBy.DAY,
    explain: Annotated[bool, Query(description="Also how each figure came about.")] = False,  # noqa: FBT002
    limit: params.Limit = 2000,
    form: params.Format = None,  # noqa: ARG001 - read from the request
) -> Response:
    """What energy and subscription cost, by which version of which price list: as `tictally cost` has it."""
    context = context_of(request)
    tz, today = context.tz, context.today
    window = days(start, end, tz, today, most_days=MOST_DAYS[By(by)])
    period = By(by)

    def work(reader: LedgerReader) -> Rows:
        every = reader.sites()
        terms, problem, generation = context.terms(every)
        if terms is None:
            raise Problem(503, f"cost is not computed: {problem}", headers={"retry-after": "60"})
        keyed: list[Keyed] = []
        states: list[str | None] = []
        said: list[str] = []
        asked_for = sites_of(reader, site)
        for each in asked_for:
            span = (window.first, window.until)
            if explain:
                found, state = explained(reader, each, span, period, terms, tz), None
            else:
                found, state = cached_cost(reader, context.costs, each, span, period, terms, generation, tz, today)
            states.append(state)
            keyed += [(_key(str(record["from"])), record) for told in found for record in told.records]
            prefix = f"{each.id}: " if len(asked_for) > 1 else ""
            said += [prefix + remark for remark in remarks(each.id, found)]
        items, onwards = page_of(keyed, limit)
        return Rows(items, {"remarks": said, "problem": problem}, onwards, joined_states(states))

    def _key(first: str) -> str:
        noon = datetime.combine(datetime.fromisoformat(first), time(12), tz)
        return str(period_start(noon, period, tz).astimezone(tz).date())

    return await Answering(request, COLUMNS).by(work)
