"""The addresses of Conso API."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.auth import bearer
from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.compat.conso.series import daily, load_curve, max_power
from tictally_recorder.api.compat.conso.tokens import TokenBook, TokenError
from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import DayRange, TimeRange
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.responses import json_response
from tictally_recorder.api.settings import ConsoSettings
from tictally_recorder.energy.register_totals import consumption_total, injection_total
from tictally_recorder.ledger import LedgerReader, Quarter, Site
from tictally_shared.calendar import By, CalendarError, local_midnight, parse_moment

router = APIRouter(prefix="/api", tags=["conso"])

_MAX_DAYS: Final = 366
_MAX_CURVE_DAYS: Final = 7
_DAY_LENGTH: Final = len("2026-11-21")


class Interval(BaseModel):
    """A value."""

    value: str
    date: str
    interval_length: str | None = None
    measure_type: str | None = None


class Metering(BaseModel):
    """A response of Conso API."""

    usage_point_id: str
    start: str
    end: str
    quality: str
    reading_type: dict[str, str]
    interval_reading: list[Interval]


class MeteringParams(BaseModel):
    """Selects a delivery point and days."""

    model_config = ConfigDict(frozen=True)

    prm: str | None = Field(None, max_length=64, description="Number of the delivery point.")
    start: str | None = Field(None, max_length=40, description="The first day.")
    end: str | None = Field(None, max_length=40, description="The day after the last.")


@dataclass(frozen=True, slots=True)
class _MeteringSeries:
    """What an address returns.

    Attributes:
        reading_type: as Conso API describes it.
        max_days: of a request.
        by: length of the intervals that are read; None: the day's maximum power.
        is_consumption: False: injection.
    """

    reading_type: Mapping[str, str]
    max_days: int
    by: By | None
    is_consumption: bool = True


_ENERGY: Final = {"unit": "Wh", "measurement_kind": "energy", "aggregate": "sum", "measuring_period": "P1D"}
_CURVE: Final = {"unit": "W", "measurement_kind": "power", "aggregate": "average"}
_MAXIMUM: Final = {"unit": "VA", "measurement_kind": "power", "aggregate": "maximum", "measuring_period": "P1D"}

Params = Annotated[MeteringParams, Query()]


@router.get("/daily_consumption", response_model=Metering)
async def daily_consumption(request: Request, params: Params) -> Response:
    """Energy consumed by day, that of today up to now."""
    return await _answer(request, _MeteringSeries(_ENERGY, _MAX_DAYS, By.DAY), params)


@router.get("/consumption_load_curve", response_model=Metering)
async def consumption_load_curve(request: Request, params: Params) -> Response:
    """Mean power consumed by half-hour, dated by its end."""
    return await _answer(request, _MeteringSeries(_CURVE, _MAX_CURVE_DAYS, By.QUARTER), params)


@router.get("/consumption_max_power", response_model=Metering)
async def consumption_max_power(request: Request, params: Params) -> Response:
    """Maximum power consumed by day."""
    return await _answer(request, _MeteringSeries(_MAXIMUM, _MAX_DAYS, None), params)


@router.get("/daily_production", response_model=Metering)
async def daily_production(request: Request, params: Params) -> Response:
    """Energy injected by day."""
    return await _answer(request, _MeteringSeries(_ENERGY, _MAX_DAYS, By.DAY, is_consumption=False), params)


@router.get("/production_load_curve", response_model=Metering)
async def production_load_curve(request: Request, params: Params) -> Response:
    """Mean power injected by half-hour, dated by its end."""
    return await _answer(request, _MeteringSeries(_CURVE, _MAX_CURVE_DAYS, By.QUARTER, is_consumption=False), params)


async def _answer(request: Request, series: _MeteringSeries, params: MeteringParams) -> Response:
    context: Context = request.app.state.context
    prm = params.prm
    allowed = await context.pool.run(lambda: _allowed_prms(request, context))
    if not prm:
        raise _bad_request("prm is missing: the number of the delivery point")
    if prm not in allowed:
        raise Problem(HTTPStatus.FORBIDDEN, f"the token does not give access to {prm[:20]}")
    days = DayRange(_day("start", params.start, context.tz), _day("end", params.end, context.tz))
    if days.first >= days.until:
        raise _bad_request(f"start ({days.first}) must be before end ({days.until}), which is excluded")
    if (days.until - days.first).days > series.max_days:
        raise _bad_request(f"the range is longer than {series.max_days} days, the maximum for this request")

    def work(reader: LedgerReader) -> Response:
        session = context.session(reader)
        site = _site(session, prm)
        intervals = list(_intervals(session, site, series, days)) if site else []
        if not intervals:
            raise _not_found()
        body = {
            "usage_point_id": prm,
            "start": str(days.first),
            "end": str(days.until),
            "quality": "BRUT",
            "reading_type": dict(series.reading_type),
            "interval_reading": intervals,
        }
        return json_response(body)

    return await context.pool.read(work)


def _allowed_prms(request: Request, context: Context) -> tuple[str, ...]:
    token = bearer(request)
    headers = {"www-authenticate": 'Bearer realm="tictally"'}
    if token is None:
        raise Problem(
            HTTPStatus.UNAUTHORIZED, "a token is required; create one with tictally token create", headers=headers
        )
    try:
        return TokenBook(context.settings.ledger.parent).prms_of(token, context.now())
    except TokenError as error:
        raise Problem(HTTPStatus.UNAUTHORIZED, str(error), headers=headers) from None


def _intervals(session: ReadSession, site: Site, series: _MeteringSeries, days: DayRange) -> Iterable[dict[str, str]]:
    tz = session.tz
    window = TimeRange(local_midnight(days.first, tz), min(local_midnight(days.until, tz), session.now))
    if window.start >= window.end:
        return []
    if series.by is None:
        return max_power(_quarters(session.reader, site, window), tz)
    rows, _ = cached_energy(session, site, window, series.by, all_registers=True)
    total = consumption_total if series.is_consumption else injection_total
    if series.by is By.DAY:
        return daily(rows, total, tz)
    last_ms = max(meter.last_ms for meter in site.meters)
    return load_curve(rows, total, tz, min(window.bounds_ms[1], last_ms))


def _quarters(reader: LedgerReader, site: Site, window: TimeRange) -> Iterable[Quarter]:
    for meter in site.meters:
        yield from reader.quarters(meter.id, *window.bounds_ms)


def _site(session: ReadSession, prm: str) -> Site | None:
    name = session.context.settings.section(ConsoSettings).prms.get(prm, prm)
    return next(
        (site for site in session.sites if name == site.id or any(name == meter.key for meter in site.meters)), None
    )


def _day(name: str, text: str | None, tz: ZoneInfo) -> date:
    if not text:
        raise _bad_request(f"{name} is missing: a day such as 2026-11-21")
    try:
        moment = parse_moment(text, tz) if len(text) == _DAY_LENGTH else None
    except (CalendarError, OverflowError):
        moment = None
    if moment is None:
        raise _bad_request(f"{name} is not a day such as 2026-11-21")
    return moment.astimezone(tz).date()


def _bad_request(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)


def _not_found() -> Problem:
    error = {"error": "no_data_found", "error_description": "no measure found for this usage point"}
    return Problem(HTTPStatus.NOT_FOUND, "no_data_found", more={"error": error})
