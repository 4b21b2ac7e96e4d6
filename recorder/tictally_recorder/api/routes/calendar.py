"""The calendar of Tempo: the colours of a season, as far as they are known, and the days that are left of each."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import ReadSession
from tictally_recorder.api.params import SiteParams
from tictally_recorder.api.problem_details import unavailable
from tictally_recorder.api.responses import Listing, answer_list
from tictally_recorder.api.schemas import ListOf, TempoDayItem
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.calendars.tempo import TempoCalendar, TempoSource, days, season
from tictally_recorder.hubs.tempo_days import reported_colours

router = APIRouter(prefix="/calendar", tags=["prices"])

_METER = TempoSource("meter", "official")
_FIRST_SEASON, _LAST_SEASON = 1996, 2398  # Tempo began in 1996


class SeasonParams(SiteParams):
    """Selects a season."""

    season: int | None = Field(
        None,
        ge=_FIRST_SEASON,
        le=_LAST_SEASON,
        description="The year in which it begins, on 1 September; default: now.",
    )


@router.get("/tempo", response_model=ListOf[TempoDayItem])
async def tempo_calendar(request: Request, params: Annotated[SeasonParams, Query()]) -> Response:
    """Every day of a Tempo season whose colour is known, with its source; and the days that are left of each colour."""

    def work(session: ReadSession) -> Listing:
        catalogue = session.current_terms().catalogue
        if catalogue is None:
            raise unavailable("a bundled tariff is broken; the recorder's log has the details", retry_after_s=60)
        known = catalogue.tempo
        for site in session.sites:
            found = reported_colours(session.reader, site, session.now_ms, session.tz)
            known = TempoCalendar(found, dict.fromkeys(found, _METER)).over(known)
        first, last = season(date(params.season, 9, 1) if params.season else session.today)
        items = [
            {
                "day": str(day),
                "colour": known.colours[day].name,
                "source": known.sources[day].name,
                "confidence": known.sources[day].confidence,
            }
            for day in days(first, last)
            if day in known.colours
        ]
        left = known.days_left(min(max(session.today, first), last)) if first <= session.today else None
        extra = {
            "from": str(first),
            "to": str(last),
            "left": None if left is None else {colour.name: count for colour, count in left.items()},
        }
        return Listing(items, extra)

    return await answer_list(request, params.site, work, lane=Lane.QUICK)
