"""The addresses of Conso API."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal, NoReturn
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.compat.conso import errors
from tictally_recorder.api.compat.conso.series import Interval, daily, load_curve, max_power
from tictally_recorder.api.compat.conso.tokens import TokenBook, TokenError
from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import DayRange, TimeRange
from tictally_recorder.api.problem_details import CONSO_PATHS
from tictally_recorder.api.responses import json_response
from tictally_recorder.api.settings import ConsoSettings
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.energy.register_totals import consumption_total, injection_total
from tictally_recorder.ledger import LedgerReader, Quarter, Site
from tictally_shared.calendar import By, CalendarError, local_midnight, parse_moment

router = APIRouter(prefix="/api", tags=["conso"])

_MAX_DAYS: Final = 366
_MAX_CURVE_DAYS: Final = 7
_DAY: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_RAW, _ESTIMATED = "BRUT", "ESTIME"


class IntervalReading(BaseModel):
    """A value. `measure_type`: `B`, or `E` for an estimated one."""

    value: str
    date: str
    interval_length: str | None = None
    measure_type: Literal["B", "E"] | None = None


class Metering(BaseModel):
    """A response of Conso API. `quality`: `BRUT`, or `ESTIME` where one of the values is estimated."""

    usage_point_id: str
    start: str
    end: str
    quality: Literal["BRUT", "ESTIME"]
    reading_type: dict[str, str]
    interval_reading: list[IntervalReading]


class MeteringParams(BaseModel):
    """Selects a delivery point and days."""

    model_config = ConfigDict(frozen=True)

    prm: str | None = Field(None, description="Number of the delivery point, of 14 digits.")
    start: str | None = Field(None, description="The first day, such as 2026-11-20.")
    end: str | None = Field(None, description="The day after the last, such as 2026-11-21.")


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
    """Energy consumed by day, of the days that are over and were heard from their start to their end."""
    return await _answer(request, _MeteringSeries(_ENERGY, _MAX_DAYS, By.DAY), params)


@router.get("/consumption_load_curve", response_model=Metering)
async def consumption_load_curve(request: Request, params: Params) -> Response:
    """Mean power consumed by half-hour, dated by its end."""
    return await _answer(request, _MeteringSeries(_CURVE, _MAX_CURVE_DAYS, By.QUARTER), params)


@router.get("/consumption_max_power", response_model=Metering)
async def consumption_max_power(request: Request, params: Params) -> Response:
    """Maximum power consumed by day: the meter's own with its second, else that of its quarter-hours."""
    return await _answer(request, _MeteringSeries(_MAXIMUM, _MAX_DAYS, None), params)


@router.get("/daily_production", response_model=Metering)
async def daily_production(request: Request, params: Params) -> Response:
    """Energy injected by day."""
    return await _answer(request, _MeteringSeries(_ENERGY, _MAX_DAYS, By.DAY, is_consumption=False), params)


@router.get("/production_load_curve", response_model=Metering)
async def production_load_curve(request: Request, params: Params) -> Response:
    """Mean power injected by half-hour, dated by its end."""
    return await _answer(request, _MeteringSeries(_CURVE, _MAX_CURVE_DAYS, By.QUARTER, is_consumption=False), params)


def _options() -> Response:
    return Response(status_code=HTTPStatus.OK)


for _path in CONSO_PATHS:
    # As there, also without the headers of a browser's preflight request.
    router.add_api_route(_path.removeprefix(router.prefix), _options, methods=["OPTIONS"], include_in_schema=False)


async def _answer(request: Request, series: _MeteringSeries, params: MeteringParams) -> Response:
    """The response, or an error: checked in the order of Conso API."""
    context: Context = request.app.state.context
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    allowed = await context.pool.run(lambda: _allowed_prms(token, context), Lane.QUICK)
    prm = params.prm or ""
    issues = [*_issues(params, allowed)]
    if issues:
        raise errors.invalid_parameters(issues)
    if not token:
        raise errors.missing_header()
    if prm not in allowed:
        raise errors.wrong_token()
    days = DayRange(_day("start", params.start, context.tz), _day("end", params.end, context.tz))
    if days.first >= days.until:
        raise errors.invalid_request("Start date should be before end date.")
    if (days.until - days.first).days > series.max_days:
        raise errors.too_long(series.max_days)

    def work(reader: LedgerReader) -> Response:
        session = context.session(reader)
        site = _site(session, prm)
        intervals = list(_intervals(session, site, series, days)) if site else []
        if not intervals:
            raise errors.no_data()
        body = {
            "usage_point_id": prm,
            "start": str(days.first),
            "end": str(days.until),
            "quality": _ESTIMATED if any(each.is_estimated for each in intervals) else _RAW,
            "reading_type": dict(series.reading_type),
            "interval_reading": [each.record() for each in intervals],
        }
        return json_response(body)

    return await context.pool.read(work)


def _issues(params: MeteringParams, allowed: Collection[str]) -> Iterator[errors.Issue]:
    """What is wrong with the form of the parameters; a site's id may have fewer characters than a delivery point."""
    if params.prm is None:
        yield errors.missing_parameter("prm")
    elif len(params.prm) != errors.PRM_LENGTH and params.prm not in allowed:
        yield errors.wrong_length(params.prm)
    for name, text in (("start", params.start), ("end", params.end)):
        if text is None:
            yield errors.missing_parameter(name)
        elif not _DAY.search(text):
            yield errors.no_day(name)


def _allowed_prms(token: str, context: Context) -> tuple[str, ...]:
    """The delivery points of a token; none where it is not valid."""
    try:
        return TokenBook(context.settings.ledger.parent).prms_of(token, context.now()) if token else ()
    except TokenError:
        return ()


def _intervals(session: ReadSession, site: Site, series: _MeteringSeries, days: DayRange) -> Iterable[Interval]:
    tz = session.tz
    window = TimeRange(local_midnight(days.first, tz), min(local_midnight(days.until, tz), session.now))
    if window.start >= window.end:
        return []
    if series.by is None:
        over = DayRange(days.first, min(days.until, session.today))
        number = max((over.until - over.first).days, 0)
        wanted = [over.first + timedelta(days=n) for n in range(number)]
        maxima = session.reader.daily_maxima(site, over.first, over.until)
        return max_power(_quarters(session.reader, site, window), maxima, wanted, tz)
    rows, _ = cached_energy(session, site, window, series.by, all_registers=True)
    total = consumption_total if series.is_consumption else injection_total
    heard_ms = site.first_ms, site.last_ms
    make = daily if series.by is By.DAY else load_curve
    return make(rows, total, tz, heard_ms)


def _quarters(reader: LedgerReader, site: Site, window: TimeRange) -> Iterable[Quarter]:
    for meter in site.meters:
        yield from reader.quarters(meter.id, *window.bounds_ms)


def _site(session: ReadSession, prm: str) -> Site | None:
    name = session.context.settings.section(ConsoSettings).prms.get(prm, prm)
    return next(
        (site for site in session.sites if name == site.id or any(name == meter.key for meter in site.meters)), None
    )


def _day(name: str, text: str | None, tz: ZoneInfo) -> date:
    """The day of a parameter. Conso API lets through what only contains a day, and Enedis rejects it."""
    try:
        return parse_moment(text or "", tz).astimezone(tz).date() if _DAY.fullmatch(text or "") else _no_day(name)
    except (CalendarError, OverflowError):
        return _no_day(name)


def _no_day(name: str) -> NoReturn:
    raise errors.invalid_request(f"{name.capitalize()} date is incorrect.")
