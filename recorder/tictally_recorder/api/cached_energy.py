"""Energy by day, month and year, the past from a cache: the rows of `tictally energy`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final

from tictally_recorder.api.context import EnergyRows, ReadSession
from tictally_recorder.api.params import DayRange, TimeRange
from tictally_recorder.api.period_cache import DayStates, PeriodQuery, read_states
from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.energy.rows import without_idle
from tictally_recorder.ledger import Site
from tictally_shared.calendar import QUARTER_MS, By, local_day, local_midnight, next_period, period_start
from tictally_shared.labels import LABELS

_ORDER: Final = {name: at for at, name in enumerate(LABELS)}
# Single days of the months before are rarely requested.
_DAYS_CACHED: Final = timedelta(days=100)


def cached_energy(
    session: ReadSession, site: Site, window: TimeRange, by: By, *, all_registers: bool = False
) -> tuple[list[EnergyRow], str | None]:
    """A site's rows of energy, and the state that they rest on.

    Args:
        session: of the request.
        site: of the ledger.
        window: the range.
        by: the period of a row.
        all_registers: also registers that are zero throughout.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    site_energy = _SiteEnergy(session, site, by)
    if by in {By.QUARTER, By.HOUR}:
        return site_energy.read(window, by, all_registers=all_registers), None
    window = site_energy.clipped(window)
    if window.start >= window.end:
        return [], None
    first, head_end = site_energy.first_whole_day(window.start)
    until = window.end.astimezone(session.tz).date()
    tail_start = local_midnight(until, session.tz)
    rows: list[EnergyRow] = []
    state = None
    if first > until:  # within a day
        rows = site_energy.read(window, By.DAY)
    else:
        days = DayRange(first, until)
        states = read_states(session.reader, site_energy.query(days, By.DAY))
        if window.start < head_end:
            rows += site_energy.read(TimeRange(window.start, head_end), By.DAY)
        rows += site_energy.days(days, states) if by in {By.DAY, By.WEEK} else site_energy.months(days, states)
        if tail_start < window.end:
            rows += site_energy.read(TimeRange(tail_start, window.end), By.DAY)
        if window.start == head_end and tail_start == window.end:
            state = states.of(days)
    merged = list(site_energy.merged(rows, window, by))
    if not all_registers:
        used = {row.register for row in merged if row.first_value or row.last_value or row.energy}
        merged = [row for row in merged if row.register in used]
    return merged, state


@dataclass(frozen=True, slots=True)
class _SiteEnergy:
    """The energy of a site, from the ledger and from the cache."""

    session: ReadSession
    site: Site
    by: By

    def read(self, window: TimeRange, by: By, *, all_registers: bool = True) -> list[EnergyRow]:
        """Rows from the ledger."""
        reader, tz = self.session.reader, self.session.tz
        return energy(reader, EnergyQuery(self.site.id, window.start, window.end, by, tz), all_registers=all_registers)

    def query(self, days: DayRange, by: By) -> PeriodQuery:
        return PeriodQuery(self.site, "energy", days, by, self.session.tz, self.session.today)

    def clipped(self, window: TimeRange) -> TimeRange:
        """A range without the periods before the first and after the last frame, in whole quarter-hours."""
        tz = self.session.tz
        first, last = (datetime.fromtimestamp(each / 1000, UTC) for each in (self.site.first_ms, self.site.last_ms))
        end = period_start(window.end, By.QUARTER, tz)
        if end < window.end:
            end += timedelta(milliseconds=QUARTER_MS)
        return TimeRange(
            max(period_start(window.start, By.QUARTER, tz), period_start(first, self.by, tz)),
            min(end, next_period(period_start(last, self.by, tz), self.by, tz)),
        )

    def first_whole_day(self, start: datetime) -> tuple[date, datetime]:
        """The first whole day from a moment on, and its start."""
        day = start.astimezone(self.session.tz).date()
        if local_midnight(day, self.session.tz) < start:
            day += timedelta(days=1)
        return day, local_midnight(day, self.session.tz)

    def days(self, days: DayRange, states: DayStates) -> Iterator[EnergyRow]:
        """Rows of days."""

        def compute(missing: DayRange) -> dict[date, EnergyRows]:
            return self._by_day(self.read(self._range(missing), By.DAY))

        cache, query = self.session.context.caches.energy, self.query(days, By.DAY)
        for rows in cache.fill(self.session.reader, query, compute, states)[0]:
            yield from rows

    def months(self, days: DayRange, states: DayStates) -> Iterator[EnergyRow]:
        """Rows of months: past ones from the cache, the others from their days."""

        def compute(missing: DayRange) -> dict[date, EnergyRows]:
            recent = (self.session.today - _DAYS_CACHED).replace(day=1)
            split = min(max(missing.first, recent), missing.until)
            rows: list[EnergyRow] = []
            if missing.first < split:
                rows += self.read(self._range(DayRange(missing.first, split)), By.MONTH)
            rows += self.days(DayRange(split, missing.until), states)
            return self._by_day(self.merged(rows, self._range(missing), By.MONTH))

        cache, query = self.session.context.caches.energy, self.query(days, By.MONTH)
        for rows in cache.fill(self.session.reader, query, compute, states)[0]:
            yield from rows

    def merged(self, rows: Iterable[EnergyRow], window: TimeRange, by: By) -> Iterator[EnergyRow]:
        """Rows of shorter periods, in order of time, added up to longer ones."""
        start_ms, end_ms = window.bounds_ms
        data_end = self.site.last_ms // QUARTER_MS + 1
        bounds: dict[int, tuple[int, int]] = {}

        def period(row: EnergyRow) -> int:
            if row.start_ms not in bounds:
                start = period_start(datetime.fromtimestamp(row.start_ms / 1000, UTC), by, self.session.tz)
                end = next_period(start, by, self.session.tz)
                bounds[row.start_ms] = int(start.timestamp()) * 1000, int(end.timestamp()) * 1000
            return bounds[row.start_ms][0]

        for begin_ms, group in groupby(rows, key=period):
            of_period = list(group)
            low_ms = max(begin_ms, start_ms)
            high_ms = min(bounds[of_period[0].start_ms][1], end_ms)
            quarters = min(high_ms // QUARTER_MS, data_end) - low_ms // QUARTER_MS
            yield from _merged_period(of_period, (low_ms, high_ms), quarters)

    def _range(self, days: DayRange) -> TimeRange:
        return TimeRange(local_midnight(days.first, self.session.tz), local_midnight(days.until, self.session.tz))

    def _by_day(self, rows: Iterable[EnergyRow]) -> dict[date, EnergyRows]:
        def day(row: EnergyRow) -> date:
            return local_day(row.start_ms, self.session.tz)

        return {first: tuple(group) for first, group in groupby(rows, key=day)}


def _merged_period(rows: list[EnergyRow], bounds_ms: tuple[int, int], quarters: int) -> Iterator[EnergyRow]:
    covered = sum({row.start_ms: row.covered for row in rows}.values())
    imported = sum({row.start_ms: row.imported for row in rows}.values())
    start_ms, end_ms = bounds_ms
    by_register: dict[str, dict[tuple[str | None, str | None], EnergyRow]] = {}
    for row in rows:
        merged, meaning = by_register.setdefault(row.register, {}), (row.period, row.option)
        merged[meaning] = merged[meaning].joined(row) if meaning in merged else row
    for register in sorted(by_register, key=_ORDER.__getitem__):
        for row in without_idle(by_register[register].values()):
            whole = replace(row, start_ms=start_ms, end_ms=end_ms)
            yield replace(whole, covered=covered, quarters=quarters, imported=imported)
