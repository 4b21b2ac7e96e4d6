"""A single local day: totals, hours, events, other days beside it; and its power."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import SiteParams
from tictally_recorder.api.problem_details import invalid_parameter
from tictally_recorder.api.responses import Listing, answer_list
from tictally_recorder.api.schemas import CurveItem, DayItem, ListOf
from tictally_recorder.api.site_day import SiteDay, power_curve

router = APIRouter(tags=["energy"])

# What a clock's zone is known for, and a meter may have seen.
_FIRST, _LAST = date(1970, 1, 10), date(2399, 12, 31)


class DayParams(SiteParams):
    """Selects sites and a day."""

    day: str | None = Field(None, max_length=40, description="A local day; default: today.")


@router.get("/day", response_model=ListOf[DayItem])
async def day(request: Request, params: Annotated[DayParams, Query()]) -> Response:
    """A local day: energy and cost in all and by hour, highest power, temperature, gaps, overloads, days beside it."""
    wanted = _day(request, params)

    def work(session: ReadSession) -> Listing:
        current = session.current_terms()
        return Listing([SiteDay(session, site, current, wanted).record() for site in session.sites])

    return await answer_list(request, params.site, work)


@router.get("/day/power", response_model=ListOf[CurveItem])
async def day_power(request: Request, params: Annotated[DayParams, Query()]) -> Response:
    """The power of a local day: by minute where raw frames are kept, else by quarter-hour."""
    wanted = _day(request, params)

    def work(session: ReadSession) -> Listing:
        curves = [(site.id, power_curve(session, site, wanted)) for site in session.sites]
        return Listing(
            [
                {
                    "site": site,
                    "day": str(wanted),
                    "step_s": each.step_s,
                    "mean_va": each.mean_va,
                    "max_va": each.max_va,
                }
                for site, each in curves
            ]
        )

    return await answer_list(request, params.site, work)


def _day(request: Request, params: DayParams) -> date:
    context: Context = request.app.state.context
    if params.day is None:
        return context.now().astimezone(context.tz).date()
    try:
        found = date.fromisoformat(params.day)
    except ValueError:
        found = None
    if found is None or not _FIRST <= found <= _LAST:
        raise invalid_parameter("day", f"{params.day[:40]!r} is no day, such as 2026-11-21")
    return found
