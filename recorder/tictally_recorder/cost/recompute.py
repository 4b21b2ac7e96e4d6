"""Keeps the ledger's cost up to date: what frames, contracts or tariffs have touched is computed again."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.codec import to_day
from tictally_recorder.cost.engine import days_by_quarter
from tictally_recorder.cost.fingerprint import Fingerprints
from tictally_recorder.cost.model import Terms, Unmetered
from tictally_recorder.cost.query import computed, days_with_frames, imported_days, touched_days
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.cost.unmetered import unmetered_of
from tictally_recorder.ledger import Ledger, LedgerReader, Site
from tictally_recorder.tariffs.errors import InFileError
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms, runs_of_days

# What a step computes at once: some tenths of a second on a Pi, in which frames wait.
_DAYS_AT_ONCE: Final = 16
# Where each quarter has its own price or period there are a hundred times as many figures.
_DAYS_BY_QUARTER_AT_ONCE: Final = 2
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counts:
    """What was done since the keeper began.

    Attributes:
        computed: days, each time that one was computed.
        changed: those of them whose figures differ from what was there.
    """

    computed: int = 0
    changed: int = 0


class CostRecomputer:
    """Works in short steps, the newest days first, so that the present is never late.

    Args:
        ledger: where cost is kept.
        reader: of the same ledger.
        terms: by what energy is paid.
        tz: whose days are meant.

    Attributes:
        counts: what was done.
    """

    def __init__(self, ledger: Ledger, reader: LedgerReader, terms: WatchedTerms, tz: ZoneInfo) -> None:
        self._ledger = ledger
        self._reader = reader
        self._watched = terms
        self._tz = tz
        self._todo: list[tuple[Site, list[date]]] = []
        self._unmetered: Mapping[str, Sequence[Unmetered]] = {}
        self.counts = Counts()

    @property
    def left(self) -> int:
        """Days of this round that are yet to be computed."""
        return sum(len(days) for _, days in self._todo)

    @property
    def terms(self) -> Terms | None:
        """By what energy is paid, or None while the contracts cannot be used."""
        return self._watched.terms

    @property
    def problem(self) -> InFileError | None:
        """A file for which something has no cost, or None."""
        return self._watched.problem

    def begin(self) -> None:
        """Begin a round: look what is to be computed again.

        Raises:
            LedgerUnavailable: the same round may be begun again.
            LedgerError: the ledger is damaged.
        """
        sites = self._reader.sites()
        unmetered = {site.id: unmetered_of(self._reader, site) for site in sites}
        if self._watched.look(sites) or unmetered != self._unmetered:
            self._unmetered = unmetered
            self._report_terms(sites)
        terms = self._watched.terms
        self._todo = []
        if terms is not None:
            for site in sites:
                self._todo += [(site, run) for run in _runs(self._wanted(site))]
            self._todo.sort(key=lambda each: each[1][-1])

    def step(self, now_ms: Callable[[], int]) -> bool:
        """Compute a few days of the round; False if none is left. Raises as `begin` does.

        Args:
            now_ms: the present.
        """
        terms = self._watched.terms
        if terms is None or not self._todo:
            return False
        site, days = self._todo.pop()
        if days_by_quarter(site.id, days, terms) and len(days) > _DAYS_BY_QUARTER_AT_ONCE:
            self._todo.append((site, days[:-_DAYS_BY_QUARTER_AT_ONCE]))
            days = days[-_DAYS_BY_QUARTER_AT_ONCE:]
        self._todo.append((site, days))  # until they are computed
        with self._reader.snapshot():
            if _meters(site) not in map(_meters, self._reader.sites()):
                # One has joined another since the round began, which has touched its days: the next round has them.
                self._todo.pop()
                return True
            rows = computed(self._reader, site, days, terms, self._tz)
            unmetered, imported = unmetered_of(self._reader, site), imported_days(self._reader, site, self._tz)
        keys = Fingerprints(terms, self._tz)
        stored = [
            to_day(day, rows[day], keys.of(site.id, day, unmetered, is_imported=day in imported), now_ms(), self._tz)
            for day in days
        ]
        changed = self._ledger.store_cost(site, stored)
        self._todo.pop()
        if changed is not None:
            self.counts = Counts(self.counts.computed + len(days), self.counts.changed + changed)
        return True

    def _wanted(self, site: Site) -> list[date]:
        """The days to compute: those that frames have touched, and those between frames that have no figures yet.

        A gap has no frame to touch it where a site's first or last frame is of another meter or mode. What is kept of a
        tariff whose file cannot be used for now stays until it can.
        """
        there = set(days_with_frames(site, date.min, date.max, self._tz))
        kept = self._reader.cost_keys(site.id).keys()
        if gone := kept - there:  # days of another time zone
            self._ledger.drop_cost(site, gone)
        touched = touched_days(self._reader, site, self._tz)
        return sorted((there - kept).union(day for day in touched if day not in kept or not self._is_broken(site, day)))

    def _report_terms(self, sites: Sequence[Site]) -> None:
        """Invalidate what contracts, tariffs and unmetered times change, as if frames had changed it."""
        if self._watched.terms is None:
            _log.warning("cost is not computed: %s", self._watched.problem)
            return
        for broken in self._watched.terms.broken.values():
            _log.warning("cost is not computed on tariff %s: %s", broken.id, broken.error)
        for error in self._watched.taxes:
            _log.warning("taxes in bills are as without a file that cannot be used: %s", error)
        for error in self._watched.unused:
            _log.warning("a tariff that no contract is on cannot be used: %s", error)
        keys = Fingerprints(self._watched.terms, self._tz)
        changed = 0
        for site in sites:
            known = self._reader.cost_keys(site.id)
            imported = imported_days(self._reader, site, self._tz)
            days = [
                day
                for day in days_with_frames(site, date.min, date.max, self._tz)
                if known.get(day) != keys.of(site.id, day, self._unmetered[site.id], is_imported=day in imported)
                and not (day in known and self._is_broken(site, day))
            ]
            if days:
                self._ledger.invalidate(site, [self._quarters(first, last) for first, last in runs_of_days(days)])
            changed += len(days)
        if changed:
            _log.info(
                "contracts, tariffs or unmetered times have changed on %d days, whose cost is computed again",
                changed,
            )

    def _is_broken(self, site: Site, day: date) -> bool:
        terms = self._watched.terms
        return terms is not None and any(terms.is_broken(site.id, direction, day) for direction in Direction)

    def _quarters(self, first: date, last: date) -> tuple[int, int]:
        """The first and the last quarter, by number, of some local days, the last day included."""
        start_ms, end_ms = day_bounds_ms(first, self._tz)[0], day_bounds_ms(last, self._tz)[1]
        return start_ms // QUARTER_MS, end_ms // QUARTER_MS - 1


def _meters(site: Site) -> tuple[str, set[int]]:
    return site.id, {meter.id for meter in site.meters}


def _runs(days: Sequence[date]) -> Iterator[list[date]]:
    """Days that follow one another, a few at a time, the last run ending with the newest day."""
    for first, last in runs_of_days(days):
        end = last
        while end >= first:
            begin = max(first, end - timedelta(days=_DAYS_AT_ONCE - 1))
            yield [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
            end = begin - timedelta(days=1)
