"""Conso API's addresses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.auth import bearer
from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.compat.conso.series import daily, load_curve, max_power
from tictally_recorder.api.compat.conso.tokens import TokenBook, TokenError
from tictally_recorder.api.context import Context
from tictally_recorder.api.params import Times
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.responses import JSON, as_json
from tictally_recorder.api.routes.common import context_of
from tictally_recorder.api.settings import ConsoSettings
from tictally_recorder.energy.register_totals import consumption_total, injection_total
from tictally_recorder.ledger import LedgerReader, Quarter, Site
from tictally_shared.calendar import By, CalendarError, local_midnight, parse_moment

router = APIRouter(prefix="/api", tags=["conso"])

_MOST_DAYS: Final = 366
_MOST_CURVE_DAYS: Final = 7
_DAY_LENGTH: Final = len("2026-11-21")


class Interval(BaseModel):
    """A value."""

    value: str
    date: str
    interval_length: str | None = None
    measure_type: str | None = None


class Metering(BaseModel):
    """What Conso API answers."""

    usage_point_id: str
    start: str
    end: str
    quality: str
    reading_type: dict[str, str]
    interval_reading: list[Interval]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is asked for."""

    reading_type: Mapping[str, str]
    most_days: int
    by: By | None
    is_consumption: bool = True


_ENERGY: Final = {"unit": "Wh", "measurement_kind": "energy", "aggregate": "sum", "measuring_period": "P1D"}
_CURVE: Final = {"unit": "W", "measurement_kind": "power", "aggregate": "average"}
_MAXIMUM: Final = {"unit": "VA", "measurement_kind": "power", "aggregate": "maximum", "measuring_period": "P1D"}

Prm = Annotated[str | None, Query(max_length=64, description="The delivery point.")]
Start = Annotated[str | None, Query(max_length=40, description="The first day.")]
End = Annotated[str | None, Query(max_length=40, description="The day after the last.")]


@router.get("/daily_consumption", response_model=Metering)
async def daily_consumption(request: Request, prm: Prm = None, start: Start = None, end: End = None) -> Response:
    """Energy consumed by day; today's as far as it has come."""
    return await _answer(request, _Kind(_ENERGY, _MOST_DAYS, By.DAY), prm, start, end)


@router.get("/consumption_load_curve", response_model=Metering)
async def consumption_load_curve(request: Request, prm: Prm = None, start: Start = None, end: End = None) -> Response:
    """Mean power consumed by half hour, dated by its end."""
    return await _answer(request, _Kind(_CURVE, _MOST_CURVE_DAYS, By.QUARTER), prm, start, end)


@router.get("/consumption_max_power", response_model=Metering)
async def consumption_max_power(request: Request, prm: Prm = None, start: Start = None, end: End = None) -> Response:
    """The greatest power consumed by day."""
    return await _answer(request, _Kind(_MAXIMUM, _MOST_DAYS, None), prm, start, end)


@router.get("/daily_production", response_model=Metering)
async def daily_production(request: Request, prm: Prm = None, start: Start = None, end: End = None) -> Response:
    """Energy injected by day."""
    return await _answer(request, _Kind(_ENERGY, _MOST_DAYS, By.DAY, is_consumption=False), prm, start, end)


@router.get("/production_load_curve", response_model=Metering)
async def production_load_curve(request: Request, prm: Prm = None, start: Start = None, end: End = None) -> Response:
    """Mean power injected by half hour, dated by its end."""
    return await _answer(request, _Kind(_CURVE, _MOST_CURVE_DAYS, By.QUARTER, is_consumption=False), prm, start, end)


async def _answer(request: Request, kind: _Kind, prm: str | None, start: str | None, end: str | None) -> Response:
    context = context_of(request)
    allowed = await context.pool.run(lambda: _allowed(request, context))
    if not prm:
        raise _bad("prm is missing: it is the number of the delivery point")
    if prm not in allowed:
        raise Problem(HTTPStatus.FORBIDDEN, f"this token does not open {prm[:20]}")
    first, until = _day("start", start, context), _day("end", end, context)
    if first >= until:
        raise _bad(f"start ({first}) must be before end ({until}), which is excluded")
    if (until - first).days > kind.most_days:
        raise _bad(f"at most {kind.most_days} days can be asked for at once")

    def work(reader: LedgerReader) -> Response:
        site = _site(reader, context, prm)
        found = list(_intervals(context, reader, site, kind, first, until)) if site else []
        if not found:
            raise _not_found()
        body = {
            "usage_point_id": prm,
            "start": str(first),
            "end": str(until),
            "quality": "BRUT",
            "reading_type": dict(kind.reading_type),
            "interval_reading": found,
        }
        return Response(as_json(body), media_type=JSON, headers={"cache-control": "no-store"})

    return await context.pool.read(work)


def _allowed(request: Request, context: Context) -> tuple[str, ...]:
    token = bearer(request)
    headers = {"www-authenticate": 'Bearer realm="tictally"'}
    if token is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "there is no token; tictally token create makes one", headers=headers)
    try:
        return TokenBook(context.settings.ledger.parent).prms_of(token, context.now)
    except TokenError as error:
        raise Problem(HTTPStatus.UNAUTHORIZED, str(error), headers=headers) from None


def _intervals(  # noqa: PLR0913, PLR0917 - all that an answer depends on
    context: Context, reader: LedgerReader, site: Site, kind: _Kind, first: date, until: date
) -> Iterable[dict[str, str]]:
    tz = context.tz
    window = Times(local_midnight(first, tz), min(local_midnight(until, tz), context.now))
    if window.start >= window.end:
        return []
    if kind.by is None:
        return max_power(_quarters(reader, site, window), tz)
    rows, _ = cached_energy(reader, context.energies, site, window, kind.by, tz, context.today, all_registers=True)
    total = consumption_total if kind.is_consumption else injection_total
    if kind.by is By.DAY:
        return daily(rows, total, tz)
    last_ms = max(meter.last_ms for meter in site.meters)
    return load_curve(rows, total, tz, min(window.bounds_ms[1], last_ms))


def _quarters(reader: LedgerReader, site: Site, window: Times) -> Iterable[Quarter]:
    for meter in site.meters:
        yield from reader.quarters(meter.id, *window.bounds_ms)


def _site(reader: LedgerReader, context: Context, prm: str) -> Site | None:
    name = context.settings.section(ConsoSettings).prms.get(prm, prm)
    sites = reader.sites()
    return next((site for site in sites if name == site.id or any(name == meter.key for meter in site.meters)), None)


def _day(name: str, text: str | None, context: Context) -> date:
    if not text:
        raise _bad(f"{name} is missing: a day such as 2026-11-21")
    try:
        moment = parse_moment(text, context.tz) if len(text) == _DAY_LENGTH else None
    except (CalendarError, OverflowError):
        moment = None
    if moment is None:
        raise _bad(f"{name} is no day such as 2026-11-21")
    return moment.astimezone(context.tz).date()


def _bad(sentence: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, sentence)


def _not_found() -> Problem:
    told = {"error": "no_data_found", "error_description": "no measure found for this usage point"}
    return Problem(HTTPStatus.NOT_FOUND, "no_data_found", more={"error": told})
