"""Two spans of days beside each other, and the effect of what a note is about."""

from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, ReadSession
from tictally_recorder.api.day_figures import DayFigures
from tictally_recorder.api.params import MAX_DAYS, DayRange, RangeParams, SiteParams, day_range
from tictally_recorder.api.problem_details import Problem, invalid_parameter
from tictally_recorder.api.responses import Listing, Record, answer_list
from tictally_recorder.api.schemas import ListOf
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.day_totals import DayTotal
from tictally_recorder.ledger import NoteError, Site
from tictally_recorder.reports.versus import record
from tictally_recorder.versus import BASE_C, NoteSpan, Span, VersusQuery, spans_of_note, versus_of, whole_days
from tictally_shared.calendar import By

router = APIRouter(tags=["versus"])

_BASE: Final = Field(float(BASE_C), ge=0, le=30, description="Base of the degree-days, °C.")


class VersusParams(RangeParams):
    """Selects two spans of days."""

    against_from: str | None = Field(None, max_length=40, description="First day of the other span.")
    against_to: str | None = Field(None, max_length=40, description="The day after its last.")
    base: float = _BASE


class EffectParams(SiteParams):
    """Selects the days around a note."""

    weeks: NoteSpan = Field(NoteSpan.WEEKS_8, description="On either side; notes: up to the notes around it.")
    base: float = _BASE


@router.get("/versus", response_model=ListOf[dict[str, Any]])
async def versus(request: Request, params: Annotated[VersusParams, Query()]) -> Response:
    """A span of days against another one, a day and corrected by degree-days: the records of `tictally versus`."""
    context: Context = request.app.state.context
    here = _span(context, "", params.start, params.end)
    against = _span(context, "against_", params.against_from, params.against_to)
    base_c = Decimal(str(params.base))

    def work(session: ReadSession) -> Listing:
        query = VersusQuery(here, against, session.today, session.tz, base_c)
        return Listing([_record(session, site, query) for site in session.sites])

    return await answer_list(request, params.site, work, lane=Lane.SLOW)


@router.get("/notes/{note}/effect", response_model=ListOf[dict[str, Any]])
async def note_effect(
    request: Request, note: Annotated[int, Path(ge=1, le=2**62)], params: Annotated[EffectParams, Query()]
) -> Response:
    """The days after a note against those before it; no item where there are none on one side."""
    base_c = Decimal(str(params.base))

    def work(session: ReadSession) -> Listing:
        try:
            found = session.reader.note(note)
        except NoteError as error:
            problem = Problem(HTTPStatus.NOT_FOUND, f"{error}; /api/v1/notes lists them")
            problem.reason = error.problem
            raise problem from None
        site = next((each for each in session.all_sites if each.id == found.site), None)
        if site is None:  # its only import was undone
            return Listing([])
        days = [each.day for each in session.reader.notes(site.id)]
        known = whole_days(site, session.today, session.tz)
        spans = None if known is None else spans_of_note(found.day, params.weeks, days, known)
        if spans is None:
            return Listing([])
        query = VersusQuery(spans[1], spans[0], session.today, session.tz, base_c)
        return Listing([_record(session, site, query)])

    return await answer_list(request, params.site, work, lane=Lane.SLOW)


def _record(session: ReadSession, site: Site, query: VersusQuery) -> Record:
    figures = DayFigures(session, site, session.current_terms())

    def totals(span: Span) -> dict[date, DayTotal]:
        return figures.totals(DayRange(span.first, span.until))

    return record(site.id, versus_of(session.reader, site, query, totals))


def _span(context: Context, prefix: str, start: str | None, end: str | None) -> Span:
    """A span of a request.

    Raises:
        Problem: it is incomplete, has no day, or too many.
    """
    for name, given in (("from", start), ("to", end)):
        if given is None:
            raise invalid_parameter(f"{prefix}{name}", "a comparison requires the first day and the one after the last")
    try:
        found = day_range(
            RangeParams.model_validate({"from": start, "to": end}), context.now(), context.tz, max_days=MAX_DAYS[By.DAY]
        )
    except Problem as problem:
        raise _renamed(problem, prefix) from None
    return Span(found.first, found.until)


def _renamed(problem: Problem, prefix: str) -> Problem:
    """The problem of a parameter under the name that the request has for it."""
    return Problem(problem.status, f"{prefix}{problem.detail}", parameter=f"{prefix}{problem.parameter}")
