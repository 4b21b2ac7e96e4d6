"""meterit's addresses."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.auth import require_meterit_access, require_token
from tictally_recorder.api.compat.meterit.integrator import (
    MILLIWATTS,
    Integrator,
    StaleReadingError,
    TooManyStationsError,
    message_of,
    meter_of,
    station_of,
)
from tictally_recorder.api.context import Context
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.responses import JSON, as_json, local_day, told
from tictally_recorder.api.routes.common import context_of
from tictally_recorder.cost.model import Terms
from tictally_recorder.hubs.current_period import present_period
from tictally_recorder.hubs.site_state import aliases_on, paid_on
from tictally_recorder.ledger import INTEGRATED_EDGE, Ledger, LedgerReader, Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.frames import parse_time_ms

router = APIRouter(prefix="/meterit", tags=["meterit"], dependencies=[Depends(require_meterit_access)])

_NOTE: Final = "http-readings"
_MOST_WATTS: Final = 99_999
_MOST_STATION: Final = 999_999
_AHEAD_MS: Final = 10 * 60 * 1000
_OK: Final = {"status": 200, "message": "OK"}
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "required": ["watts", "station_id"],
                    "properties": {
                        "watts": {"type": "number", "minimum": 0, "maximum": _MOST_WATTS},
                        "station_id": {"type": "integer", "minimum": 0, "maximum": _MOST_STATION},
                        "time_created": {"type": "string", "format": "date-time"},
                    },
                }
            }
        },
    }
}


class Done(BaseModel):
    """meterit's answer to what succeeds."""

    status: int
    message: str


class ReadingItem(BaseModel):
    """A reading with the price of a kWh at its time."""

    model_config = ConfigDict(extra="forbid")

    time_created: str
    watts: float = Field(ge=0)
    station_id: int
    price: str | None


class Readings(BaseModel):
    """Readings, the newest first."""

    readings: list[ReadingItem]


class Price(BaseModel):
    """Of a kWh."""

    price: str | None


@dataclass(frozen=True, slots=True)
class _Reading:
    station: int
    milliwatts: int
    time_ms: int


@router.post("/", response_model=Done, openapi_extra=_BODY)
@router.post("", include_in_schema=False)
async def hand_in(request: Request) -> Response:
    """A reading, answered when it is safe; the same station and time again changes nothing."""
    context = context_of(request)
    now_ms = int(context.now.timestamp() * 1000)
    reading = _reading(await _json(request), now_ms)

    def work(ledger: Ledger) -> None:
        book = Integrator.of(ledger.get_value(_NOTE), lambda: secrets.token_hex(8))
        message = message_of(book.frame(reading.station, reading.time_ms, reading.milliwatts), now_ms)
        ledger.store([message], {_NOTE: book.to_json()})
        context.broadcast.publish_stored([message])

    try:
        await context.write(work)
    except TooManyStationsError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from None
    except StaleReadingError as error:
        if not await context.pool.read(lambda reader: _is_known(reader, reading)):
            raise Problem(HTTPStatus.BAD_REQUEST, f"{error}, and what lies before it is counted") from None
    return _answer(_OK)


@router.get("/", response_model=Readings)
@router.get("", include_in_schema=False)
async def readings(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """Readings of the last two days, the newest first, with the price of a kWh at their time."""
    context = context_of(request)

    def work(reader: LedgerReader) -> Response:
        sites = reader.sites()
        terms, _, _ = context.terms(sites)
        whose = {meter.id: (meter.key, site) for site in sites for meter in site.meters}
        meters = reader.meters_of_edge(INTEGRATED_EDGE)
        found = [
            {
                "time_created": told(time_ms, context.tz),
                "watts": int(values.get(MILLIWATTS, 0)) / 1000,
                "station_id": station_of(whose[meter][0]),
                "price": _price(whose[meter][1], time_ms, None, terms, context),
            }
            for meter, time_ms, values in reader.latest_frames(meters, limit, offset)
        ]
        return _answer({"readings": found})

    return await context.pool.read(work)


@router.get("/current_price", response_model=Price)
async def current_price(
    request: Request, station_id: Annotated[int | None, Query(ge=0, le=_MOST_STATION)] = None
) -> Response:
    """Of a kWh now: the station's, or that of the first site that has one."""
    context = context_of(request)
    now_ms = int(context.now.timestamp() * 1000)

    def work(reader: LedgerReader) -> Response:
        sites = reader.sites()
        terms, _, _ = context.terms(sites)
        if station_id is not None:
            key = meter_of(station_id)
            sites = [site for site in sites if any(meter.key == key for meter in site.meters)]
        since_ms = now_ms - context.settings.idle_minutes * 60_000
        today = local_day(now_ms, context.tz)
        periods = (present_period(reader, each, since_ms, aliases_on(each.id, today, terms)) for each in sites)
        prices = (_price(each, now_ms, period, terms, context) for each, period in zip(sites, periods, strict=True))
        return _answer({"price": next((price for price in prices if price is not None), None)})

    return await context.pool.read(work)


@router.get("/force_get_prices", response_model=Done, dependencies=[Depends(require_token)])
async def force_get_prices(request: Request) -> Response:
    """Price lists and contracts are looked at now."""
    context_of(request).reload_terms()
    return _answer(_OK)


@router.get("/ping", response_model=Done)
async def ping() -> Response:
    """Whether this is here."""
    return _answer(_OK)


def _answer(body: Mapping[str, object]) -> Response:
    return Response(as_json(body), media_type=JSON, headers={"cache-control": "no-store"})


async def _json(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise _bad("a reading is JSON, and says so: content-type: application/json")
    try:
        found = json.loads(await request.body(), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError):  # a number of any length and any power is JSON
        raise _bad('this is no JSON such as {"watts": 123.4, "station_id": 1}') from None
    if not isinstance(found, dict):
        raise _bad('a reading is an object such as {"watts": 123.4, "station_id": 1}')
    return found


def _no_number(name: str) -> None:
    raise ValueError(name)


def _reading(body: Mapping[str, Any], now_ms: int) -> _Reading:
    told_watts, station, created = body.get("watts"), body.get("station_id"), body.get("time_created")
    watts = Decimal(told_watts) if isinstance(told_watts, int | Decimal) and not isinstance(told_watts, bool) else None
    if watts is None or not 0 <= watts <= _MOST_WATTS:
        raise _bad(f"watts is a number from 0 to {_MOST_WATTS}")
    if type(station) is not int or not 0 <= station <= _MOST_STATION:
        raise _bad(f"station_id is a whole number from 0 to {_MOST_STATION}")
    time_ms = now_ms
    if created is not None:
        try:
            time_ms = parse_time_ms(created) if isinstance(created, str) else -1
        except (ValueError, OverflowError):
            time_ms = -1
        if time_ms < 0:
            raise _bad("time_created is a time with offset: 2026-11-21T20:27:09+01:00")
    if time_ms > now_ms + _AHEAD_MS:
        raise _bad("time_created lies in the future")
    return _Reading(station, int((watts * 1000).to_integral_value()), time_ms)


def _bad(sentence: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, sentence)


def _is_known(reader: LedgerReader, reading: _Reading) -> bool:
    key = meter_of(reading.station)
    meters = [meter for site in reader.sites() for meter in site.meters if meter.key == key]
    return any(True for meter in meters for _ in reader.frames(meter.id, reading.time_ms, reading.time_ms + 1))


def _price(site: Site, time_ms: int, period: str | None, terms: Terms | None, context: Context) -> str | None:
    paid = paid_on(site.id, Direction.CONSUMPTION, local_day(time_ms, context.tz), terms)
    price = paid.price(terms, paid.period(period), time_ms) if paid and terms else None
    return None if price is None else f"{price:f}"
