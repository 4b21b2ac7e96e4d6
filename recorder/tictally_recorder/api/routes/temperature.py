"""Outdoor temperature, degree-days, and consumption against them."""

from decimal import Decimal
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import MAX_DAYS, YEAR_DAYS, ListParams, day_range
from tictally_recorder.api.responses import Listing, Record, answer_list, csv_responses
from tictally_recorder.api.schemas import ListOf
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.climate import climate_days, fit_of, rows_of
from tictally_recorder.reports.climate import COLUMNS, ClimateBy, fit_record, records
from tictally_shared.calendar import By

router = APIRouter(tags=["temperature"])

_BASE_C: Final = 18.0


class TemperatureParams(ListParams):
    """Selects temperatures."""

    by: ClimateBy = Field(ClimateBy.DAY, description="What a row has; temperature: classes of two degrees.")
    base: float = Field(_BASE_C, ge=0, le=30, description="Base of the degree-days, °C.")


@router.get("/temperature", response_model=ListOf[dict[str, Any]], responses=csv_responses(COLUMNS))
async def temperature(request: Request, params: Annotated[TemperatureParams, Query()]) -> Response:
    """Consumption against temperature: the records of `tictally temperature`, and in `fit` what a degree-day takes."""
    context: Context = request.app.state.context
    days = day_range(params, context.now(), context.tz, max_days=MAX_DAYS[By.DAY], days_back=YEAR_DAYS)
    base_c = Decimal(str(params.base))

    def work(session: ReadSession) -> Listing:
        items: list[Record] = []
        fits: list[Record] = []
        for site in session.sites:
            found = climate_days(session.reader, site, (days.first, days.until), session.tz)
            if any(each.mean_c is not None for each in found):
                items += records(site.id, params.by, rows_of(found, params.by.period, base_c, session.tz))
                if (fit := fit_of(found, base_c)) is not None:
                    fits.append(fit_record(site.id, fit))
        return Listing(items, {"fit": fits})

    return await answer_list(request, params.site, work, COLUMNS, Lane.SLOW)
