"""The addresses of meterit."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.auth import require_meterit_access, require_token
from tictally_recorder.api.compat.meterit.fetching import fetch_prices
from tictally_recorder.api.compat.meterit.integrator import (
    Integrator,
    StaleReadingError,
    TooManyStationsError,
    message_of,
    meter_of,
)
from tictally_recorder.api.compat.meterit.readings import STATE_KEY, stored_readings
from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.problem_details import Problem
from tictally_recorder.api.responses import JSON, json_response, local_iso
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.model import Terms
from tictally_recorder.hubs.current_period import current_period
from tictally_recorder.hubs.price_course import CourseTerms
from tictally_recorder.hubs.site_state import applied_tariff, period_aliases
from tictally_recorder.ledger import Ledger, LedgerReader, Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import local_day
from tictally_shared.frames import parse_time_ms

router = APIRouter(prefix="/meterit", tags=["meterit"], dependencies=[Depends(require_meterit_access)])

_MAX_WATTS: Final = 99_999
_DECIMAL: Final = re.compile(r"-?\d{1,9}(\.\d{1,9})?", re.ASCII)
_MAX_STATION_CHARACTERS: Final = 64
_MAX_AHEAD_MS: Final = 10 * 60 * 1000
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
                        "watts": {"type": "number", "minimum": 0, "maximum": _MAX_WATTS},
                        "station_id": {
                            "oneOf": [
                                {"type": "string", "minLength": 1, "maxLength": _MAX_STATION_CHARACTERS},
                                {"type": "integer", "minimum": 0},
                            ]
                        },
                        "time_created": {"type": "string", "format": "date-time"},
                    },
                }
            }
        },
    }
}


class Done(BaseModel):
    """The response to a request that succeeds."""

    status: int
    message: str


class ReadingItem(BaseModel):
    """A reading with the price of a kWh at its time."""

    model_config = ConfigDict(extra="forbid")

    id: int
    time_created: str
    watts: float = Field(ge=0)
    station_id: str
    price: float | None


class Readings(BaseModel):
    """Readings, newest first."""

    readings: list[ReadingItem]


class CurrentPrice(BaseModel):
    """The price of a kWh."""

    price: str | None


@dataclass(frozen=True, slots=True)
class _StationReading:
    station: str
    milliwatts: int
    time_ms: int


@router.post("/", response_model=Done, openapi_extra=_BODY)
@router.post("", include_in_schema=False)
async def add_reading(request: Request) -> Response:
    """Store a reading; the response comes once it is committed. The same station and time again changes nothing."""
    context: Context = request.app.state.context
    now_ms = int(context.now().timestamp() * 1000)
    reading = _parse_reading(await _parse_body(request), now_ms)

    def work(ledger: Ledger) -> None:
        integrator = Integrator.restore(ledger.get_value(STATE_KEY), lambda: secrets.token_hex(8))
        message = message_of(integrator.frame(reading.station, reading.time_ms, reading.milliwatts), now_ms)
        ledger.store([message], {STATE_KEY: integrator.to_json()})
        context.broadcast.publish_frames([message])

    try:
        await context.write(work)
    except TooManyStationsError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from None
    except StaleReadingError as error:
        if not await context.pool.read(lambda reader: _is_stored(reader, reading), Lane.QUICK):
            detail = f"{error}; the energy up to it is counted"
            raise Problem(HTTPStatus.BAD_REQUEST, detail) from None
    return json_response(_OK)


@router.get("/", response_model=Readings)
@router.get("", include_in_schema=False)
async def readings(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """Readings, newest first, with the price of a kWh: each of the last two days, before that the mean of a quarter."""
    context: Context = request.app.state.context

    def work(reader: LedgerReader) -> Response:
        session = context.session(reader)
        terms = session.current_terms().terms
        sites = {meter.id: site for site in session.sites for meter in site.meters}
        found = []
        for each in stored_readings(reader, limit, offset):
            if each.meter_id not in sites:  # of a site that is ignored
                continue
            price = _price(sites[each.meter_id], local_day(each.time_ms, session.tz), each.time_ms, None, terms)
            record = {
                "id": each.id,
                "time_created": local_iso(each.time_ms, session.tz),
                "watts": each.milliwatts / 1000,
                "station_id": each.station,
                "price": None if price is None else float(price),
            }
            found.append(record)
        return json_response({"readings": found})

    return await context.pool.read(work)


@router.get("/current_price", response_model=CurrentPrice)
async def current_price(
    request: Request, station_id: Annotated[str | None, Query(max_length=_MAX_STATION_CHARACTERS)] = None
) -> Response:
    """The price of a kWh now: of the station, of the first site that has one, or PVPC as it was fetched."""
    context: Context = request.app.state.context

    def work(reader: LedgerReader) -> Response:
        session = context.session(reader)
        key = None if station_id is None else meter_of(station_id)
        sites = [site for site in session.sites if key is None or any(meter.key == key for meter in site.meters)]
        prices = (_price_now(session, site) for site in sites)
        price = next((price for price in prices if price is not None), None)
        if price is None and key is None and context.pvpc is not None:
            fetched = context.pvpc.price(session.now_ms)
            price = None if fetched is None else f"{fetched:f}"
        return json_response({"price": price})

    return await context.pool.read(work)


@router.get("/force_get_prices", response_model=Done, dependencies=[Depends(require_token)])
async def force_get_prices(request: Request) -> Response:
    """Fetch prices now, as far as the settings name some, and read tariffs and contracts again."""
    await fetch_prices(request.app.state.context)
    return json_response(_OK)


@router.get("/ping", response_model=Done)
async def ping() -> Response:
    """Whether this interface is available."""
    return json_response(_OK)


async def _parse_body(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise _bad_request("a reading must have the header content-type: application/json")
    try:
        found = json.loads(await request.body(), parse_float=Decimal, parse_constant=_reject_constant)
    except (ValueError, ArithmeticError, RecursionError):  # JSON allows numbers of any length and exponent
        raise _bad_request('the body is not valid JSON; an example: {"watts": 123.4, "station_id": 1}') from None
    if not isinstance(found, dict):
        raise _bad_request('a reading is an object, such as {"watts": 123.4, "station_id": 1}')
    return found


def _reject_constant(name: str) -> None:
    raise ValueError(name)


def _parse_reading(body: Mapping[str, Any], now_ms: int) -> _StationReading:
    given, station, created = body.get("watts"), body.get("station_id"), body.get("time_created")
    watts = _number(given)
    if watts is None or not 0 <= watts <= _MAX_WATTS:
        raise _bad_request(f"watts must be a number from 0 to {_MAX_WATTS}")
    name = (
        station.strip() if isinstance(station, str) else str(station) if type(station) is int and station >= 0 else ""
    )
    if not 0 < len(name) <= _MAX_STATION_CHARACTERS or not name.isprintable():
        raise _bad_request(f"station_id must be a string of 1 to {_MAX_STATION_CHARACTERS} characters, or an integer")
    time_ms = now_ms
    if created is not None:
        try:
            time_ms = parse_time_ms(created) if isinstance(created, str) else -1
        except (ValueError, OverflowError):
            time_ms = -1
        if time_ms < 0:
            raise _bad_request("time_created must be a time with offset, such as 2026-11-21T20:27:09+01:00")
    if time_ms > now_ms + _MAX_AHEAD_MS:
        raise _bad_request("time_created is in the future")
    return _StationReading(name, int((watts * 1000).to_integral_value()), time_ms)


def _number(value: object) -> Decimal | None:
    """A number, also one in a string, as meterit takes it."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _bad_request(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)


def _is_stored(reader: LedgerReader, reading: _StationReading) -> bool:
    key = meter_of(reading.station)
    meters = [meter for site in reader.sites() for meter in site.meters if meter.key == key]
    return any(True for meter in meters for _ in reader.frames(meter.id, reading.time_ms, reading.time_ms + 1))


def _price_now(session: ReadSession, site: Site) -> str | None:
    terms = session.current_terms().terms
    since_ms = session.now_ms - session.context.settings.idle_minutes * 60_000
    period = current_period(
        session.reader, site, since_ms, period_aliases(site.id, session.today, terms, session.now_ms)
    )
    price = _price(site, session.today, session.now_ms, period, terms)
    if price is not None or terms is None:
        return price
    # No meter counts in the periods of a tariff's own rules.
    found = CourseTerms(site.id, terms, session.tz, terms.colours).at(session.now_ms)
    return None if found is None else f"{found[1]:f}"


def _price(site: Site, day: date, time_ms: int, period: str | None, terms: Terms | None) -> str | None:
    """The price of a kWh of a site at a moment, in a tariff period if it is known."""
    paid = applied_tariff(site.id, Direction.CONSUMPTION, day, terms, time_ms)
    price = paid.price(terms, paid.period(period), time_ms) if paid and terms else None
    return None if price is None else f"{price:f}"
