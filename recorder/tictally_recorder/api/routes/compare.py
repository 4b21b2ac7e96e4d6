"""What the same consumption would have cost on other tariffs."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Comparison, Context, ReadSession
from tictally_recorder.api.params import REPLAY_DAYS, YEAR_DAYS, DayRange, LanguageParams, ListParams, day_range
from tictally_recorder.api.period_cache import PeriodQuery
from tictally_recorder.api.problem_details import invalid_parameter
from tictally_recorder.api.responses import Listing, answer_list, csv_responses
from tictally_recorder.api.schemas import ListOf, OfferItem
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.compare import Assumed
from tictally_recorder.cost.compare.query import comparison_of
from tictally_recorder.cost.query import SiteDays, days_with_frames
from tictally_recorder.cost.terms import LoadedTerms, load_terms
from tictally_recorder.ledger import Site
from tictally_recorder.reports.compare import COLUMNS, records
from tictally_recorder.reports.tariffs import name_of
from tictally_recorder.tariffs.hours import WEEKDAYS, Hours, parse_hours
from tictally_recorder.tariffs.template_files import with_templates

router = APIRouter(tags=["cost"])

_COLUMNS: Final = (*COLUMNS, "name")


class CompareParams(ListParams, LanguageParams):
    """Selects a comparison of tariffs."""

    off_peak: str | None = Field(
        None,
        max_length=200,
        description="Off-peak hours assumed for HP/HC: 22:00-06:00, several with commas; default: each day's own.",
    )
    powers: Literal["beside", "all"] = Field(
        "beside", description="Of each tariff: the subscribed power and its neighbours, or all."
    )
    chosen_day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] | None = Field(
        None, description="Weekday of tariffs that let the customer choose one; default: that of each day's contract."
    )
    prices_on: str | None = Field(
        None, max_length=40, description="A day whose prices are taken for all days; default: each day's own."
    )
    offers: bool = Field(default=False, description="Compares the market offers of `tictally tariff template` as well.")


@router.get("/compare", response_model=ListOf[OfferItem], responses=csv_responses(_COLUMNS))
async def compare(request: Request, params: Annotated[CompareParams, Query()]) -> Response:
    """The cost on each tariff, at the subscribed power and the next lower and higher one, as in `tictally compare`."""
    context: Context = request.app.state.context
    if params.end is None:
        # Without today, whose consumption changes: the result can be cached.
        params = params.model_copy(update={"end": str(context.now().astimezone(context.tz).date())})
    days = day_range(params, context.now(), context.tz, max_days=REPLAY_DAYS, days_back=YEAR_DAYS)
    hours = _off_peak_hours(params.off_peak)
    prices_on = _day(params.prices_on)

    def work(session: ReadSession) -> Listing:
        settings = context.settings
        paid = load_terms(settings.contracts_file, settings.tariffs_folder, session.all_sites, settings.zone)
        weekday = WEEKDAYS.index(params.chosen_day) if params.chosen_day else None
        every_power = params.powers == "all"
        assumed = Assumed(hours, every_power=every_power, chosen_weekday=weekday, prices_on=prices_on)
        if params.offers:
            paid = replace(paid, catalogue=with_templates(paid.catalogue))
        comparing = _Comparing(session, paid, assumed, with_offers=params.offers)
        language = params.language or settings.language
        names = {each.id: name_of(each, language) for each in paid.catalogue.tariffs.values()}
        found = [record for site in session.sites for record in comparing.records(site, days)]
        return Listing([{**record, "name": names.get(str(record["tariff"]))} for record in found])

    return await answer_list(request, params.site, work, _COLUMNS, Lane.SLOW)


@dataclass(frozen=True, slots=True)
class _Comparing:
    """The comparisons of a request.

    Attributes:
        session: of the request.
        paid: contracts and tariffs.
        assumed: off-peak hours, weekday, powers and day of prices.
        with_offers: with market offers.
    """

    session: ReadSession
    paid: LoadedTerms
    assumed: Assumed
    with_offers: bool

    def records(self, site: Site, days: DayRange) -> Comparison:
        """The comparison of a site. It takes seconds; that of past days is cached."""
        session = self.session
        known = days_with_frames(site, days.first, days.until, session.tz)
        if not known:
            return ()
        assumed = self.assumed
        compared = SiteDays(site, known[0], known[-1] + timedelta(days=1), session.tz)

        def compute(missing: DayRange) -> dict[date, Comparison]:
            answer = comparison_of(session.reader, compared, self.paid, assumed)
            return {missing.first: tuple(records([answer]))}

        topic = (
            "comparison",
            assumed.off_peak_hours,
            assumed.every_power,
            assumed.chosen_weekday,
            assumed.prices_on,
            self.with_offers,
            session.current_terms().version,
        )
        # The night of the first day belongs to the Tempo day before, whose colour its frames show.
        whole = DayRange(known[0] - timedelta(days=1), known[-1] + timedelta(days=1))
        query = PeriodQuery(site, topic, whole, None, session.tz, session.today)
        (comparison,), _ = session.context.caches.comparison.fill(session.reader, query, compute)
        return comparison


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise invalid_parameter("prices_on", f"{str(text)[:40]!r} is no day, such as 2026-11-21") from None


def _off_peak_hours(text: str | None) -> tuple[Hours, ...]:
    try:
        return tuple(parse_hours(each.strip()) for each in text.split(",")) if text else ()
    except ValueError as error:
        raise invalid_parameter("off_peak", f"{error}, such as 22:00-06:00") from None
