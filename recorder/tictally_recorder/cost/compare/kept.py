"""The consumption of a site's days: what the ledger keeps of it, the rest computed from quarter-hours."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.cost.compare.codec import kind_of, kind_text, pack, unpack
from tictally_recorder.cost.compare.consumption import DayConsumption, QuarterKind, SiteConsumption, consumption_of
from tictally_recorder.cost.compare.reported_colours import reported_colours
from tictally_recorder.cost.model import Use
from tictally_recorder.cost.query import SiteDays, touched_days
from tictally_recorder.cost.unmetered import unmetered_of
from tictally_recorder.energy import EnergyQuery, quarter_energy
from tictally_recorder.energy.register_totals import direction_of
from tictally_recorder.ledger import Ledger, LedgerReader, Site
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import (
    QUARTER_MS,
    By,
    day_bounds_ms,
    days_between,
    local_day,
    local_midnight,
    runs_of_days,
)
from tictally_shared.labels import LABELS

_CONSUMPTION: Final = {register for register in LABELS if direction_of(register) is Direction.CONSUMPTION}
# What a step computes at once: about a tenth of a second on a Pi, in which frames wait.
_DAYS_AT_ONCE: Final = 8


def site_consumption(reader: LedgerReader, query: SiteDays) -> SiteConsumption:
    """The consumption of a site's days.

    Args:
        reader: the ledger.
        query: the days, all of them with frames.
    """
    site, tz = query.site, query.tz
    with reader.snapshot():
        found = kept_days(reader, query)
        missing = [day for day in days_between(query.start, query.end - timedelta(days=1)) if day not in found]
        for first, last in runs_of_days(missing):
            found |= computed_days(reader, replace(query, start=first, end=last + timedelta(days=1)))
        # The night before the first day's 06:00 is of a Tempo day that began the day before.
        night = local_midnight(query.start - timedelta(days=1), tz), local_midnight(query.start, tz)
        colours = reported_colours(reader, site, *night, tz)
        colours |= {day: each.colour for day, each in found.items() if each.colour}
        return SiteConsumption(found, unmetered_of(reader, site), colours)


def kept_days(reader: LedgerReader, query: SiteDays) -> dict[date, DayConsumption]:
    """Those days that the ledger keeps, and that no frame has touched since."""
    stored = reader.consumption_days(query.site.id, query.start, query.end)
    if not stored:
        return {}
    touched = set(touched_days(reader, query.site, query.tz))
    kinds = {kind_id: kind_of(text) for kind_id, text in reader.consumption_kinds().items()}
    found: dict[date, DayConsumption] = {}
    for each in stored:
        bounds_ms = each.first * QUARTER_MS, each.end * QUARTER_MS
        if each.day in touched or bounds_ms != day_bounds_ms(each.day, query.tz):
            continue
        if (day := unpack(each.packed, kinds)) is not None:
            found[each.day] = day
    return found


def computed_days(reader: LedgerReader, query: SiteDays) -> dict[date, DayConsumption]:
    """The days that have quarters with frames, from these."""
    site, tz = query.site, query.tz
    by_quarter = EnergyQuery.of_days(site.id, (query.start, query.end), By.QUARTER, tz)
    quarters, steady = quarter_energy(reader, by_quarter, _CONSUMPTION)
    found = consumption_of(Use(site.id, (), quarters, steady=steady), tz)
    start, end = local_midnight(query.start, tz), local_midnight(query.end, tz)
    for day, colour in reported_colours(reader, site, start, end, tz).items():
        found[day] = replace(found.get(day, DayConsumption({})), colour=colour)
    return found


class ConsumptionKeeper:
    """Keeps the consumption of past days in the ledger, the newest first, so that comparisons need no quarter-hours.

    Args:
        ledger: where it is kept.
        reader: of the same ledger.
        tz: whose days are meant.
    """

    def __init__(self, ledger: Ledger, reader: LedgerReader, tz: ZoneInfo) -> None:
        self._ledger = ledger
        self._reader = reader
        self._tz = tz
        self._todo: list[tuple[Site, list[date]]] = []

    def begin(self, now_ms: int) -> None:
        """Begin a round: look which past days have their cost and lack this.

        Args:
            now_ms: the present.

        Raises:
            LedgerUnavailable: the same round may be begun again.
            LedgerError: the ledger is damaged.
        """
        today = local_day(now_ms, self._tz)
        self._todo = []
        for site in self._reader.sites():
            lacking = self._reader.days_without_consumption(site.id, today)
            days = sorted(lacking - set(touched_days(self._reader, site, self._tz)))
            for first, last in runs_of_days(days):
                run = days_between(first, last)
                self._todo += [(site, run[at : at + _DAYS_AT_ONCE]) for at in range(0, len(run), _DAYS_AT_ONCE)]
        self._todo.sort(key=lambda each: each[1][-1])

    def step(self) -> bool:
        """Keep a few days of the round; False if none is left. Raises as `begin` does."""
        if not self._todo:
            return False
        site, days = self._todo[-1]
        query = SiteDays(site, days[0], days[-1] + timedelta(days=1), self._tz)
        found: dict[date, DayConsumption] = {}
        with self._reader.snapshot():
            # What is stored of a day that changes afterwards does not count: the day is invalidated.
            computed_ms = self._reader.cost_states(site.id, query.start, query.end)
            if _meters(site) in map(_meters, self._reader.sites()):
                empty = DayConsumption({})
                found = {day: empty for day in days if day in computed_ms} | computed_days(self._reader, query)
        ids = self._ids({kind for each in found.values() for kind in each.kinds})
        packed = {day: pack(each, ids) for day, each in found.items() if day in computed_ms}
        self._ledger.store_consumption(site, packed, computed_ms)
        self._todo.pop()
        return True

    def _ids(self, kinds: set[QuarterKind]) -> dict[QuarterKind, int]:
        known = {text: kind_id for kind_id, text in self._reader.consumption_kinds().items()}
        texts = {kind: kind_text(kind) for kind in kinds}
        if new := [text for text in texts.values() if text not in known]:
            known |= self._ledger.consumption_kind_ids(new)
        return {kind: known[text] for kind, text in texts.items()}


def _meters(site: Site) -> tuple[str, set[int]]:
    return site.id, {meter.id for meter in site.meters}
