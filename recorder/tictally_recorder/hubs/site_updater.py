"""Keeps the sites' topics up to date: cost, price, period and standby, as figures and the meter's period change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.codec import from_day
from tictally_recorder.cost.model import CostRow, Terms
from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.standby import LoadQuery, trend, year_cost_of
from tictally_recorder.hubs.current_period import current_period
from tictally_recorder.hubs.month_forecast import days_looked_at, month_figures
from tictally_recorder.hubs.site_outlook import SiteOutlooks
from tictally_recorder.hubs.site_publisher import SitePublisher
from tictally_recorder.hubs.site_state import (
    INJECTION_NAMES,
    NOTHING,
    PERIOD,
    PRICE,
    CurrentSite,
    applied_tariff,
    period_aliases,
    site_figures,
    standby_figures,
)
from tictally_recorder.ledger import Ledger, LedgerReader, Night, Site
from tictally_recorder.maintenance import Turn, Wake
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.translations import ENGLISH
from tictally_shared.calendar import local_day
from tictally_shared.catalogue import Catalogue

# A message must fit into what a broker accepts.
_MOST_SHOWN: Final = 64
SITES_NOTE: Final = "sites"
_INCOME_NOTE: Final = "sites-with-income"
# The thirty nights of the trend, and those that they are compared with.
_NIGHTS_BACK: Final = timedelta(days=70)


@dataclass(frozen=True, slots=True)
class SiteSource:
    """Where the figures of sites come from.

    Attributes:
        ledger: remembers which sites were published.
        reader: of the same ledger.
        keeper: has contracts and tariffs, or the reason why they cannot be used.
        tz: whose days are meant.
        silent_after_ms: a meter that has sent no frame for longer has no current period.
        revision: increases whenever stored figures may have changed.
    """

    ledger: Ledger
    reader: LedgerReader
    keeper: CostRecomputer
    tz: ZoneInfo
    silent_after_ms: int
    revision: Callable[[], int]


@dataclass(frozen=True, slots=True)
class _StoredFigures:
    """What changes only with the source's revision, or at midnight."""

    rows: list[CostRow]
    year_before: list[CostRow]
    before: dict[Direction, Decimal]
    standby: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Standby:
    """Figures of base load, and what they were computed from."""

    nights: list[Night]
    today: date
    terms: Terms | None
    values: dict[str, str]


def recent_rows(reader: LedgerReader, site: Site, today: date, terms: Terms | None) -> list[CostRow]:
    """The computed cost of this month and of the last days. Raises as the ledger's methods do."""
    return rows_between(reader, site, days_looked_at(today)[1], terms)


def rows_between(
    reader: LedgerReader, site: Site, days_wanted: tuple[date, date], terms: Terms | None
) -> list[CostRow]:
    """The computed cost of the days of [first, end). Raises as the ledger's methods do."""
    days = reader.cost_days(site.id, *days_wanted)
    rows = [row for day in days for row in from_day(site.id, day)]
    return rows if terms is None else [terms.without_broken(row) for row in rows]


class SiteUpdater:
    """One for all sites of a ledger.

    Args:
        source: of the figures.
        publisher: of the topics.
        words: in which reasons are written.
    """

    name: ClassVar[str] = "sites"
    needs_idle: ClassVar[bool] = True
    due_s: ClassVar[float] = 0.0

    def __init__(self, source: SiteSource, publisher: SitePublisher, words: Catalogue = ENGLISH) -> None:
        self._source = source
        self._publisher = publisher
        self._words = words
        self._revision = 0
        self._day: date | None = None
        self._sites: Sequence[Site] = ()
        self._stored: dict[str, _StoredFigures] = {}
        self._standbys: dict[str, _Standby] = {}
        self._years_before: dict[str, tuple[date, Terms | None, list[CostRow]]] = {}
        self._with_income: set[str] = set()
        self._is_hub_new = False
        self._outlooks = SiteOutlooks(source.reader, source.keeper, source.tz)

    def run(self, turn: Turn) -> bool:
        """Publish what has changed; nothing before the first figures are stored."""
        if not turn.is_connected:
            return True
        if self._is_hub_new:
            self._publisher.announce_again()
            self._is_hub_new = False
        revision = self._source.revision()
        if revision != self._revision:
            self.read(turn.now_ms)
            self._revision = revision
        self.publish(turn.now_ms)
        return True

    def wake(self, reason: Wake) -> None:
        """Publish all at the next turn for a new connection, only the discovery messages for a hub that has started."""
        if reason is Wake.CONNECTED:
            self._publisher.connected()
        elif reason is Wake.HUB_STARTED:
            self._is_hub_new = True

    def health(self, _turn: Turn) -> dict[str, object]:
        """`tariff_ages` of the recorder's health: site → days since the first day of its tariff; 64 sites at most."""
        return {"tariff_ages": dict(islice(self._publisher.tariff_ages.items(), _MOST_SHOWN))}

    def read(self, now_ms: int) -> None:
        """Read the stored figures. Raises as the ledger's methods do."""
        self._day = self._today(now_ms)
        self._sites = self._source.reader.sites()
        self._clear_joined()
        self._stored = {site.id: self._read(site, self._day) for site in self._sites}

    def publish(self, now_ms: int) -> None:
        """Publish what has changed; nothing before the first `read`. Raises as the ledger's methods do."""
        if self._day is None:
            return
        today = self._today(now_ms)
        if today != self._day:  # else a total would lack the day that has ended, until the next revision
            self.read(now_ms)
        for site in self._sites:
            self._publish_site(site, today, now_ms)

    def _publish_site(self, site: Site, today: date, now_ms: int) -> None:
        source, stored = self._source, self._stored[site.id]
        aliases = period_aliases(site.id, today, source.keeper.terms, now_ms)
        counted = current_period(source.reader, site, now_ms - source.silent_after_ms, aliases)
        period = self._outlooks.period(site, now_ms, counted)
        since = self._today(min(meter.first_ms for meter in site.meters))
        problem = source.keeper.problem if source.keeper.terms is None else None
        current = CurrentSite(site.id, today, now_ms, period, problem.reason if problem else None, since)
        values = site_figures(current, stored.rows, stored.before, source.keeper.terms, self._words)
        values = self._complete_income(site.id, values) | stored.standby
        if PRICE in values:  # not of a site that only injects
            known = values[PERIOD]
            values |= month_figures(current, [*stored.year_before, *stored.rows])
            values |= self._outlooks.figures(site, now_ms, None if known == NOTHING else known)
        self._publisher.publish(site.id, values)

    def _complete_income(self, site: str, values: dict[str, str]) -> dict[str, str]:
        """A site that once had income keeps its topics, with no value: what is retained would stay otherwise."""
        if values.keys() >= set(INJECTION_NAMES):
            if site not in self._with_income:
                self._with_income.add(site)
                self._source.ledger.put_value(_INCOME_NOTE, " ".join(sorted(self._with_income)))
        elif site in self._with_income:
            values |= dict.fromkeys(INJECTION_NAMES, NOTHING)
        return values

    def _today(self, now_ms: int) -> date:
        return local_day(now_ms, self._source.tz)

    def _read(self, site: Site, today: date) -> _StoredFigures:
        reader, terms = self._source.reader, self._source.keeper.terms
        rows = recent_rows(reader, site, today, terms)
        before = {
            direction: reader.cost_total(site.id, direction.value, paid.tariff.currency, without=today)
            for direction in Direction
            if (paid := applied_tariff(site.id, direction, today, terms))
        }
        return _StoredFigures(rows, self._year_before(site, today), before, self._standby(site, today))

    def _year_before(self, site: Site, today: date) -> list[CostRow]:
        """Read again only on another day or by other terms: late changes of those days hardly move a forecast."""
        terms = self._source.keeper.terms
        known = self._years_before.get(site.id)
        if known is None or known[0] != today or known[1] is not terms:
            rows = rows_between(self._source.reader, site, days_looked_at(today)[0], terms)
            known = self._years_before[site.id] = today, terms, rows
        return known[2]

    def _standby(self, site: Site, today: date) -> dict[str, str]:
        """Computed again only when nights, day or terms have changed, because it reads a year of strings."""
        reader, terms = self._source.reader, self._source.keeper.terms
        tomorrow = today + timedelta(days=1)
        newest = reader.newest_night(site, tomorrow)
        nights = [] if newest is None else reader.standby(site, newest - _NIGHTS_BACK, tomorrow)
        known = self._standbys.get(site.id)
        if known is not None and (known.nights, known.today) == (nights, today) and known.terms is terms:
            return known.values
        found = trend(nights)
        year = None
        if found is not None and found.recent.va is not None and terms is not None:
            year = year_cost_of(reader, site, LoadQuery(found.recent.va, today, self._source.tz), terms)
        values = standby_figures(found, year)
        self._standbys[site.id] = _Standby(nights, today, terms, values)
        return values

    def _clear_joined(self) -> None:
        """Clear the topics of a site that has been joined to another since they were published."""
        ledger = self._source.ledger
        existing = {site.id for site in self._sites}
        self._with_income = existing.intersection((ledger.get_value(_INCOME_NOTE) or "").split())
        published = set((ledger.get_value(SITES_NOTE) or "").split())
        if published != existing:
            self._publisher.clear(sorted(published - existing))
            ledger.put_value(SITES_NOTE, " ".join(sorted(existing)))
