"""The outlook of each site's prices, computed again when the day, contracts, tariffs or the meter's colours change.

A ledger may have a thousand sites, and figures are asked for at every turn of the loop: they are made once a minute.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
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
from tictally_shared.status_register import Colour

_MINUTE_MS: Final = 60_000


@dataclass(slots=True)
class _Computed:
    quarter: int
    terms: Terms
    reported: Mapping[date, Colour]
    outlook: Outlook
    figures_of: tuple[int, str | None] | None = None
    figures: Mapping[str, str] = field(default_factory=dict)


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
        known = self._known(site, now_ms)
        if known is None:
            return unknown_outlook()
        key = now_ms // _MINUTE_MS, counted
        if known.figures_of != key:
            known.figures_of, known.figures = key, known.outlook.figures(now_ms, counted)
        return dict(known.figures)

    def period(self, site: Site, now_ms: int, counted: str | None) -> str | None:
        """The tariff's period now: the one that the meter counts in, or that of a rule which no meter counts by.

        Args:
            site: of the ledger.
            now_ms: milliseconds since 1970.
            counted: the period that the meter counts in, by the contract's alias, or None.
        """
        paid = applied_tariff(site.id, Direction.CONSUMPTION, local_day(now_ms, self._tz), self._keeper.terms, now_ms)
        if paid is None or paid.tariff.rules is None or paid.period(counted) is not None:
            return counted
        known = self._known(site, now_ms)
        found = None if known is None else known.outlook.by.at(now_ms)
        return None if found is None else found[0]

    def _known(self, site: Site, now_ms: int) -> _Computed | None:
        terms, quarter, today = self._keeper.terms, now_ms // QUARTER_MS, local_day(now_ms, self._tz)
        if terms is None or applied_tariff(site.id, Direction.CONSUMPTION, today, terms) is None:
            return None
        known = self._computed.get(site.id)
        if known is not None and (known.quarter, known.outlook.day) == (quarter, today) and known.terms is terms:
            return known
        reported = _reported(self._reader, site, terms, now_ms, self._tz)
        if known is not None and (known.outlook.day, known.reported) == (today, reported) and known.terms is terms:
            known.quarter = quarter
            return known
        by = CourseTerms(site.id, terms, self._tz, {**terms.colours, **reported})
        known = self._computed[site.id] = _Computed(quarter, terms, reported, Outlook.of(by, today))
        return known


def course_terms(reader: LedgerReader, site: Site, terms: Terms, now_ms: int, tz: ZoneInfo) -> CourseTerms:
    """By what a site's prices are foretold now. Raises as the ledger's methods do.

    Args:
        reader: the ledger.
        site: of it.
        terms: contracts and tariffs.
        now_ms: milliseconds since 1970.
        tz: whose days are meant.
    """
    # What the meter reports goes before what was fetched.
    reported = _reported(reader, site, terms, now_ms, tz)
    return CourseTerms(site.id, terms, tz, {**terms.colours, **reported})


def _reported(reader: LedgerReader, site: Site, terms: Terms, now_ms: int, tz: ZoneInfo) -> Mapping[date, Colour]:
    """The meter's colours, where they decide about prices."""
    paid = applied_tariff(site.id, Direction.CONSUMPTION, local_day(now_ms, tz), terms, now_ms)
    return reported_colours(reader, site, now_ms, tz) if paid is not None and paid.has_colours else {}
