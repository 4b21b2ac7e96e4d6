"""A month, a billing month or a year of a site: how much of it is known, kinds of day, degree-days."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from tictally_recorder.api.context import CurrentTerms, ReadSession
from tictally_recorder.api.day_figures import DayFigures, cents
from tictally_recorder.api.params import DayRange
from tictally_recorder.api.period_cache import days_of
from tictally_recorder.api.responses import Record
from tictally_recorder.calendars.day_kinds import DayKind, has_holidays, kind_of
from tictally_recorder.climate import mean_temperatures
from tictally_recorder.cost.contracts.billing import BillingMonths
from tictally_recorder.cost.contracts.model import Contracts
from tictally_recorder.cost.day_totals import DayTotal
from tictally_recorder.ledger import Site
from tictally_recorder.versus import BASE_C, Span, SpanFigures, figures_of, whole_days

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SitePeriod:
    """A period of whole days of a site.

    Attributes:
        session: of the request.
        site: of the ledger.
        current: contracts and tariffs.
        span: its days.
    """

    session: ReadSession
    site: Site
    current: CurrentTerms
    span: Span

    def record(self) -> dict[str, object]:
        """The record. Raises as the ledger's methods do."""
        session, span = self.session, self.span
        first, last = days_of(self.site, session.tz)
        whole = whole_days(self.site, session.today, session.tz)
        known = None if whole is None else span.cut(whole)
        totals: Mapping[date, DayTotal] = {}
        means: Mapping[date, Decimal | None] = {}
        if known is not None:
            days = DayRange(known.first, known.until)
            totals = DayFigures(session, self.site, self.current).totals(days)
            means = mean_temperatures(session.reader, self.site, (known.first, known.until), session.tz)
        figures = figures_of(span, known, totals, means)
        is_running = span.first <= session.today < span.until
        end = min(span.until, session.today + _DAY) if is_running else span.until
        return {
            "site": self.site.id,
            "from": str(span.first),
            "to": str(span.until),
            "is_running": is_running,
            "is_partial": first > span.first or last + _DAY < end,
            "known_from": str(max(first, span.first)) if first < span.until else None,
            "known_to": str(min(last + _DAY, end)) if last >= span.first else None,
            "days": figures.days,
            "span_days": span.days,
            "currency": figures.currency,
            "wh_a_day": None if figures.wh_a_day is None else round(figures.wh_a_day),
            "cost_a_day": cents(figures.cost_a_day),
            "holidays": "FR" if has_holidays(session.tz) else None,
            "kinds": list(self._kinds(known, totals)),
            **_climate(figures),
        }

    def _kinds(self, known: Span | None, totals: Mapping[date, DayTotal]) -> Iterator[Record]:
        for kind in DayKind:
            of_kind = {day: each for day, each in totals.items() if kind_of(day, self.session.tz) is kind}
            found = figures_of(self.span, known, of_kind, {})
            yield {
                "kind": str(kind),
                "days": found.days,
                "energy_wh": found.energy_wh if found.days else None,
                "wh_a_day": None if found.wh_a_day is None else round(found.wh_a_day),
                "cost_a_day": cents(found.cost_a_day),
            }


def billing_months(current: CurrentTerms, site: Site) -> BillingMonths:
    """The months in which a site's bills come; those of the calendar without a contract."""
    return BillingMonths(site.id, current.terms.contracts if current.terms else Contracts())


def _climate(figures: SpanFigures) -> Record:
    """Temperature, degree-days, and consumption for each of the days that have both."""
    days, degree_days = figures.degree_days(BASE_C)
    both = [each for each in figures.climate if each.energy_wh is not None and each.mean_c is not None]
    used = sum((each.degree_days(BASE_C) or Decimal(0) for each in both), Decimal(0))
    energy_wh = sum(each.energy_wh or 0 for each in both)
    mean_c = figures.mean_c()
    return {
        "temperature_days": days,
        "mean_c": None if mean_c is None else f"{round(mean_c, 1) + 0}",
        "degree_days": f"{round(degree_days, 1) + 0}" if days else None,
        "wh_a_degree_day": round(energy_wh / used) if used else None,
    }
