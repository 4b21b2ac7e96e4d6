"""What a kWh costs now and next, as far as contract, tariff, series and calendar show it."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import ReadSession
from tictally_recorder.api.params import SiteParams
from tictally_recorder.api.responses import Listing, Record, answer_list
from tictally_recorder.api.schemas import ListOf, PriceItem
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.model import Terms
from tictally_recorder.hubs.current_period import current_period
from tictally_recorder.hubs.price_outlook import (
    PRICES_TODAY,
    PRICES_TOMORROW,
    VALUE_NAMES,
    Outlook,
    unknown_outlook,
)
from tictally_recorder.hubs.site_outlook import course_terms
from tictally_recorder.hubs.site_state import NOTHING, applied_tariff, period_aliases
from tictally_recorder.ledger import Site
from tictally_recorder.tariffs.model import Direction

router = APIRouter(tags=["prices"])

_MINUTE_MS = 60_000


@router.get("/prices", response_model=ListOf[PriceItem])
async def prices(request: Request, params: Annotated[SiteParams, Query()]) -> Response:
    """Prices of today and tomorrow, the next change, and the cheapest three hours; an item per site."""

    def work(session: ReadSession) -> Listing:
        terms = session.current_terms().terms
        return Listing([price_record(session, site, terms) for site in session.sites])

    return await answer_list(request, params.site, work, (), Lane.QUICK)


def price_record(session: ReadSession, site: Site, terms: Terms | None) -> Record:
    """Prices of today and tomorrow, and what comes next. Raises as the ledger's methods do."""
    now_ms = session.now_ms
    paid = applied_tariff(site.id, Direction.CONSUMPTION, session.today, terms, now_ms)
    now: tuple[str | None, str | None] = None, None
    found = unknown_outlook()
    if paid is not None and terms is not None:
        since_ms = now_ms - session.context.settings.idle_minutes * _MINUTE_MS
        aliases = period_aliases(site.id, session.today, terms, now_ms)
        counted = paid.period(current_period(session.reader, site, since_ms, aliases))
        by = course_terms(session.reader, site, terms, now_ms, session.tz)
        price = paid.price(terms, counted, now_ms)
        here = by.at(now_ms) if price is None else (counted, price)
        if here is not None:
            now = here[0], f"{here[1]:f}"
        found = Outlook.of(by, session.today).figures(now_ms, counted)
    return {
        "site": site.id,
        "currency": None if paid is None else paid.tariff.currency,
        "period": now[0],
        "price": now[1],
        **{name: None if found[name] == NOTHING else found[name] for name in VALUE_NAMES},
        "today": _listed(found[PRICES_TODAY]),
        "tomorrow": _listed(found[PRICES_TOMORROW]),
    }


def _listed(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text).get("prices", [])
    return [{"period": None, **each} for each in found]
