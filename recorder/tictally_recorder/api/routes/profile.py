"""When energy is used: by weekday and hour, and today against an ordinary such day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from statistics import median
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api import params
from tictally_recorder.api.context import Context, sites_of
from tictally_recorder.api.params import REPLAY_DAYS, Days, days
from tictally_recorder.api.period_cache import HoursOfDay, periods_of, read_states
from tictally_recorder.api.responses import Record, Rows
from tictally_recorder.api.routes.common import Answering, context_of
from tictally_recorder.api.schemas import ListOf, ProfileItem, UsualItem
from tictally_recorder.cost.model import Terms
from tictally_recorder.cost.proration import to_cents
from tictally_recorder.cost.query import cost_of, days_with_frames
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy import energy as energy_rows
from tictally_recorder.energy.register_totals import consumption_total
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By, local_midnight, local_time

router = APIRouter(tags=["energy"])

_COLUMNS: Final = ("site", "weekday", "hour", "mean_w", "hours")
_WEEKS: Final = 8
_YEAR: Final = 365
_QUARTERS: Final = 4


@router.get("/profile", response_model=ListOf[ProfileItem])
async def profile(
    request: Request,
    site: params.Site = None,
    start: params.From = None,
    end: params.To = None,
    form: params.Format = None,  # noqa: ARG001 - read from the request
) -> Response:
    """Mean power consumed by weekday (1 Monday) and local hour, of the hours that have frames throughout."""
    context = context_of(request)
    window = days(start, end, context.tz, context.today, most_days=REPLAY_DAYS, back=_YEAR)

    def work(reader: LedgerReader) -> Rows:
        return Rows([item for each in sites_of(reader, site) for item in _profile(context, reader, each, window)])

    return await Answering(request, _COLUMNS).by(work)


@router.get("/usual", response_model=ListOf[UsualItem])
async def usual(request: Request, site: params.Site = None) -> Response:
    """Today against an ordinary such weekday: the median of the last eight that are complete."""
    context = context_of(request)

    def work(reader: LedgerReader) -> Rows:
        terms, _, _ = context.terms(reader.sites())
        return Rows([_usual(context, reader, each, terms) for each in sites_of(reader, site)])

    return await Answering(request).by(work)


def _profile(context: Context, reader: LedgerReader, site: Site, window: Days) -> Iterable[Record]:
    known = days_with_frames(site, window.first, window.until, context.tz)
    if not known:
        return
    first, until = known[0], known[-1] + timedelta(days=1)
    states = read_states(reader, site, first, until, context.tz, context.today)

    def work(begin: date, end: date) -> dict[date, HoursOfDay]:
        times = local_midnight(begin, context.tz), local_midnight(end, context.tz)
        rows = energy_rows(reader, site.id, *times, By.HOUR, context.tz)
        found: dict[date, list[tuple[int, int]]] = {}
        for start_ms, group in groupby(rows, key=lambda row: row.start_ms):
            of_hour = list(group)
            counted = consumption_total(of_hour)
            # Of an hour that a gap was divided over nobody knows when in it what was used.
            if counted.parts and not counted.estimated and of_hour[0].covered == of_hour[0].quarters == _QUARTERS:
                local = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(context.tz)
                found.setdefault(local.date(), []).append((local.hour, counted.energy_wh))
        return {day: tuple(hours) for day, hours in found.items()}

    periods = periods_of(first, until, By.DAY, context.tz)
    hours: dict[tuple[int, int], list[int]] = {}
    for period, of_day in zip(
        periods, context.profiles.fill((site.id, "profile"), periods, states, work, tuple), strict=True
    ):
        for hour, energy_wh in of_day:
            hours.setdefault((period.first.isoweekday(), hour), []).append(energy_wh)
    for (weekday, hour), energies_wh in sorted(hours.items()):
        mean_w = round(sum(energies_wh) / len(energies_wh), 1)
        yield {"site": site.id, "weekday": weekday, "hour": hour, "mean_w": mean_w, "hours": len(energies_wh)}


def _usual(context: Context, reader: LedgerReader, site: Site, terms: Terms | None) -> Record:
    today, tz = context.today, context.tz
    now = context.now.astimezone(tz)
    clock = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0).time()
    past = [today - timedelta(weeks=week) for week in range(1, _WEEKS + 1)]
    complete: list[tuple[date, int, int | None]] = []
    for day in past:
        start, end = local_midnight(day, tz), local_midnight(day + timedelta(days=1), tz)
        rows = energy_rows(reader, site.id, start, end, By.DAY, tz)
        counted = consumption_total(rows)
        if counted.parts and rows[0].quarters == rows[0].covered >= (end - start) // timedelta(minutes=15):
            until = local_time(day, clock, tz)
            by_now = _consumption(energy_rows(reader, site.id, start, until, By.DAY, tz)) if until > start else 0
            complete.append((day, counted.energy_wh, by_now))
    begin, until = local_midnight(today, tz), local_time(today, clock, tz)
    consumption = _consumption(energy_rows(reader, site.id, begin, until, By.DAY, tz)) if until > begin else 0
    costs = _costs(reader, site, [today, *(day for day, _, _ in complete)], terms, context)
    known = [amount for day, _, _ in complete if (amount := costs.get(day)) is not None]
    return {
        "site": site.id,
        "weekday": today.isoweekday(),
        "days": [str(day) for day, _, _ in complete],
        "until": f"{clock:%H:%M}",
        "today": {"consumption_wh": consumption, "cost": _told(costs.get(today))},
        "usual_by_now": {"consumption_wh": _median([each for _, _, each in complete if each is not None])},
        "usual_day": {
            "consumption_wh": _median([each for _, each, _ in complete]),
            "cost": _told(median(known)) if known and len(known) == len(complete) else None,
        },
        "currency": _currency(site, today, terms),
    }


def _consumption(rows: Sequence[EnergyRow]) -> int | None:
    counted = consumption_total(rows)
    return counted.energy_wh if counted.parts else None


def _median(values: Sequence[int]) -> int | None:
    return round(median(values)) if values else None


def _told(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{to_cents(amount) + 0:f}"


def _costs(
    reader: LedgerReader, site: Site, days: Iterable[date], terms: Terms | None, context: Context
) -> Mapping[date, Decimal]:
    """What days cost; those of which a part is unknown are left out."""
    found: dict[date, Decimal] = {}
    if terms is None:
        return found
    for day in days:
        rows = cost_of(reader, site, day, day + timedelta(days=1), terms, context.tz)
        amounts = [row.amount for row in rows if row.direction is Direction.CONSUMPTION]
        if amounts and None not in amounts:
            found[day] = sum((amount for amount in amounts if amount is not None), Decimal(0))
    return found


def _currency(site: Site, day: date, terms: Terms | None) -> str | None:
    contract = terms.contracts.on(site.id, Direction.CONSUMPTION, day) if terms else None
    tariff = terms.tariffs.get(contract.tariff) if terms and contract else None
    return tariff.currency if tariff else None
