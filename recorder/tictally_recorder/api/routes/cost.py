"""What energy cost, and how each figure came about."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.cached_cost import CostQuery, cached_cost
from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import MAX_DAYS, DayBy, PageParams, day_range
from tictally_recorder.api.responses import CSV_RESPONSES, Listing, PagedRows, Record, answer_list
from tictally_recorder.api.schemas import CostItem, ListOf
from tictally_recorder.reports.cost import COLUMNS
from tictally_shared.calendar import By

router = APIRouter(tags=["cost"])


class CostParams(PageParams):
    """Selects cost."""

    by: DayBy = Field(DayBy.DAY, description="Length of a period.")
    explain: bool = Field(default=False, description="Also how each figure came about.")


@router.get("/cost", response_model=ListOf[CostItem], responses=CSV_RESPONSES)
async def cost(request: Request, params: Annotated[CostParams, Query()]) -> Response:
    """Cost of energy and subscription, with the version of the price list: the records of `tictally cost`."""
    context: Context = request.app.state.context
    by = By(params.by)
    query = CostQuery(day_range(params, context.now(), context.tz, max_days=MAX_DAYS[by]), by, params.explain)

    def work(session: ReadSession) -> Listing:
        current = session.current_terms()
        terms = current.required()
        rows: list[tuple[int, Record]] = []
        remarks: list[str] = []
        states: list[str | None] = []
        for site in session.sites:
            found = cached_cost(session, site, query, terms, current.version)
            rows += [(each.first.toordinal(), record) for each in found.periods for record in each.records]
            prefix = f"{site.id}: " if len(session.sites) > 1 else ""
            remarks += [prefix + remark for remark in found.remarks]
            states.append(found.state)
        page = PagedRows(rows, params.limit, lambda start: str(date.fromordinal(start)))
        return Listing(page, {"remarks": remarks}, states=states)

    return await answer_list(request, params.site, work, COLUMNS)
