"""Tells hubs what sites' energy costs, from the figures that the keeper keeps, and which period counts."""

from collections.abc import Sequence  # noqa: TC003 - of an attribute
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.codec import from_day
from tictally_recorder.cost.model import CostRow, Terms
from tictally_recorder.cost.recompute import CostKeeper
from tictally_recorder.cost.standby import trend, year_cost_of
from tictally_recorder.hubs.current_period import present_period
from tictally_recorder.hubs.site_publisher import SitePublisher
from tictally_recorder.hubs.site_state import (
    INJECTION_NAMES,
    NOTHING,
    Present,
    aliases_on,
    figures,
    paid_on,
    standby_figures,
)
from tictally_recorder.ledger import Ledger, LedgerReader, Night, Site
from tictally_recorder.tariffs.model import Direction

_NOTE: Final = "sites"
_INCOME_NOTE: Final = "sites-with-income"
# The thirty nights that count, and those that they are compared with.
_NIGHTS_BACK: Final = timedelta(days=70)


@dataclass(slots=True)
class _Kept:
    """What does not change from second to second."""

    rows: list[CostRow]
    before: dict[Direction, Decimal]
    standby: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Standby:
    """What is told of base load, and by what."""

    nights: list[Night]
    today: date
    terms: Terms | None
    told: dict[str, str]


class SiteUpdater:
    """One for all sites of a ledger.

    Args:
        ledger: remembers which sites have been told of.
        reader: of the same ledger.
        keeper: of its cost.
        publisher: of what is told.
        tz: whose days are meant.
        heard_within_ms: a meter that is not heard for so long tells no period.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - its parts
        self,
        ledger: Ledger,
        reader: LedgerReader,
        keeper: CostKeeper,
        publisher: SitePublisher,
        tz: ZoneInfo,
        heard_within_ms: int,
    ) -> None:
        self._ledger = ledger
        self._reader = reader
        self._keeper = keeper
        self._publisher = publisher
        self._tz = tz
        self._heard_within_ms = heard_within_ms
        self._day: date | None = None
        self._sites: Sequence[Site] = ()
        self._kept: dict[str, _Kept] = {}
        self._standbys: dict[str, _Standby] = {}
        self._with_injection: set[str] = set()

    def read(self, now_ms: int) -> None:
        """Read again what the keeper has kept. Raises as the ledger's methods do."""
        self._day = self._today(now_ms)
        self._sites = self._reader.sites()
        self._forget()
        self._kept = {site.id: self._read(site, self._day) for site in self._sites}

    def tell(self, now_ms: int) -> None:
        """Tell what has changed; nothing before the first `read`. Raises as the ledger's methods do."""
        if self._day is None:
            return
        today = self._today(now_ms)
        if today != self._day:  # else a total would lack the day that has ended, until the next round
            self.read(now_ms)
        for site in self._sites:
            kept = self._kept[site.id]
            aliases = aliases_on(site.id, today, self._keeper.terms)
            period = present_period(self._reader, site, now_ms - self._heard_within_ms, aliases)
            since = self._today(min(meter.first_ms for meter in site.meters))
            present = Present(site.id, today, now_ms, period, self._keeper.problem, since)
            told = figures(present, kept.rows, kept.before, self._keeper.terms)
            self._publisher.tell(site.id, self._with_income(site.id, told) | kept.standby)

    def _with_income(self, site: str, told: dict[str, str]) -> dict[str, str]:
        """Where income was ever told of a site, it is told that there is none any more: what is retained stays else."""
        if told.keys() >= set(INJECTION_NAMES):
            if site not in self._with_injection:
                self._with_injection.add(site)
                self._ledger.remember(_INCOME_NOTE, " ".join(sorted(self._with_injection)))
        elif site in self._with_injection:
            told |= dict.fromkeys(INJECTION_NAMES, NOTHING)
        return told

    def _today(self, now_ms: int) -> date:
        return datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(self._tz).date()

    def _read(self, site: Site, today: date) -> _Kept:
        start = min(today.replace(day=1), today - timedelta(days=1))
        days = self._reader.cost_days(site.id, start, today + timedelta(days=1))
        rows = [row for day in days for row in from_day(site.id, day)]
        before = {
            direction: self._reader.cost_total(site.id, direction.value, paid.tariff.currency, without=today)
            for direction in Direction
            if (paid := paid_on(site.id, direction, today, self._keeper.terms))
        }
        return _Kept(rows, before, self._standby(site, today))

    def _standby(self, site: Site, today: date) -> dict[str, str]:
        """Computed again when a night, the day or the terms are others: it asks for a year of texts."""
        tomorrow = today + timedelta(days=1)
        newest = self._reader.newest_night(site, tomorrow)
        nights = [] if newest is None else self._reader.standby(site, newest - _NIGHTS_BACK, tomorrow)
        terms = self._keeper.terms
        known = self._standbys.get(site.id)
        if known is not None and (known.nights, known.today) == (nights, today) and known.terms is terms:
            return known.told
        found = trend(nights)
        year = None
        if found is not None and found.recent.va is not None and terms is not None:
            year = year_cost_of(self._reader, site, found.recent.va, today, terms, self._tz)
        told = standby_figures(found, year)
        self._standbys[site.id] = _Standby(nights, today, terms, told)
        return told

    def _forget(self) -> None:
        """A site that has joined another since it was told of is cleared."""
        here = {site.id for site in self._sites}
        self._with_injection = here.intersection((self._ledger.recall(_INCOME_NOTE) or "").split())
        told = set((self._ledger.recall(_NOTE) or "").split())
        if told != here:
            self._publisher.clear(sorted(told - here))
            self._ledger.remember(_NOTE, " ".join(sorted(here)))
