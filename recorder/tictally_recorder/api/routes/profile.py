"""When energy is consumed: by weekday and hour, and today against a typical day of the same weekday."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from statistics import median
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context, HourlyEnergy, ReadSession
from tictally_recorder.api.params import REPLAY_DAYS, YEAR_DAYS, DayRange, ListParams, SiteListParams, day_range
from tictally_recorder.api.period_cache import PeriodQuery
from tictally_recorder.api.responses import Listing, Record, answer_list, csv_responses
from tictally_recorder.api.schemas import ListOf, ProfileItem, UsualItem
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.cost.model import Terms
from tictally_recorder.cost.proration import to_cents
from tictally_recorder.cost.query import SiteDays, cost_of, days_with_frames
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.energy.register_totals import consumption_total
from tictally_recorder.ledger import Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By, local_midnight, local_time

router = APIRouter(tags=["energy"])

_COLUMNS: Final = ("site", "weekday", "hour", "mean_w", "hours")
_WEEKS: Final = 8
_QUARTERS: Final = 4
_QUARTER: Final = timedelta(minutes=15)


@router.get("/profile", response_model=ListOf[ProfileItem], responses=csv_responses(_COLUMNS))
async def profile(request: Request, params: Annotated[ListParams, Query()]) -> Response:
    """Mean power consumed by weekday (Monday is 1) and local hour, of the hours that have frames throughout."""
    context: Context = request.app.state.context
    days = day_range(params, context.now(), context.tz, max_days=REPLAY_DAYS, days_back=YEAR_DAYS)

    def work(session: ReadSession) -> Listing:
        return Listing([item for site in session.sites for item in _profile(session, site, days)])

    return await answer_list(request, params.site, work, _COLUMNS, Lane.SLOW)


@router.get("/usual", response_model=ListOf[UsualItem])
async def usual(request: Request, params: Annotated[SiteListParams, Query()]) -> Response:
    """Today against a typical day of the same weekday: the median of the complete ones of the last eight weeks."""

    def work(session: ReadSession) -> Listing:
        terms = session.current_terms().terms
        return Listing([_usual(session, site, terms) for site in session.sites])

    return await answer_list(request, params.site, work, lane=Lane.SLOW)


def _profile(session: ReadSession, site: Site, days: DayRange) -> Iterable[Record]:
    known = days_with_frames(site, days.first, days.until, session.tz)
    if not known:
        return
    query = PeriodQuery(
        site, "profile", DayRange(known[0], known[-1] + timedelta(days=1)), By.DAY, session.tz, session.today
    )

    def compute(missing: DayRange) -> dict[date, HourlyEnergy]:
        return _hourly(session, site, missing)

    hours: dict[tuple[int, int], list[int]] = {}
    results, _ = session.context.caches.profile.fill(session.reader, query, compute)
    for day, of_day in zip(known, results, strict=True):
        for hour, energy_wh in of_day:
            hours.setdefault((day.isoweekday(), hour), []).append(energy_wh)
    for (weekday, hour), energies_wh in sorted(hours.items()):
        mean_w = round(sum(energies_wh) / len(energies_wh), 1)
        yield {"site": site.id, "weekday": weekday, "hour": hour, "mean_w": mean_w, "hours": len(energies_wh)}


def _hourly(session: ReadSession, site: Site, days: DayRange) -> dict[date, HourlyEnergy]:
    """Each day's consumption by hour."""
    tz = session.tz
    start, end = local_midnight(days.first, tz), local_midnight(days.until, tz)
    rows = energy(session.reader, EnergyQuery(site.id, start, end, By.HOUR, tz))
    found: dict[date, list[tuple[int, int]]] = {}
    for start_ms, group in groupby(rows, key=lambda row: row.start_ms):
        of_hour = list(group)
        counted = consumption_total(of_hour)
        # When the energy of a gap was consumed within it is unknown: its hours would blur the profile.
        is_whole = of_hour[0].covered == of_hour[0].quarters == _QUARTERS and counted.incomplete is None
        if counted.parts and is_whole and not counted.estimated:
            local = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(tz)
            found.setdefault(local.date(), []).append((local.hour, counted.energy_wh))
    return {day: tuple(hours) for day, hours in found.items()}


def _usual(session: ReadSession, site: Site, terms: Terms | None) -> Record:
    today, tz = session.today, session.tz
    now = session.now.astimezone(tz)
    clock = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0).time()

    def consumption(day: date) -> int | None:
        """Consumption of a day by this time of day, in Wh."""
        start, until = local_midnight(day, tz), local_time(day, clock, tz)
        if until <= start:
            return 0
        counted = consumption_total(energy(session.reader, EnergyQuery(site.id, start, until, By.DAY, tz)))
        return counted.energy_wh if counted.parts else None

    complete: dict[date, int] = {}
    for day in (today - timedelta(weeks=week) for week in range(1, _WEEKS + 1)):
        start, end = local_midnight(day, tz), local_midnight(day + timedelta(days=1), tz)
        rows = energy(session.reader, EnergyQuery(site.id, start, end, By.DAY, tz))
        counted = consumption_total(rows)
        if (
            counted.parts
            and counted.incomplete is None
            and rows[0].quarters == rows[0].covered >= (end - start) // _QUARTER
        ):
            complete[day] = counted.energy_wh
    by_now = [energy_wh for day in complete if (energy_wh := consumption(day)) is not None]
    costs = _costs(session, site, [today, *complete], terms)
    known = [costs[day] for day in complete if day in costs]
    return {
        "site": site.id,
        "weekday": today.isoweekday(),
        "days": [str(day) for day in complete],
        "until": f"{clock:%H:%M}",
        "today": {"consumption_wh": consumption(today), "cost": _rounded(costs.get(today))},
        "usual_by_now": {"consumption_wh": _median(by_now)},
        "usual_day": {
            "consumption_wh": _median([*complete.values()]),
            "cost": _rounded(median(known)) if known and len(known) == len(complete) else None,
        },
        "currency": _currency(site, today, terms),
    }


def _median(values: Sequence[int]) -> int | None:
    return round(median(values)) if values else None


def _rounded(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{to_cents(amount) + 0:f}"


def _costs(session: ReadSession, site: Site, days: Iterable[date], terms: Terms | None) -> Mapping[date, Decimal]:
    """The cost of days, without those of which a part is unknown."""
    found: dict[date, Decimal] = {}
    if terms is None:
        return found
    for day in days:
        rows = cost_of(session.reader, SiteDays(site, day, day + timedelta(days=1), session.tz), terms)
        amounts = [row.amount for row in rows if row.direction is Direction.CONSUMPTION]
        if amounts and None not in amounts:
            found[day] = sum((amount for amount in amounts if amount is not None), Decimal(0))
    return found


def _currency(site: Site, day: date, terms: Terms | None) -> str | None:
    contract = terms.contracts.on(site.id, Direction.CONSUMPTION, day) if terms else None
    tariff = terms.tariffs.get(contract.tariff) if terms and contract else None
    return tariff.currency if tariff else None
