"""What a site injects and produces: energy, income, self-consumption; and when it has a surplus."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import MAX_DAYS, REPLAY_DAYS, YEAR_DAYS, ListParams, day_range
from tictally_recorder.api.problem_details import invalid_parameter
from tictally_recorder.api.responses import Listing, Record, answer_list, csv_responses, local_iso
from tictally_recorder.api.schemas import InjectionItem, ListOf, SurplusItem
from tictally_recorder.api.site_injection import SiteInjection
from tictally_recorder.api.worker_pool import Lane
from tictally_shared.calendar import QUARTER_MS, By

router = APIRouter(tags=["energy"])

_COLUMNS: Final = (
    *("site", "from", "to", "consumption_wh", "injection_wh", "estimated", "income", "currency", "quarters"),
    *("production_wh", "production_estimated", "production_quarters", "both_quarters", "self_consumed_wh"),
    *("self_consumption", "self_production", "is_contradictory"),
)
_PROFILE: Final = ("site", "month", "hour", "mean_w", "hours")
_BY: Final = (By.HOUR, By.DAY, By.MONTH, By.YEAR)
# A year reads 35 000 quarter-hours; further back they are asked for year by year.
_MOST_DAYS: Final = {By.HOUR: MAX_DAYS[By.QUARTER], By.DAY: REPLAY_DAYS, By.MONTH: REPLAY_DAYS, By.YEAR: REPLAY_DAYS}


class InjectionParams(ListParams):
    """Selects injection."""

    by: By = Field(By.DAY, description="The period of a row: hour, day, month or year.")


@router.get("/injection", response_model=ListOf[InjectionItem], responses=csv_responses(_COLUMNS))
async def injection(request: Request, params: Annotated[InjectionParams, Query()]) -> Response:
    """Injected energy and its income by period, and self-consumption where the production is known."""
    context: Context = request.app.state.context
    if params.by not in _BY:
        raise invalid_parameter("by", f"{params.by} is none of {', '.join(_BY)}")
    days = day_range(params, context.now(), context.tz, max_days=_MOST_DAYS[params.by], days_back=30)

    def work(session: ReadSession) -> Listing:
        items: list[Record] = []
        totals: list[Record] = []
        sources: list[Record] = []
        newest = session.reader.newest_production()
        for site in session.sites:
            found = SiteInjection(session, site, session.current_terms(), days, params.by)
            items += found.records()
            if (total := found.total()) is not None:
                totals.append(total)
            source = found.source
            if source is not None:
                heard = None if source.site is not None or newest is None else (newest + 1) * QUARTER_MS
                until = source.site.last_ms if source.site is not None else heard
                sources.append(
                    {
                        "site": site.id,
                        "kind": source.name,
                        "meter": None if source.site is None else source.site.id,
                        "until": None if until is None else local_iso(until // 1000 * 1000, session.tz),
                    }
                )
        return Listing(items, {"totals": totals, "sources": sources})

    return await answer_list(request, params.site, work, _COLUMNS, Lane.SLOW)


@router.get("/injection/profile", response_model=ListOf[SurplusItem], responses=csv_responses(_PROFILE))
async def surplus(request: Request, params: Annotated[ListParams, Query()]) -> Response:
    """Mean power injected by month and local hour, of the hours that have frames throughout."""
    context: Context = request.app.state.context
    days = day_range(params, context.now(), context.tz, max_days=REPLAY_DAYS, days_back=YEAR_DAYS)

    def work(session: ReadSession) -> Listing:
        current = session.current_terms()
        found = (SiteInjection(session, site, current, days) for site in session.sites)
        return Listing([item for each in found for item in each.profile()])

    return await answer_list(request, params.site, work, _PROFILE, Lane.SLOW)
