"""Energy by day, month and year from days that were reckoned before: the rows of `tictally energy`, much sooner."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from tictally_recorder.api.params import Times
from tictally_recorder.api.period_cache import PeriodCache, States, periods_of, read_states
from tictally_recorder.energy import EnergyRow, energy
from tictally_recorder.ledger import LedgerReader, Site
from tictally_shared.calendar import QUARTER_MS, By, local_midnight, next_period, period_start
from tictally_shared.labels import LABELS

_ORDER = {name: at for at, name in enumerate(LABELS)}

_DAYS_KEPT = timedelta(days=100)

Rows = tuple[EnergyRow, ...]


def cached_energy(  # noqa: PLR0913, PLR0917 - a question has this many parts
    reader: LedgerReader,
    cache: PeriodCache[Rows],
    site: Site,
    window: Times,
    by: By,
    tz: ZoneInfo,
    today: date,
    *,
    all_registers: bool = False,
) -> tuple[list[EnergyRow], str | None]:
    """A site's rows, and the state that they rest on.

    Args:
        reader: the ledger.
        cache: of days and months.
        site: of the ledger.
        window: from when to when.
        by: the period of a row.
        tz: whose periods.
        today: local.
        all_registers: also those that stood at zero throughout.
    """
    if by in {By.QUARTER, By.HOUR}:
        return energy(reader, site.id, window.start, window.end, by, tz, all_registers=all_registers), None
    window = _clipped(window, site, by, tz)
    if window.start >= window.end:
        return [], None
    first, head_end = _whole_day_from(window.start, tz)
    until = window.end.astimezone(tz).date()
    tail_start = local_midnight(until, tz)
    rows: list[EnergyRow] = []
    state = None
    if first > until:  # inside a day
        rows = energy(reader, site.id, window.start, window.end, By.DAY, tz, all_registers=True)
    else:
        states = read_states(reader, site, first, until, tz, today)
        if window.start < head_end:
            rows += energy(reader, site.id, window.start, head_end, By.DAY, tz, all_registers=True)
        if by is By.DAY:
            rows += _days(reader, cache, site, first, until, states, tz)
        else:
            rows += _months(reader, cache, site, first, until, states, tz)
        if tail_start < window.end:
            rows += energy(reader, site.id, tail_start, window.end, By.DAY, tz, all_registers=True)
        if window.start == head_end and tail_start == window.end:
            state = states.of(first, until)
    found = list(_merged(rows, window, by, site, tz))
    if not all_registers:
        moved = {row.register for row in found if row.first_value or row.last_value or row.energy}
        found = [row for row in found if row.register in moved]
    return found, state


def _clipped(window: Times, site: Site, by: By, tz: ZoneInfo) -> Times:
    """Without the periods before the first and after the last frame, in whole quarters."""
    first, last = (
        datetime.fromtimestamp(each / 1000, UTC)
        for each in (min(meter.first_ms for meter in site.meters), max(meter.last_ms for meter in site.meters))
    )
    end = period_start(window.end, By.QUARTER, tz)
    if end < window.end:
        end += timedelta(milliseconds=QUARTER_MS)
    return Times(
        max(period_start(window.start, By.QUARTER, tz), period_start(first, by, tz)),
        min(end, next_period(period_start(last, by, tz), by, tz)),
    )


def _whole_day_from(start: datetime, tz: ZoneInfo) -> tuple[date, datetime]:
    """The first whole day from a moment on, and when it begins."""
    day = start.astimezone(tz).date()
    if local_midnight(day, tz) < start:
        day += timedelta(days=1)
    return day, local_midnight(day, tz)


def _days(  # noqa: PLR0913, PLR0917 - as above
    reader: LedgerReader,
    cache: PeriodCache[Rows],
    site: Site,
    first: date,
    until: date,
    states: States,
    tz: ZoneInfo,
) -> Iterator[EnergyRow]:
    def work(begin: date, end: date) -> dict[date, Rows]:
        window = local_midnight(begin, tz), local_midnight(end, tz)
        rows = energy(reader, site.id, *window, By.DAY, tz, all_registers=True)
        return {day: tuple(of_day) for day, of_day in groupby(rows, key=lambda row: _day(row.start_ms, tz))}

    periods = periods_of(first, until, By.DAY, tz)
    for rows in cache.fill((site.id, "energy", By.DAY), periods, states, work, tuple):
        yield from rows


def _months(  # noqa: PLR0913, PLR0917 - as above
    reader: LedgerReader,
    cache: PeriodCache[Rows],
    site: Site,
    first: date,
    until: date,
    states: States,
    tz: ZoneInfo,
) -> Iterator[EnergyRow]:
    """Rows of months: those that are over as they were found before, the others from their days."""

    def work(begin: date, end: date) -> dict[date, Rows]:
        # Of months long ago nobody asks for days: they would be kept for nothing.
        recent = (states.today - _DAYS_KEPT).replace(day=1)
        split = min(max(begin, recent), end)
        rows: list[EnergyRow] = []
        if begin < split:
            window = local_midnight(begin, tz), local_midnight(split, tz)
            rows += energy(reader, site.id, *window, By.MONTH, tz, all_registers=True)
        rows += _days(reader, cache, site, split, end, states, tz)
        merged = _merged(rows, Times(local_midnight(begin, tz), local_midnight(end, tz)), By.MONTH, site, tz)
        return {day: tuple(each) for day, each in groupby(merged, key=lambda row: _day(row.start_ms, tz))}

    periods = periods_of(first, until, By.MONTH, tz)
    for rows in cache.fill((site.id, "energy", By.MONTH), periods, states, work, tuple):
        yield from rows


def _merged(rows: Iterable[EnergyRow], window: Times, by: By, site: Site, tz: ZoneInfo) -> Iterator[EnergyRow]:
    """Rows of shorter pieces, in order of time, added up to periods."""
    start_ms, end_ms = window.bounds_ms
    data_end = max(meter.last_ms for meter in site.meters) // QUARTER_MS + 1
    starts: dict[int, tuple[int, int]] = {}

    def period(row: EnergyRow) -> int:
        if row.start_ms not in starts:
            moment = period_start(datetime.fromtimestamp(row.start_ms / 1000, UTC), by, tz)
            bounds = int(moment.timestamp()) * 1000, int(next_period(moment, by, tz).timestamp()) * 1000
            starts[row.start_ms] = bounds
        return starts[row.start_ms][0]

    for begin_ms, of_period in groupby(rows, key=period):
        found = list(of_period)
        low_ms = max(begin_ms, start_ms)
        high_ms = min(starts[found[0].start_ms][1], end_ms)
        pieces = {row.start_ms: row.covered for row in found}
        by_register: dict[str, list[EnergyRow]] = {}
        for row in found:
            by_register.setdefault(row.register, []).append(row)
        for register in sorted(by_register, key=_ORDER.__getitem__):
            parts = by_register[register]
            if len(parts) == 1 and (parts[0].start_ms, parts[0].end_ms) == (low_ms, high_ms):
                yield parts[0]
                continue
            yield replace(
                parts[-1],
                start_ms=low_ms,
                end_ms=high_ms,
                energy=sum(part.energy for part in parts),
                estimated=any(part.estimated for part in parts),
                fell=any(part.fell for part in parts),
                lost=any(part.lost for part in parts),
                first_value=parts[0].first_value,
                covered=sum(pieces.values()),
                quarters=min(high_ms // QUARTER_MS, data_end) - low_ms // QUARTER_MS,
            )


def _day(time_ms: int, tz: ZoneInfo) -> date:
    return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(tz).date()
