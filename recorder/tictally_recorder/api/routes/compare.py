"""What the same use would have cost on other price lists."""

from collections.abc import Callable, Hashable
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api import params
from tictally_recorder.api.context import Context, sites_of
from tictally_recorder.api.params import REPLAY_DAYS, days
from tictally_recorder.api.period_cache import Offers, Period, read_states
from tictally_recorder.api.problem_details import wrong
from tictally_recorder.api.responses import Record, Rows
from tictally_recorder.api.routes.common import Answering, context_of
from tictally_recorder.api.schemas import ListOf, OfferItem
from tictally_recorder.cost.compare import Answer, Assumed
from tictally_recorder.cost.compare.query import answer_of
from tictally_recorder.cost.contracts.load import parse_hours
from tictally_recorder.cost.contracts.model import Hours
from tictally_recorder.cost.query import days_with_frames
from tictally_recorder.cost.terms import read_paid
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.reports.compare import records

router = APIRouter(tags=["cost"])

_COLUMNS: Final = (
    *("site", "from", "to", "tariff", "power_kva", "energy_wh", "amount", "rounded", "currency", "quality"),
    *("unknown", "windows", "actual_tariff", "actual"),
)
_YEAR: Final = 365


@router.get("/compare", response_model=ListOf[OfferItem])
async def compare(  # noqa: PLR0913, PLR0917 - parameters of a question
    request: Request,
    site: params.Site = None,
    start: params.From = None,
    end: params.To = None,
    windows: Annotated[
        str | None, Query(max_length=200, description="Off-peak hours of HP/HC: 22:00-06:00, several with commas.")
    ] = None,
    powers: Annotated[
        Literal["beside", "all"], Query(description="Of each list: the subscribed power and those beside it, or all.")
    ] = "beside",
    form: params.Format = None,  # noqa: ARG001 - read from the request
) -> Response:
    """By each price list, at the subscribed power and those beside it: as `tictally compare` has it."""
    context = context_of(request)
    tz = context.tz
    # Today goes on, and would have all of it reckoned again each time.
    asked_for = days(start, end or str(context.today), tz, context.today, most_days=REPLAY_DAYS, back=_YEAR)
    told = _hours(windows)

    def work(reader: LedgerReader) -> Rows:
        sites = reader.sites()
        *_, generation = context.terms(sites)
        paid = read_paid(context.settings.contracts_file, context.settings.tariffs_folder, sites)
        wish = Assumed(told, {}, {}, every_power=powers == "all")

        def compared(each: Site, of: list[date]) -> Answer:
            return answer_of(reader, each, of, paid, wish, tz)

        items: list[Record] = []
        for each in sites_of(reader, site):
            if found := days_with_frames(each, asked_for.first, asked_for.until, tz):
                about = (each.id, told, powers, generation)
                items += _offers(context, reader, each, found, about, compared)
        return Rows(items)

    return await Answering(request, _COLUMNS).by(work)


def _offers(  # noqa: PLR0913, PLR0917 - all that an answer depends on
    context: Context,
    reader: LedgerReader,
    site: Site,
    found: list[date],
    about: Hashable,
    compared: Callable[[Site, list[date]], Answer],
) -> Offers:
    """A comparison takes seconds: one of days that are over is kept while they are the same."""
    first, until = found[0], found[-1] + timedelta(days=1)
    states = read_states(reader, site, first, until, context.tz, context.today)

    def work(begin: date, _end: date) -> dict[date, Offers]:
        return {begin: tuple(records([compared(site, found)]))}

    (offers,) = context.offers.fill(about, [Period(first, until)], states, work, tuple)
    return offers


def _hours(text: str | None) -> tuple[Hours, ...]:
    try:
        return tuple(parse_hours(each.strip()) for each in text.split(",")) if text else ()
    except ValueError as error:
        raise wrong("windows", f"{error}, such as 22:00-06:00") from None
