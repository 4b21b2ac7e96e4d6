"""A site's injection and production by period: energy, income, self-consumption; and surplus by month and hour."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.api.cached_energy import cached_energy
from tictally_recorder.api.context import CurrentTerms, ReadSession
from tictally_recorder.api.day_figures import DayFigures, cents
from tictally_recorder.api.params import DayRange, TimeRange
from tictally_recorder.api.period_cache import PeriodQuery
from tictally_recorder.api.responses import Record, local_iso
from tictally_recorder.cost.query import days_with_frames
from tictally_recorder.energy import EnergyRow
from tictally_recorder.energy.balance import Balance, balance_of
from tictally_recorder.energy.grid import DayGrid, GridQuarter, day_grids
from tictally_recorder.energy.register_totals import INJECTION_TOTAL, consumption_total, injection_total
from tictally_recorder.ledger import Produced, Site
from tictally_recorder.providers.production.settings import ProductionSettings
from tictally_shared.calendar import QUARTER_MS, By, days_between, local_midnight, period_start

_DAY: Final = timedelta(days=1)
_QUARTERS: Final = 4
_MILLI: Final = 1000


@dataclass(frozen=True, slots=True)
class ProductionSource:
    """Where a site's production is known from.

    Attributes:
        site: the site of the production meter, or None for a topic.
        direction: what that meter counts the production as.
    """

    site: Site | None = None
    direction: str = "injection"

    @property
    def name(self) -> str:
        """`meter` or `topic`."""
        return "topic" if self.site is None else "meter"


def production_source(session: ReadSession, site: Site) -> ProductionSource | None:
    """Where a site's production is known from by the settings, or None."""
    own = session.context.settings.section(ProductionSettings)
    if own.topic is None and own.meter is None:
        return None
    meter = None if own.meter is None else _site(session.all_sites, own.meter)
    others = [each for each in session.all_sites if each != meter]
    home = _site(session.all_sites, own.site) if own.site is not None else others[0] if len(others) == 1 else None
    if home != site:
        return None
    if own.meter is None:
        return ProductionSource()
    return None if meter is None else ProductionSource(meter, own.direction)


def injects(session: ReadSession, site: Site) -> bool:
    """Whether a site's meter ever counted an injection, or an import did."""
    return any(INJECTION_TOTAL in session.reader.labels_seen(meter.id) for meter in site.meters)


@dataclass(frozen=True)
class SiteInjection:
    """Injection and production of a site.

    Attributes:
        session: of the request.
        site: of the ledger.
        current: contracts and tariffs.
        days: the days asked for.
        by: the period of a record.
    """

    session: ReadSession
    site: Site
    current: CurrentTerms
    days: DayRange
    by: By = By.MONTH

    def records(self) -> Iterator[Record]:
        """A record for each period that has begun, in order."""
        if not self._known:
            return
        for period_ms, quarters in self._periods():
            bounds = quarters[0].start_ms, quarters[-1].start_ms + QUARTER_MS
            rows = self._energies.get(period_ms, ())
            yield self._record(bounds, quarters, rows, self._income(*bounds, self.by))

    def total(self) -> Record | None:
        """One record of all days; None where nothing is known of them."""
        if not self._known:
            return None
        quarters = [quarter for grid in self._grids.values() for quarter in grid.quarters()]
        bounds = self._bounds_of(self._known)
        rows = [row for of_period in self._energies.values() for row in of_period]
        return self._record(bounds, quarters, rows, self._income(*bounds, By.YEAR))

    def profile(self) -> Iterator[Record]:
        """The mean power injected by month and local hour, of the hours that are known throughout."""
        sums: dict[tuple[int, int], tuple[int, int]] = {}
        for day, grid in self._grids.items():
            for hour_ms, group in groupby(grid.quarters(), key=lambda each: each.start_ms // (_QUARTERS * QUARTER_MS)):
                energies = [each.injection_wh for each in group if each.is_covered and each.injection_wh is not None]
                if len(energies) == _QUARTERS:
                    at = datetime.fromtimestamp(hour_ms * _QUARTERS * QUARTER_MS / 1000, UTC)
                    key = day.month, at.astimezone(self.session.tz).hour
                    total, count = sums.get(key, (0, 0))
                    sums[key] = total + sum(energies), count + 1
        for (month, hour), (energy_wh, hours) in sorted(sums.items()):
            mean_w = round(energy_wh / hours, 1)
            yield {"site": self.site.id, "month": month, "hour": hour, "mean_w": mean_w, "hours": hours}

    @cached_property
    def source(self) -> ProductionSource | None:
        """Where the production is known from."""
        return production_source(self.session, self.site)

    @cached_property
    def _known(self) -> list[date]:
        """The days asked for from the first to the last with data, today at most."""
        until = min(self.days.until, self.session.today + _DAY)
        return days_with_frames(self.site, self.days.first, until, self.session.tz)

    @cached_property
    def _grids(self) -> Mapping[date, DayGrid]:
        return self._grids_of(self.site, self._known)

    def _grids_of(self, site: Site, days: Sequence[date]) -> Mapping[date, DayGrid]:
        """A site's quarter-hours of some days that follow one another, past ones from the cache."""
        if not days:
            return {}
        session = self.session
        query = PeriodQuery(site, "grid", DayRange(days[0], days[-1] + _DAY), By.DAY, session.tz, session.today)

        def compute(missing: DayRange) -> dict[date, DayGrid]:
            return day_grids(session.reader, site, missing.first, missing.until, session.tz)

        found, _ = session.context.caches.grids.fill(session.reader, query, compute)
        return dict(zip(days, found, strict=True))

    @cached_property
    def _produced(self) -> Mapping[int, Produced]:
        """The production by number of the quarter-hour, as far as it is known."""
        source = self.source
        if source is None or not self._known:
            return {}
        if source.site is None:
            return self.session.reader.production(*self._bounds_of(self._known))
        days = days_with_frames(source.site, self._known[0], self._known[-1] + _DAY, self.session.tz)
        return {
            quarter.start_ms // QUARTER_MS: Produced(energy_wh * _MILLI, not quarter.is_covered)
            for grid in self._grids_of(source.site, days).values()
            for quarter in grid.quarters()
            if (energy_wh := getattr(quarter, f"{source.direction}_wh")) is not None
        }

    def _bounds_of(self, days: Sequence[date]) -> tuple[int, int]:
        tz = self.session.tz
        return tuple(int(local_midnight(each, tz).timestamp()) * 1000 for each in (days[0], days[-1] + _DAY))  # type: ignore[return-value]

    def _periods(self) -> Iterator[tuple[int, list[GridQuarter]]]:
        """When each period of the calendar begins that has begun by now, and its quarter-hours of these days."""
        start_of = _PeriodStart(self.by, self.session.tz)
        quarters = (quarter for grid in self._grids.values() for quarter in grid.quarters())
        for period_ms, group in groupby(quarters, key=lambda each: start_of(each.start_ms)):
            found = list(group)
            if found[0].start_ms <= self.session.now_ms:
                yield period_ms, found

    def _record(
        self,
        bounds_ms: tuple[int, int],
        quarters: Sequence[GridQuarter],
        rows: Sequence[EnergyRow],
        income: Decimal | None,
    ) -> Record:
        tz = self.session.tz
        consumed, injected = consumption_total(rows), injection_total(rows)
        return {
            "site": self.site.id,
            "from": local_iso(bounds_ms[0], tz),
            "to": local_iso(bounds_ms[1], tz),
            "consumption_wh": consumed.energy_wh if consumed.parts else None,
            "injection_wh": injected.energy_wh if injected.parts else None,
            "estimated": consumed.estimated or injected.estimated,
            "income": cents(income),
            "currency": self._currency,
            "quarters": sum(each.start_ms + QUARTER_MS <= self.session.now_ms for each in quarters),
            **_shares(balance_of(quarters, self._produced)),
        }

    @cached_property
    def _energies(self) -> Mapping[int, Sequence[EnergyRow]]:
        """When a period begins → what registers counted in it, across gaps, too."""
        start, end = (datetime.fromtimestamp(each / 1000, UTC) for each in self._bounds_of(self._known))
        window = TimeRange(start, min(end, self.session.now))
        if window.start >= window.end:
            return {}
        rows, _ = cached_energy(self.session, self.site, window, self.by, all_registers=True)
        start_of = _PeriodStart(self.by, self.session.tz)
        found: dict[int, list[EnergyRow]] = {}
        for row in rows:
            found.setdefault(start_of(row.start_ms), []).append(row)
        return found

    @cached_property
    def _figures(self) -> DayFigures:
        return DayFigures(self.session, self.site, self.current)

    @cached_property
    def _incomes(self) -> Mapping[date, Decimal | None]:
        """What the injection of each day earned; None where there is no contract, or a part of it is unknown."""
        known = self._known
        today = self.session.today
        past = DayRange(known[0], min(known[-1] + _DAY, today))
        found = self._figures.totals(past) if past.first < past.until else {}
        if known[-1] >= today:
            found = found | self._figures.computed(DayRange(today, today + _DAY))
        return {day: each.income for day, each in found.items()}

    @cached_property
    def _currency(self) -> str | None:
        if self.current.terms is None:
            return None
        tariffs = [
            self.current.terms.tariffs.get(each.tariff)
            for each in self.current.terms.contracts.all
            if each.concerns(self.site.id) and each.direction == "injection"
        ]
        return next((each.currency for each in tariffs if each is not None), None)

    def _income(self, start_ms: int, end_ms: int, by: By) -> Decimal | None:
        if not self._currency:
            return None
        if by is By.HOUR:
            return self._income_of_hour(start_ms, end_ms)
        tz = self.session.tz
        first, last = (datetime.fromtimestamp(each / 1000, tz).date() for each in (start_ms, end_ms - 1))
        incomes = [self._incomes.get(day) for day in days_between(first, last) if day <= self.session.today]
        known = [each for each in incomes if each is not None]
        return sum(known, Decimal(0)) if known else None

    def _income_of_hour(self, start_ms: int, end_ms: int) -> Decimal | None:
        course = self._figures.course(datetime.fromtimestamp(start_ms / 1000, self.session.tz).date())
        quarters = [] if course is None else course.quarters
        known = [each.income for each in quarters if start_ms <= each.start_ms < end_ms and each.income is not None]
        return sum(known, Decimal(0)) if known else None


class _PeriodStart:
    """When the calendar's period of a moment begins, in milliseconds since 1970.

    Args:
        by: the period.
        tz: whose calendar.
    """

    def __init__(self, by: By, tz: ZoneInfo) -> None:
        self._by = by
        self._tz = tz
        self._starts: dict[int, int] = {}

    def __call__(self, time_ms: int) -> int:
        hour = time_ms // (_QUARTERS * QUARTER_MS)
        if hour not in self._starts:
            start = period_start(datetime.fromtimestamp(time_ms / 1000, UTC), self._by, self._tz)
            self._starts[hour] = int(start.timestamp()) * 1000
        return self._starts[hour]


def _shares(balance: Balance) -> Record:
    """What is known of the production, and its shares of the time in which the grid is known, too."""
    shares = balance.self_consumption, balance.self_production
    return {
        "production_wh": balance.production_wh,
        "production_estimated": balance.is_estimated,
        "production_quarters": balance.producing,
        "both_quarters": balance.both,
        "self_consumed_wh": balance.self_consumed_wh,
        "self_consumption": None if shares[0] is None else round(shares[0], 4),
        "self_production": None if shares[1] is None else round(shares[1], 4),
        "is_contradictory": balance.is_contradictory,
    }


def _site(sites: Sequence[Site], name: str) -> Site | None:
    """The site of an id or of a meter's key."""
    return next((each for each in sites if name == each.id or any(name == meter.key for meter in each.meters)), None)
