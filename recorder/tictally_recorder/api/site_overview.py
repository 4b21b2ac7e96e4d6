"""A site in one record: today and the month beside others like them, the month's forecast, standby."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from statistics import median
from typing import Final

from tictally_recorder.api.context import CurrentTerms, ReadSession
from tictally_recorder.api.day_figures import DayFigures, amounts, cents, joined
from tictally_recorder.api.params import DayRange
from tictally_recorder.api.period_cache import days_of
from tictally_recorder.api.responses import Record
from tictally_recorder.cost.budget import budget_of
from tictally_recorder.cost.day_course import day_course
from tictally_recorder.cost.day_totals import DayTotal
from tictally_recorder.cost.forecast import HISTORY_DAYS, Forecast, forecast_with_range
from tictally_recorder.cost.standby import LoadQuery, all_nights_of, trend, year_cost_of
from tictally_recorder.ledger import Site
from tictally_shared.calendar import local_midnight, local_time

_DAY: Final = timedelta(days=1)
_WEEKS: Final = 8
_WH_PER_KWH: Final = 1000
# The thirty nights of the trend, and some in which nothing was received.
_NIGHTS_BACK: Final = timedelta(days=70)
_SHOWN: Final = timedelta(days=13)


@dataclass(frozen=True)
class SiteOverview:
    """What the overview shows of a site beside its present power.

    Attributes:
        session: of the request.
        site: of the ledger.
        current: contracts and tariffs.
    """

    session: ReadSession
    site: Site
    current: CurrentTerms

    def record(self) -> dict[str, object]:
        """The record. Raises as the ledger's methods do."""
        return {
            "site": self.site.id,
            "currency": self._currency,
            "today": self._today_record(),
            "month": self._month_record(),
            "days": self._days(),
            "standby": self._standby(),
        }

    @cached_property
    def _figures(self) -> DayFigures:
        return DayFigures(self.session, self.site, self.current)

    @cached_property
    def _today(self) -> DayTotal:
        today = self.session.today
        return joined(list(self._figures.computed(DayRange(today, today + _DAY)).values()))

    @cached_property
    def _currency(self) -> str | None:
        """That of today, or just after midnight of yesterday."""
        today = self.session.today
        yesterday = self._figures.totals(DayRange(today - _DAY, today))
        return self._today.currency or next(iter(yesterday.values())).currency

    @cached_property
    def _now(self) -> datetime:
        """The start of the present quarter-hour, local."""
        now = self.session.now.astimezone(self.session.tz)
        return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)

    def _today_record(self) -> Record:
        today, session = self._today, self.session
        midnight = local_midnight(session.today, session.tz)
        energy = self._figures.energy(midnight, session.now)
        return {
            "from": str(session.today),
            "energy_wh": energy["energy_wh"],
            "injection_wh": energy["injection_wh"],
            "estimated": energy["estimated"],
            **amounts(today),
            "usual": self._usual(),
        }

    def _usual(self) -> Record | None:
        """Days of the same weekday by this time of day: their medians; None where none of them is complete."""
        today = self.session.today
        weeks = [today - timedelta(weeks=week) for week in range(1, _WEEKS + 1)]
        known = {
            day: course for day in weeks if (course := self._figures.course(day)) is not None and course.is_complete
        }
        if not known:
            return None
        by_now = [course.until(self._same_time_ms(day)) for day, course in known.items()]
        present = day_course(self.session.reader, self.site, today, self.current.terms, self.session.tz)
        so_far = present.until(self._same_time_ms(today))
        return {
            "weekday": today.isoweekday(),
            "days": len(known),
            "until": f"{self._now:%H:%M}",
            "today_energy_wh": so_far.energy_wh,
            "today_cost": cents(so_far.amount),
            "energy_wh": _median([each.energy_wh for each in by_now]),
            "cost": cents(_median_amount([each.amount for each in by_now])),
            "day_energy_wh": _median([course.whole.energy_wh for course in known.values()]),
            "day_cost": cents(_median_amount([course.whole.amount for course in known.values()])),
        }

    def _month_record(self) -> Record:
        session = self.session
        first, today = session.today.replace(day=1), session.today
        since = max(first, days_of(self.site, session.tz)[0])
        past = self._figures.totals(DayRange(since, today)) if since < today else {}
        energy = self._figures.energy(local_midnight(since, session.tz), session.now)
        # Just after midnight nothing is of today yet.
        all_days = [*past.values(), *([self._today] if self._today != DayTotal() else [])]
        until = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        return {
            "from": str(since),
            "to": str(until),
            "energy_wh": energy["energy_wh"],
            "injection_wh": energy["injection_wh"],
            "estimated": energy["estimated"],
            **amounts(joined(all_days)),
            "before": self._month_before(since),
            "budget": self._budget(),
            "forecast": self._forecast(past, until),
        }

    def _budget(self) -> str | None:
        """That of the month, or None."""
        found = budget_of(self.session.reader.get_value, self.site.id)
        return None if found is None else f"{found:.2f}"

    def _days(self) -> list[Record]:
        """Each of the last days, today among them."""
        today = self.session.today
        days = DayRange(max(today - _SHOWN, days_of(self.site, self.session.tz)[0]), today)
        past = self._figures.totals(days) if days.first < today else {}
        return [
            {
                "day": str(day),
                "energy_wh": each.energy_wh,
                "injection_wh": each.injection_wh,
                "cost": cents(each.amount),
            }
            for day, each in {**past, today: self._today}.items()
        ]

    def _month_before(self, since: date) -> Record | None:
        """Last month up to this day and time; None where its data do not reach back to its first day."""
        session, today = self.session, self.session.today
        first = (today.replace(day=1) - _DAY).replace(day=1)
        last = min(first + timedelta(days=today.day - 1), today.replace(day=1) - _DAY)
        is_cut = last.day < today.day  # last month was shorter
        if days_of(self.site, session.tz)[0] > first or since.day > 1:
            return None
        end = local_midnight(last + _DAY, session.tz)
        if not is_cut:
            end = local_time(last, self._now.time(), session.tz)
        found = [*self._figures.totals(DayRange(first, last + _DAY if is_cut else last)).values()]
        course = None if is_cut else self._figures.course(last)
        if course is not None:
            found.append(course.until(int(end.timestamp()) * 1000))
        energy = self._figures.energy(local_midnight(first, session.tz), end)
        cost = joined(found).amount if is_cut or course is not None else None
        until = end.astimezone(session.tz).isoformat(timespec="minutes")
        return {"from": str(first), "to": until, "energy_wh": energy["energy_wh"], "cost": cents(cost)}

    def _forecast(self, past: Mapping[date, DayTotal], until: date) -> Record | None:
        """The month's energy and cost at its end; the days before today are what they were."""
        today = self.session.today
        totals = self._history(today)
        days, so_far, now = (until - today).days, joined(list(past.values())), self._today
        energies = {day: each.energy_wh for day, each in totals.items() if each.energy_wh is not None}
        amounts = {
            day: float(each.amount)
            for day, each in totals.items()
            if each.amount is not None and each.currency == self._currency
        }
        energy = forecast_with_range(energies, today, days)
        cost = forecast_with_range(amounts, today, days)
        energy_wh = 0 if not past else so_far.energy_wh
        paid = Decimal(0) if not past else so_far.amount
        found: dict[str, object] = {"days_left": days}
        if energy is None or energy_wh is None:
            return None
        found |= {
            f"energy{part}_wh": None if value is None else round(energy_wh + max(value, now.energy_wh or 0))
            for part, value in _parts(energy).items()
        }
        known = {} if cost is None or paid is None else _parts(cost)
        sofar = Decimal(0) if paid is None else paid + so_far.paid_once
        for part in _PARTS:
            value = known.get(part)
            least = Decimal(f"{value:.6f}") if value is not None else None
            found[f"cost{part}"] = None if least is None else cents(sofar + max(least, now.amount or Decimal(0)))
        return {**found, "replays": energy.replays}

    def _standby(self) -> Record | None:
        """The base load of the last thirty nights, and what it costs a year."""
        session, site, terms = self.session, self.site, self.current.terms
        tomorrow = session.today + _DAY
        newest = session.reader.newest_night(site, tomorrow)
        since = (newest or session.today) - _NIGHTS_BACK
        found = trend(all_nights_of(session.reader, site, (since, tomorrow), session.tz))
        if found is None or found.recent.va is None:
            return None
        key = found.recent.va, session.today, self.current.version
        known = session.context.caches.standby.get(site.id)
        if known is None or known[0] != key:
            query = LoadQuery(found.recent.va, session.today, session.tz)
            cost = None if terms is None else year_cost_of(session.reader, site, query, terms)
            year = {
                "va": found.recent.va,
                "cost_year": None if cost is None else cents(cost.amount),
                "currency": None if cost is None else cost.currency,
            }
            # It reads a year of strings.
            known = session.context.caches.standby[site.id] = key, year
        return {**known[1], "change_va": found.change_since(found.before)}

    def _same_time_ms(self, day: date) -> int:
        return int(local_time(day, self._now.time(), self.session.tz).timestamp()) * 1000

    def _history(self, until: date) -> Mapping[date, DayTotal]:
        """The totals of the days before one that a forecast looks at."""
        first = max(until - timedelta(days=HISTORY_DAYS), days_of(self.site, self.session.tz)[0])
        return self._figures.totals(DayRange(first, until)) if first < until else {}


_PARTS: Final = ("", "_low", "_high")


def _parts(found: Forecast) -> dict[str, float | None]:
    return dict(zip(_PARTS, (found.value, found.low, found.high), strict=True))


def _median(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(median(known)) if known else None


def _median_amount(values: Sequence[Decimal | None]) -> Decimal | None:
    """None where one of them is unknown: others may not be alike."""
    known = [value for value in values if value is not None]
    return median(known) if known and len(known) == len(values) else None
