"""The summary of a day or a month: energy and cost of each site."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from tictally_recorder.cost.proration import to_cents
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.energy.register_totals import Counted, consumption_total
from tictally_recorder.hubs.site_state import CURRENCY, MONTH, NOTHING
from tictally_recorder.ledger import Site
from tictally_recorder.notifications.daily import figures_of
from tictally_recorder.notifications.model import SUMMARY, Notification, NotificationCode
from tictally_recorder.notifications.settings import NotifySettings
from tictally_recorder.notifications.view import Memory, View
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import By
from tictally_shared.phrase import Phrase, Value

_DAY: Final = timedelta(days=1)
_WH: Final = 1000


def summary(view: View, memory: Memory) -> Iterator[Notification]:
    """The day or month that has ended, once. Remembers its first day."""
    first, end = _ended(view)
    if memory.get("of") == str(first):
        return
    memory["of"] = str(first)
    if view.is_first:
        return
    for site in view.sites:
        parts = tuple(_parts(view, site, first, end))
        if parts:
            about: dict[str, Value] = {"ranges": ((str(first), str(end - _DAY)),), "parts": parts}
            yield Notification(SUMMARY, site.id, Phrase(NotificationCode.SUMMARY, about))


def _ended(view: View) -> tuple[date, date]:
    """First day, and the one after the last."""
    if view.settings.section(NotifySettings).summary == "daily":
        return view.today - _DAY, view.today
    this = view.today.replace(day=1)
    return (this - _DAY).replace(day=1), this


def _parts(view: View, site: Site, first: date, end: date) -> Iterator[Phrase]:
    """Energy, cost and what they compare with; nothing without a frame in that time."""
    counted = _energy(view, site, first, end)
    if not counted.parts and not counted.unknown:
        return
    is_known = bool(counted.parts) and not counted.incomplete
    yield _kwh(NotificationCode.ENERGY, counted) if is_known else Phrase(NotificationCode.ENERGY_UNKNOWN)
    cost = _cost(view, site, first, end)
    yield Phrase(NotificationCode.COST_UNKNOWN) if cost is None else Phrase(NotificationCode.COST, cost)
    if end - first > _DAY:
        before = (first - _DAY).replace(day=1)
        earlier = _energy(view, site, before, first)
        if earlier.parts and not earlier.incomplete:
            yield _kwh(NotificationCode.ENERGY_BEFORE, earlier)
        if paid := _cost(view, site, before, first):
            yield Phrase(NotificationCode.COST_BEFORE, paid)
        return
    figures = figures_of(view, site)
    if figures.get(MONTH, NOTHING) != NOTHING:
        about = {"amount": figures[MONTH], "currency": figures[CURRENCY]}
        yield Phrase(NotificationCode.COST_OF_MONTH, about)
    highest = max((each.va for each in view.reader.daily_maxima(site, first, end)), default=None)
    if highest is not None:
        yield Phrase(NotificationCode.HIGHEST_POWER, {"va": highest})


def _energy(view: View, site: Site, first: date, end: date) -> Counted:
    query = EnergyQuery.of_days(site.id, (first, end), By.DAY, view.tz)
    return consumption_total(energy(view.reader, query))


def _kwh(code: NotificationCode, counted: Counted) -> Phrase:
    return Phrase(code, {"kwh": f"{Decimal(counted.energy_wh) / _WH:.1f}"})


def _cost(view: View, site: Site, first: date, end: date) -> dict[str, str] | None:
    """Amount and currency; None if a part is unknown."""
    if view.terms is None:
        return None
    rows = cost_of(view.reader, SiteDays(site, first, end, view.tz), view.terms)
    paid = [row for row in rows if row.direction is Direction.CONSUMPTION]
    amounts = [row.amount for row in paid if row.amount is not None]
    currencies = {row.currency for row in paid}
    if not paid or len(amounts) < len(paid) or len(currencies) != 1:
        return None
    return {"amount": f"{to_cents(sum(amounts, Decimal(0))):f}", "currency": str(currencies.pop())}
