"""Figures of a site's days that several answers have: from registers, and from the caches of past days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Final

from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.context import CurrentTerms, ReadSession
from tictally_recorder.api.params import DayRange, TimeRange
from tictally_recorder.api.period_cache import PeriodQuery, days_of
from tictally_recorder.api.responses import Record
from tictally_recorder.cost.day_course import DayCourse, day_course
from tictally_recorder.cost.day_totals import DayTotal, day_totals
from tictally_recorder.cost.proration import to_cents
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.energy.register_totals import consumption_total, injection_total
from tictally_recorder.ledger import Site
from tictally_shared.calendar import By, days_between, local_day, local_midnight

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Figures of a site's days.

    Attributes:
        session: of the request.
        site: of the ledger.
        current: contracts and tariffs.
    """

    session: ReadSession
    site: Site
    current: CurrentTerms

    def energy(self, start: datetime, end: datetime) -> Record:
        """What registers counted; null where nothing is known."""
        nothing: Record = {"energy_wh": None, "injection_wh": None, "estimated": False}
        if start >= end:
            return nothing
        rows, _ = cached_energy(self.session, self.site, TimeRange(start, end), By.YEAR, all_registers=True)
        consumed, injected = consumption_total(rows), injection_total(rows)
        return {
            "energy_wh": consumed.energy_wh if consumed.parts else None,
            "injection_wh": injected.energy_wh if injected.parts else None,
            "estimated": consumed.estimated or injected.estimated,
        }

    def totals(self, days: DayRange) -> dict[date, DayTotal]:
        """The totals of past days, from the cache; a day without frames has nothing known."""
        session = self.session
        query = PeriodQuery(self.site, ("totals", self.current.version), days, By.DAY, session.tz, session.today)
        found, _ = session.context.caches.totals.fill(session.reader, query, self.computed)
        return dict(zip(days_between(days.first, days.until - _DAY), found, strict=True))

    def computed(self, days: DayRange) -> dict[date, DayTotal]:
        """The totals of days with frames, today among them."""
        session, terms = self.session, self.current.terms
        if terms is None:
            return self._energies(days)
        return day_totals(cost_of(session.reader, SiteDays(self.site, days.first, days.until, session.tz), terms))

    def _energies(self, days: DayRange) -> dict[date, DayTotal]:
        """The totals while no contract can be used: energy alone."""
        tz = self.session.tz
        window = TimeRange(local_midnight(days.first, tz), local_midnight(days.until, tz))
        rows, _ = cached_energy(self.session, self.site, window, By.DAY, all_registers=True)
        found = {}
        for start_ms, of_day in groupby(rows, key=lambda row: row.start_ms):
            registers = list(of_day)
            consumed, injected = consumption_total(registers), injection_total(registers)
            known = consumed.energy_wh if consumed.parts and not consumed.incomplete else None
            found[local_day(start_ms, tz)] = DayTotal(energy_wh=known, injection_wh=injected.energy_wh)
        return found

    def course(self, day: date) -> DayCourse | None:
        """A day by quarter-hour, a past one from the cache; None for one without frames."""
        session = self.session

        def compute(_: DayRange) -> dict[date, DayCourse]:
            return {day: day_course(session.reader, self.site, day, self.current.terms, session.tz)}

        first, last = days_of(self.site, session.tz)
        if not first <= day <= last:
            return None
        days = DayRange(day, day + _DAY)
        query = PeriodQuery(self.site, ("course", self.current.version), days, By.DAY, session.tz, session.today)
        (found,), _ = session.context.caches.courses.fill(session.reader, query, compute)
        return found if found.quarters else None


def joined(totals: Sequence[DayTotal]) -> DayTotal:
    """Several days as one; what is unknown of one is unknown of all."""
    if not totals:
        return DayTotal()
    energies = [each.energy_wh for each in totals if each.energy_wh is not None]
    currencies = {each.currency for each in totals}
    incomes = [each.income for each in totals if each.income is not None]
    qualities = [each.quality for each in totals]
    order = list(type(qualities[0]))
    return DayTotal(
        energy_wh=sum(energies) if len(energies) == len(totals) else None,
        energy_amount=_sum([each.energy_amount for each in totals]),
        subscription=_sum([each.subscription for each in totals]),
        paid_once=sum((each.paid_once for each in totals), Decimal(0)),
        currency=currencies.pop() if len(currencies) == 1 else None,
        injection_wh=sum(each.injection_wh for each in totals),
        income=sum(incomes, Decimal(0)) if incomes else None,
        quality=max(qualities, key=order.index),
    )


def amounts(total: DayTotal) -> Record:
    """The amounts of a total, to the cent."""
    cost = None if total.amount is None else total.amount + total.paid_once
    return {
        "cost": cents(cost),
        "cost_energy": cents(total.energy_amount),
        "cost_subscription": cents(total.subscription),
        "income": cents(total.income),
        "quality": str(total.quality),
    }


def _sum(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if len(known) == len(values) else None


def cents(amount: Decimal | None) -> str | None:
    """To the cent."""
    return None if amount is None else f"{to_cents(amount) + 0:f}"
