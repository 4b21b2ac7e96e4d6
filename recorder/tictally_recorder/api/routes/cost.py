"""What energy cost, how each figure came about, and the bill of a range."""

from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.cached_cost import CostQuery, cached_cost
from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import BILL_DAYS, MAX_DAYS, ListParams, PageParams, day_range
from tictally_recorder.api.problem_details import invalid_parameter
from tictally_recorder.api.responses import Listing, PagedRows, Record, answer_list, csv_responses
from tictally_recorder.api.schemas import CostItem, ListOf
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.bill import make_bill
from tictally_recorder.cost.bill.as_json import record as bill_record
from tictally_recorder.cost.bill.powers import with_powers
from tictally_recorder.cost.bill.supplier.as_json import billed_record
from tictally_recorder.cost.bill.supplier.query import advance_of_contract, supplier_bill_of
from tictally_recorder.cost.contracts.load import MOST_MONTHS
from tictally_recorder.cost.coverage import Coverage
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.reports.cost import COLUMNS
from tictally_recorder.translations import phrase_record
from tictally_shared.calendar import By

router = APIRouter(tags=["cost"])


class CostBy(StrEnum):
    """The periods of costs."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    BILL = "bill"

    @property
    def longest(self) -> By:
        """The period whose limit holds."""
        return By.DAY if self is CostBy.BILL else By(self.value)


class CostParams(PageParams):
    """Selects cost."""

    by: CostBy = Field(CostBy.DAY, description="Length of a period; bill: the months of the contract's bills.")
    explain: bool = Field(default=False, description="Also how each figure came about.")


@router.get("/cost", response_model=ListOf[CostItem], responses=csv_responses(COLUMNS))
async def cost(request: Request, params: Annotated[CostParams, Query()]) -> Response:
    """Cost of energy and subscription, with the version of the tariff: the records of `tictally cost`."""
    context: Context = request.app.state.context
    by = params.by.longest
    days = day_range(params, context.now(), context.tz, max_days=MAX_DAYS[by])
    query = CostQuery(days, by, params.explain, is_by_bill=params.by is CostBy.BILL)

    def work(session: ReadSession) -> Listing:
        current = session.current_terms()
        terms = current.required()
        rows: list[tuple[int, Record]] = []
        remarks: list[Record] = []
        states: list[str | None] = []
        for site in session.sites:
            found = cached_cost(session, site, query, terms, current.version)
            rows += [(each.first.toordinal(), record) for each in found.periods for record in each.records]
            covered = Coverage.of(SiteDays(site, query.days.first, query.days.until, session.tz), context.now())
            remarks += [{"site": site.id} | phrase_record(each) for each in [*found.remarks, *covered.remarks()]]
            states.append(found.state)
        page = PagedRows(rows, params.limit, lambda start: str(date.fromordinal(start)))
        return Listing(page, {"remarks": remarks}, states=states)

    return await answer_list(request, params.site, work, COLUMNS, Lane.SLOW if params.explain else Lane.NORMAL)


class BillParams(ListParams):
    """Selects bills."""

    advance: Annotated[int, Field(ge=0, le=MOST_MONTHS)] | None = Field(
        None, description="Also the bill as a supplier lays it out, with the subscription of so many months in advance."
    )
    as_billed: bool = Field(
        default=False, description="The same, with the months of `billed_in_advance` of each site's contract."
    )


@router.get("/bill", response_model=ListOf[dict[str, Any]])
async def bill(request: Request, params: Annotated[BillParams, Query()]) -> Response:
    """A bill for each site: energy, subscription, taxes and contributions, total, and the tariffs behind it."""
    context: Context = request.app.state.context
    if params.start is None or params.end is None:
        missing = "from" if params.start is None else "to"
        raise invalid_parameter(missing, "a bill requires its first day and the day after its last")
    days = day_range(params, context.now(), context.tz, max_days=BILL_DAYS)

    def work(session: ReadSession) -> Listing:
        terms = session.current_terms().required()
        items = []
        for site in session.sites:
            query = SiteDays(site, days.first, days.until, session.tz)
            made = make_bill(site.id, days.first, days.until, cost_of(session.reader, query, terms), terms.tariffs)
            covered = Coverage.of(query, context.now())
            made = with_powers(made, terms)
            made = replace(made, is_integrated=site.is_integrated, covered=covered)
            advance = params.advance
            if advance is None and params.as_billed:
                advance = advance_of_contract(query, terms)
                if advance is None:
                    raise invalid_parameter("as_billed", f"the contract of {site.id} has no `billed_in_advance`")
            if advance is None:
                items.append(bill_record(made))
            else:
                laid_out = supplier_bill_of(session.reader, query, terms, made, advance)
                items.append(billed_record(made, laid_out))
        return Listing(items)

    return await answer_list(request, params.site, work, lane=Lane.SLOW)
