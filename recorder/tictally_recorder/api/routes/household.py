"""What the recorder keeps for a household: the budget of a month."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.auth import require_token, writes_of
from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import SiteParams
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.responses import Listing, answer_list, json_response
from tictally_recorder.api.schemas import BudgetRecord, HouseholdItem, ListOf
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.budget import BudgetError, budget_key, budget_of, parse_budget
from tictally_recorder.ledger import LedgerReader

router = APIRouter(prefix="/household", tags=["sites"])


class BudgetBody(BaseModel):
    """A budget."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    budget: str | None = Field(
        max_length=40, description="Of a month, in the contract's currency: `120.00`; null: none."
    )


@router.get("", response_model=ListOf[HouseholdItem])
async def household(request: Request, params: Annotated[SiteParams, Query()]) -> Response:
    """The budget of a month by site, and whether this client may change it."""
    writes = writes_of(request)

    def work(session: ReadSession) -> Listing:
        items = []
        for site in session.sites:
            budget = budget_of(session.reader.get_value, site.id)
            items.append({"site": site.id, "budget": None if budget is None else f"{budget:.2f}"})
        return Listing(items, {"writes": writes})

    return await answer_list(request, params.site, work, lane=Lane.QUICK)


@router.put("/{site}/budget", response_model=BudgetRecord, dependencies=[Depends(require_token)])
async def set_budget(request: Request, site: Annotated[str, Path(max_length=64)], body: BudgetBody) -> Response:
    """Set or remove the budget of a site's month."""
    context: Context = request.app.state.context

    def known(reader: LedgerReader) -> str:
        return context.session(reader, site).sites[0].id

    found = await context.pool.read(known, Lane.QUICK)
    try:
        budget = None if body.budget is None or not body.budget.strip() else parse_budget(body.budget)
    except BudgetError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"budget: {error}", parameter="budget") from None
    stored = "" if budget is None else f"{budget:f}"
    await context.write(lambda ledger: ledger.put_value(budget_key(found), stored))
    return json_response({"site": found, "budget": None if budget is None else f"{budget:.2f}"})
