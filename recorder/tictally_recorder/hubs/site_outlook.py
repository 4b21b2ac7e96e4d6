"""The outlook of each site's prices, computed again each quarter-hour and when contracts, tariffs or colours change."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tictally_recorder.cost.model import Terms
from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.hubs.price_course import CourseTerms
from tictally_recorder.hubs.price_outlook import Outlook, unknown_outlook
from tictally_recorder.hubs.site_state import applied_tariff
from tictally_recorder.hubs.tempo_days import reported_colours
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import QUARTER_MS, local_day


@dataclass(frozen=True, slots=True)
class _Computed:
    quarter: int
    terms: Terms
    outlook: Outlook


class SiteOutlooks:
    """One for all sites of a ledger.

    Args:
        reader: the ledger.
        keeper: has contracts and tariffs.
        tz: whose days are meant.
    """

    def __init__(self, reader: LedgerReader, keeper: CostRecomputer, tz: ZoneInfo) -> None:
        self._reader = reader
        self._keeper = keeper
        self._tz = tz
        self._computed: dict[str, _Computed] = {}

    def figures(self, site: Site, now_ms: int, counted: str | None) -> dict[str, str]:
        """Topic's last level → payload. Raises as the ledger's methods do.

        Args:
            site: of the ledger.
            now_ms: milliseconds since 1970.
            counted: the tariff's period that the meter counts in, or None.
        """
        outlook = self._outlook(site, now_ms)
        return unknown_outlook() if outlook is None else outlook.figures(now_ms, counted)

    def period(self, site: Site, now_ms: int, counted: str | None) -> str | None:
        """The tariff's period now: the one that the meter counts in, or that of a rule which no meter counts by.

        Args:
            site: of the ledger.
            now_ms: milliseconds since 1970.
            counted: the period that the meter counts in, by the contract's alias, or None.
        """
        paid = applied_tariff(site.id, Direction.CONSUMPTION, local_day(now_ms, self._tz), self._keeper.terms)
        outlook = self._outlook(site, now_ms)
        if paid is None or outlook is None or paid.tariff.rules is None or paid.period(counted) is not None:
            return counted
        found = outlook.by.at(now_ms)
        return None if found is None else found[0]

    def _outlook(self, site: Site, now_ms: int) -> Outlook | None:
        terms, quarter, today = self._keeper.terms, now_ms // QUARTER_MS, local_day(now_ms, self._tz)
        paid = applied_tariff(site.id, Direction.CONSUMPTION, today, terms)
        if terms is None or paid is None:
            return None
        known = self._computed.get(site.id)
        if known is None or known.quarter != quarter or known.terms is not terms:
            outlook = Outlook.of(course_terms(self._reader, site, terms, now_ms, self._tz), today)
            known = self._computed[site.id] = _Computed(quarter, terms, outlook)
        return known.outlook


def course_terms(reader: LedgerReader, site: Site, terms: Terms, now_ms: int, tz: ZoneInfo) -> CourseTerms:
    """By what a site's prices are foretold now. Raises as the ledger's methods do.

    Args:
        reader: the ledger.
        site: of it.
        terms: contracts and tariffs.
        now_ms: milliseconds since 1970.
        tz: whose days are meant.
    """
    paid = applied_tariff(site.id, Direction.CONSUMPTION, local_day(now_ms, tz), terms)
    # What the meter reports goes before what was fetched.
    reported = reported_colours(reader, site, now_ms, tz) if paid is not None and paid.has_colours else {}
    return CourseTerms(site.id, terms, tz, {**terms.colours, **reported})
