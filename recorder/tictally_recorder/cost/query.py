"""What a site's days cost, from a ledger, tariffs and contracts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from tictally_recorder.cost.codec import from_day
from tictally_recorder.cost.engine import cost, days_by_quarter
from tictally_recorder.cost.fingerprint import Fingerprints
from tictally_recorder.cost.model import LUMP_SUM, CostRow, Terms, Use
from tictally_recorder.cost.unmetered import unmetered_of
from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.energy.register_totals import is_period_register
from tictally_recorder.ledger import CostDay, LedgerReader, Site
from tictally_recorder.tariffs.model import Direction, Version
from tictally_shared.calendar import QUARTER_MS, By, day_bounds_ms, days_between, local_day, runs_of_days
from tictally_shared.tariff_options import CONSUMPTION_TOTAL


@dataclass(frozen=True, slots=True)
class SiteDays:
    """The local days of a site in [start, end).

    Attributes:
        site: of the ledger.
        start: the first day.
        end: the day after the last.
        tz: whose days.
    """

    site: Site
    start: date
    end: date
    tz: ZoneInfo


def cost_of(reader: LedgerReader, query: SiteDays, terms: Terms) -> list[CostRow]:
    """What days cost, as far as the site has frames, in order of day.

    What the recorder has computed and still holds is taken from the ledger, the rest is computed.

    Args:
        reader: the ledger.
        query: the days.
        terms: contracts and tariffs.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    site, tz = query.site, query.tz
    days = days_with_frames(site, query.start, query.end, tz)
    stored = _stored(reader, site, days, terms, tz)
    found = stored | computed(reader, site, [day for day in days if day not in stored], terms, tz)
    return [row for day in days for row in found[day]]


def consumption_amounts(reader: LedgerReader, query: SiteDays, terms: Terms) -> dict[date, list[Decimal | None]]:
    """The amounts of what days' consumption cost, subscription included and lump sums not, as `cost_of` has them.

    Years take a fraction of the time.

    Args:
        reader: the ledger.
        query: the days.
        terms: contracts and tariffs.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    site, tz = query.site, query.tz
    days = days_with_frames(site, query.start, query.end, tz)
    found = {
        stored.day: [
            None if entry.amount is None else Decimal(entry.amount)
            for entry in stored.entries
            if entry.line.direction == Direction.CONSUMPTION and entry.line.period != LUMP_SUM
        ]
        for stored in _valid(reader, site, days, terms, tz)
    }
    rest = computed(reader, site, [day for day in days if day not in found], terms, tz)
    return found | {
        day: [row.amount for row in rows if row.direction is Direction.CONSUMPTION and row.period != LUMP_SUM]
        for day, rows in rest.items()
    }


def computed(
    reader: LedgerReader, site: Site, days: Iterable[date], terms: Terms, tz: ZoneInfo
) -> dict[date, list[CostRow]]:
    """What local days cost, from what the registers counted; each day has rows.

    Args:
        reader: the ledger.
        site: of it.
        days: in order, of `days_with_frames`.
        terms: contracts and tariffs.
        tz: whose days are meant.
    """
    found: dict[date, list[CostRow]] = {}
    for first, last in runs_of_days(days):
        run = days_between(first, last)
        for row in cost(use_of(reader, site, run, terms, tz), run, terms, tz):
            found.setdefault(row.day, []).append(row)
    return found


def touched_days(reader: LedgerReader, site: Site, tz: ZoneInfo) -> list[date]:
    """The local days with frames that frames have touched since the recorder computed their cost, in order."""
    found: set[date] = set()
    for meter in site.meters:
        for first, last in reader.invalidated(meter.id):
            found.update(days_between(local_day(first * QUARTER_MS, tz), local_day((last + 1) * QUARTER_MS - 1, tz)))
    return sorted(found.intersection(days_with_frames(site, date.min, date.max, tz)))


def _stored(
    reader: LedgerReader, site: Site, days: list[date], terms: Terms, tz: ZoneInfo
) -> dict[date, list[CostRow]]:
    versions = {version.id: version for tariff in terms.tariffs.values() for version in tariff.versions}
    return {
        stored.day: [_with_current_source(row, versions) for row in from_day(site.id, stored)]
        for stored in _valid(reader, site, days, terms, tz)
    }


def _valid(reader: LedgerReader, site: Site, days: list[date], terms: Terms, tz: ZoneInfo) -> list[CostDay]:
    """What the recorder has computed of these days and still holds: same frames, same contract, same prices."""
    if not days:
        return []
    # Invalidation is read first: figures stored after that are newer than what invalidated them.
    touched, unmetered, keys = set(touched_days(reader, site, tz)), unmetered_of(reader, site), Fingerprints(terms, tz)
    imported = imported_days(reader, site, tz)
    return [
        stored
        for stored in reader.cost_days(site.id, days[0], days[-1] + timedelta(days=1))
        if stored.day not in touched
        and stored.key == keys.of(site.id, stored.day, unmetered, is_imported=stored.day in imported)
    ]


def _with_current_source(row: CostRow, versions: Mapping[str, Version]) -> CostRow:
    """A row with its version's present source and confidence, which may have changed without another fingerprint."""
    used = row.version
    version = versions.get(used.id) if used else None
    if used is None or version is None or (used.source, used.confidence) == (version.source, version.confidence):
        return row
    return replace(row, version=replace(used, source=version.source, confidence=version.confidence))


def days_with_frames(site: Site, start: date, end: date, tz: ZoneInfo) -> list[date]:
    """The local days of [start, end) from the day of the site's first frame to that of its last."""
    first = max(start, local_day(min(meter.first_ms for meter in site.meters), tz))
    last = min(end - timedelta(days=1), local_day(max(meter.last_ms for meter in site.meters), tz))
    return days_between(first, last)


def use_of(reader: LedgerReader, site: Site, days: list[date], terms: Terms, tz: ZoneInfo) -> Use:
    """What the site's registers counted on some local days that follow one another."""
    bounds = days[0], days[-1] + timedelta(days=1)
    rows = energy(reader, EnergyQuery.of_days(site.id, bounds, By.DAY, tz), all_registers=True)
    for day in days:
        day_ms = day_bounds_ms(day, tz)
        if changes := terms.contracts.changes(site.id, day, day_ms):
            rows = [row for row in rows if not day_ms[0] <= row.start_ms < day_ms[1]]
            for part in pairwise((day_ms[0], *changes, day_ms[1])):
                rows += energy(reader, EnergyQuery.of_moments(site.id, part, By.DAY, tz), all_registers=True)
    wanted = days_by_quarter(site.id, days, terms) | undivided_days(rows, tz)
    quarters = [
        row for first, last in runs_of_days(sorted(wanted)) for row in _by_quarter(reader, site, first, last, tz)
    ]
    return Use(site.id, rows, quarters, unmetered_of(reader, site))


def undivided_days(rows: Iterable[EnergyRow], tz: ZoneInfo) -> set[date]:
    """The days of which imports have more in total than registers of periods counted.

    Args:
        rows: by day.
        tz: whose days are meant.
    """
    rest: dict[int, int] = {}
    for row in rows:
        if row.imported and (row.register == CONSUMPTION_TOTAL or is_period_register(row.register)):
            sign = 1 if row.register == CONSUMPTION_TOTAL else -1
            rest[row.start_ms] = rest.get(row.start_ms, 0) + sign * row.energy
    return {local_day(start_ms, tz) for start_ms, energy_wh in rest.items() if energy_wh > 0}


def imported_days(reader: LedgerReader, site: Site, tz: ZoneInfo) -> set[date]:
    """The local days of which imports show some energy."""
    return {
        day
        for meter in site.meters
        for first, last in reader.imported_quarters(meter.id)
        for day in days_between(local_day(first * QUARTER_MS, tz), local_day((last + 1) * QUARTER_MS - 1, tz))
    }


def _by_quarter(reader: LedgerReader, site: Site, first: date, last: date, tz: ZoneInfo) -> list[EnergyRow]:
    query = EnergyQuery.of_days(site.id, (first, last + timedelta(days=1)), By.QUARTER, tz)
    return energy(reader, query, all_registers=True)
