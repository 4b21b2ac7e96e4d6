"""A month, a billing month or a year in one answer."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, CurrentTerms, ReadSession
from tictally_recorder.api.params import SiteParams
from tictally_recorder.api.period_cache import days_of
from tictally_recorder.api.problem_details import invalid_parameter
from tictally_recorder.api.responses import Listing, Record, answer_list
from tictally_recorder.api.schemas import ListOf
from tictally_recorder.api.site_period import SitePeriod, billing_months
from tictally_recorder.ledger import Site
from tictally_recorder.versus import Span
from tictally_shared.calendar import FIRST_YEAR, LAST_YEAR

router = APIRouter(tags=["energy"])

_DAY: Final = timedelta(days=1)


class PeriodBy(StrEnum):
    """What is asked for."""

    MONTH = "month"
    BILL = "bill"
    YEAR = "year"


class PeriodParams(SiteParams):
    """Selects a period."""

    by: PeriodBy = Field(PeriodBy.MONTH, description="bill: the month of a bill, by the contract's billing day.")
    day: str | None = Field(None, max_length=10, description="A local day in it; default: today.")


@router.get("/period", response_model=ListOf[dict[str, Any]])
async def period(request: Request, params: Annotated[PeriodParams, Query()]) -> Response:
    """The month, billing month or year of a day: what is known of it, kinds of day, degree-days."""
    context: Context = request.app.state.context
    day = _day(context, params.day)

    def work(session: ReadSession) -> Listing:
        current = session.current_terms()
        return Listing([_record(session, current, site, params.by, day) for site in session.sites])

    return await answer_list(request, params.site, work)


def _record(session: ReadSession, current: CurrentTerms, site: Site, by: PeriodBy, day: date) -> Record:
    """The record of a period, with a day of the one before and of the one after where those have data."""
    span = _span(current, site, by, day)
    first, _ = days_of(site, session.tz)
    before, after = span.first - _DAY, span.until
    return {
        **SitePeriod(session, site, current, span).record(),
        "by": str(by),
        "before": str(_span(current, site, by, before).first) if first < span.first else None,
        "after": str(after) if after <= session.today else None,
    }


def _span(current: CurrentTerms, site: Site, by: PeriodBy, day: date) -> Span:
    if by is PeriodBy.YEAR:
        return Span(date(day.year, 1, 1), date(day.year + 1, 1, 1))
    if by is PeriodBy.BILL:
        months = billing_months(current, site)
        return Span(*months.first_days(day, day + _DAY))
    first = day.replace(day=1)
    return Span(first, (first + timedelta(days=32)).replace(day=1))


def _day(context: Context, text: str | None) -> date:
    if text is None:
        return context.now().astimezone(context.tz).date()
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year < LAST_YEAR:
        raise invalid_parameter("day", f"{text!r} is no day, such as 2026-11-21")
    return found
