"""A household's first questions in one answer: now, today, this month, standby, and what is wrong."""

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.params import LanguageParams, SiteParams
from tictally_recorder.api.responses import Listing, Record, answer_list
from tictally_recorder.api.routes.prices import price_record
from tictally_recorder.api.schemas import ListOf, OverviewItem
from tictally_recorder.api.site_overview import SiteOverview
from tictally_recorder.calendars.tempo import NAMES_OF_COLOURS
from tictally_recorder.cost.model import Terms
from tictally_recorder.hubs.site_state import applied_tariff, period_aliases
from tictally_recorder.hubs.usual_change import usual_change
from tictally_recorder.jobs import job_reports
from tictally_recorder.ledger import Site
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.translations import phrase_record

if TYPE_CHECKING:
    from tictally_recorder.api.live.broadcaster import Broadcaster

router = APIRouter(tags=["now"])

_COLOURS: Final = {colour.name: name for colour, name in NAMES_OF_COLOURS.items()}


class OverviewParams(SiteParams, LanguageParams):
    """Selects sites, and the language of names."""


@router.get("/overview", response_model=ListOf[OverviewItem])
async def overview(request: Request, params: Annotated[OverviewParams, Query()]) -> Response:
    """Each site now, today beside usual days, the month beside the last one and at its end, standby, and problems."""
    broadcaster: Broadcaster = request.app.state.broadcaster
    present = {site: each.record for site, each in (await broadcaster.current()).items()}

    def work(session: ReadSession) -> Listing:
        current = session.current_terms()
        language = params.language or session.context.settings.language
        problems = _problems(session, language)
        return Listing(
            [
                {
                    **SiteOverview(session, site, current).record(),
                    "now": present.get(site.id),
                    "prices": _prices(session, site),
                    "problems": problems,
                }
                for site in session.sites
            ]
        )

    return await answer_list(request, params.site, work)


def _prices(session: ReadSession, site: Site) -> Record:
    """What comes next, without the lists of prices."""
    terms = session.current_terms().terms
    found: dict[str, object] = dict(price_record(session, site, terms))
    for name in ("site", "today", "tomorrow"):
        found.pop(name)
    found["is_usual"] = False
    if found["next_period"] is None:
        found |= _usual(session, site, terms)
    left = {colour: found.pop(f"{colour}_days_left") for colour in _COLOURS.values()}
    return {
        **found,
        "colour_tomorrow": _COLOURS.get(str(found["colour_tomorrow"])),
        "days_left": None if None in left.values() else {colour: int(str(days)) for colour, days in left.items()},
    }


def _usual(session: ReadSession, site: Site, terms: Terms | None) -> Record:
    """The next period by the last days, where neither contract nor tariff show its hours."""
    now_ms = session.now_ms
    paid = applied_tariff(site.id, Direction.CONSUMPTION, session.today, terms, now_ms)
    aliases = period_aliases(site.id, session.today, terms, now_ms)
    change = usual_change(session.reader, site, now_ms, aliases, session.tz)
    if change is None or (paid is not None and paid.period(change.period) is None):
        return {}
    price = None if paid is None or terms is None else paid.price(terms, paid.period(change.period), now_ms)
    at = change.at.isoformat(timespec="minutes")
    known = {} if price is None else {"next_price": f"{price:f}", "next_price_at": at}
    return {"next_period": change.period, "next_period_at": at, "is_usual": True, **known}


def _problems(session: ReadSession, language: str) -> list[Record]:
    """Jobs and sinks that do not do their work."""
    context: Context = session.context
    reports = job_reports(context.settings, session.reader.get_value, session.now_ms)
    jobs = [
        {"about": "job", "title": report.to_record(language)["title"], "problem": phrase_record(report.problem)}
        for report in reports
        if report.is_enabled and report.is_failing and report.problem is not None
    ]
    sinks = [
        {"about": "sink", "title": sink.title, "problem": phrase_record(sink.problem)}
        for sink in context.broadcast.sinks(session.reader.sinks())
        if sink.problem is not None
    ]
    return [*jobs, *sinks]
