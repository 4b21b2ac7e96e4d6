"""What the same use would have cost on other price lists."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api import asked
from tictally_recorder.api.answers import Rows
from tictally_recorder.api.context import sites_of
from tictally_recorder.api.models import ListOf, OfferItem
from tictally_recorder.api.problems import wrong
from tictally_recorder.api.routes.common import Answering, context_of
from tictally_recorder.api.windows import REPLAY_DAYS, days
from tictally_recorder.cli.compare import answer_of
from tictally_recorder.cli.compare_report import records
from tictally_recorder.compare import Assumed
from tictally_recorder.contracts.hours import parse_hours
from tictally_recorder.contracts.model import Hours
from tictally_recorder.cost.of_ledger import days_with_frames
from tictally_recorder.cost.paid import read_paid
from tictally_recorder.ledger import LedgerReader

router = APIRouter(tags=["cost"])

_COLUMNS: Final = (
    *("site", "from", "to", "tariff", "power_kva", "energy_wh", "amount", "rounded", "currency", "quality"),
    *("unknown", "windows", "actual_tariff", "actual"),
)
_YEAR: Final = 365


@router.get("/compare", response_model=ListOf[OfferItem])
async def compare(  # noqa: PLR0913, PLR0917 - parameters of a question
    request: Request,
    site: asked.Site = None,
    start: asked.From = None,
    end: asked.To = None,
    windows: Annotated[
        str | None, Query(max_length=200, description="Off-peak hours of HP/HC: 22:00-06:00, several with commas.")
    ] = None,
    powers: Annotated[
        Literal["beside", "all"], Query(description="Of each list: the subscribed power and those beside it, or all.")
    ] = "beside",
    form: asked.Format = None,  # noqa: ARG001 - read from the request
) -> Response:
    """By each price list, at the subscribed power and those beside it: as `tictally compare` has it."""
    context = context_of(request)
    tz = context.tz
    asked_for = days(start, end, tz, context.today, most_days=REPLAY_DAYS, back=_YEAR)
    told = _hours(windows)

    def work(reader: LedgerReader) -> Rows:
        paid = read_paid(context.settings.contracts_file, context.settings.tariffs_folder, reader.sites())
        with_frames = [
            (each, found)
            for each in sites_of(reader, site)
            if (found := days_with_frames(each, asked_for.first, asked_for.until, tz))
        ]
        wish = Assumed(told, {}, {}, every_power=powers == "all")
        return Rows(records([answer_of(reader, each, found, paid, wish, tz) for each, found in with_frames]))

    return await Answering(request, _COLUMNS).by(work)


def _hours(text: str | None) -> tuple[Hours, ...]:
    try:
        return tuple(parse_hours(each.strip()) for each in text.split(",")) if text else ()
    except ValueError as error:
        raise wrong("windows", f"{error}, such as 22:00-06:00") from None
