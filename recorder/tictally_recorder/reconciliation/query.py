"""Compares each day: our registers' energy, Enedis' figure, and what is likely to explain a difference."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.energy.register_totals import Counted, consumption_total, injection_total
from tictally_recorder.ledger import LedgerReader, Site
from tictally_recorder.reconciliation.bounds import Bound, bound_at
from tictally_recorder.reconciliation.figures import EnedisFigure, figures
from tictally_recorder.reconciliation.model import DayComparison, Verdict
from tictally_recorder.remark import RemarkCode
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import QUARTER_MS, By, day_bounds_ms, local_day
from tictally_shared.phrase import Phrase, Value

# A clock that is further off than this is no likely reason, unless the day beside it lacks what this one has.
_CLOCK_MIN: Final = 15
_CLOCK_AT_MOST_MIN: Final = 120
_COMPENSATED: Final = 0.25
_DAY: Final = timedelta(days=1)
_EVER_MS: Final = 2**62


@dataclass(frozen=True, slots=True)
class _Compared:
    """A day before its cause is known."""

    day: date
    direction: Direction
    counted: Counted
    figure: EnedisFigure
    start: Bound
    end: Bound

    @property
    def difference_wh(self) -> int:
        return self.counted.energy_wh - self.figure.wh

    @property
    def is_known(self) -> bool:
        return bool(self.counted.parts) and not self.counted.incomplete

    @property
    def agrees(self) -> bool:
        """Whether both agree as far as they are rounded, and as frames show the registers at midnight."""
        return abs(self.difference_wh) <= self.figure.rounding_wh + self.start.slack_wh + self.end.slack_wh


def reconcile(reader: LedgerReader, site: Site, days: tuple[date, date], tz: ZoneInfo) -> list[DayComparison]:
    """The days that have frames and a figure of Enedis, in order.

    Args:
        reader: of the ledger.
        site: to compare.
        days: the first one, and the one after the last.
        tz: of the days.
    """
    theirs = figures(reader, site.id, days, tz)
    # What Enedis' figures filled would be compared with themselves.
    with reader.without_imports():
        own = next((each for each in reader.sites() if each.id == site.id and _has_frames(each)), None)
        return [] if own is None or not theirs else _reconcile(reader, own, theirs, tz)


def _has_frames(site: Site) -> bool:
    return any(meter.first_ms <= meter.last_ms for meter in site.meters)


def _reconcile(
    reader: LedgerReader, site: Site, theirs: Mapping[tuple[date, Direction], EnedisFigure], tz: ZoneInfo
) -> list[DayComparison]:
    first, last = min(day for day, _ in theirs), max(day for day, _ in theirs)
    around_ms = day_bounds_ms(first - _DAY, tz)[0], day_bounds_ms(last + _DAY, tz)[1]
    with_frames = {
        start_ms // QUARTER_MS
        for meter in site.meters
        for start_ms in reader.quarters_with_frames(meter.id, *around_ms)
    }
    rows = _by_day(energy(reader, EnergyQuery.of_days(site.id, (first, last + _DAY), By.DAY, tz)), tz)
    found: dict[tuple[date, Direction], _Compared] = {}
    for (day, direction), figure in sorted(theirs.items()):
        bounds = day_bounds_ms(day, tz)
        if with_frames.isdisjoint(range(bounds[0] // QUARTER_MS, bounds[1] // QUARTER_MS)):
            continue
        start, end = (bound_at(reader, site, each, direction, with_frames) for each in bounds)
        total = consumption_total if direction is Direction.CONSUMPTION else injection_total
        found[day, direction] = _Compared(day, direction, total(rows.get(day, [])), figure, start, end)
    extent = _Extent(reader, site)
    return [_judged(extent, each, found, tz) for each in found.values()]


class _Extent:
    """When a site's frames begin and end; looked up where a difference has to be explained."""

    def __init__(self, reader: LedgerReader, site: Site) -> None:
        self.site = site.id
        self._reader = reader
        self._meters = [meter.id for meter in site.meters]

    @cached_property
    def frames_ms(self) -> tuple[int, int]:
        """The start of the first quarter-hour with frames, and the end of the last."""
        starts = [self._reader.quarters_with_frames(meter, 0, _EVER_MS) for meter in self._meters]
        return min(each[0] for each in starts if each), max(each[-1] for each in starts if each) + QUARTER_MS


def _by_day(rows: Sequence[EnergyRow], tz: ZoneInfo) -> Mapping[date, list[EnergyRow]]:
    found: dict[date, list[EnergyRow]] = {}
    for row in rows:
        found.setdefault(local_day(row.start_ms, tz), []).append(row)
    return found


def _judged(
    extent: _Extent, each: _Compared, others: Mapping[tuple[date, Direction], _Compared], tz: ZoneInfo
) -> DayComparison:
    ours = each.counted.energy_wh if each.is_known else None
    if ours is None:
        verdict = Verdict.UNKNOWN
    elif each.difference_wh == 0:
        verdict = Verdict.EQUAL
    elif each.agrees:
        verdict = Verdict.ROUNDED
    else:
        verdict = Verdict.DIFFERENT
    cause = None if verdict in {Verdict.EQUAL, Verdict.ROUNDED} else next(_causes(extent, each, others, tz))
    return DayComparison(extent.site, each.day, each.direction, ours, each.figure.wh, verdict, cause)


def _causes(
    extent: _Extent, each: _Compared, others: Mapping[tuple[date, Direction], _Compared], tz: ZoneInfo
) -> Iterator[Phrase]:
    """What may explain a difference, the likeliest first."""
    start_ms, end_ms = day_bounds_ms(each.day, tz)
    first_ms, last_ms = extent.frames_ms
    if first_ms > start_ms or last_ms < end_ms:
        about: dict[str, Value] = {
            "first": _local(max(first_ms, start_ms), tz),
            "last": _local(min(last_ms, end_ms), tz),
        }
        yield Phrase(RemarkCode.RECONCILE_PARTIAL, about)
    spans = tuple(
        (_local(gap[0], tz), _local(gap[1], tz)) for gap in dict.fromkeys((each.start.gap_ms, each.end.gap_ms)) if gap
    )
    if spans:
        yield Phrase(RemarkCode.RECONCILE_GAP, {"spans": spans})
    if each.is_known:
        yield from _clock(each, others)
    yield Phrase(RemarkCode.RECONCILE_UNEXPLAINED)


def _clock(each: _Compared, others: Mapping[tuple[date, Direction], _Compared]) -> Iterator[Phrase]:
    """That a clock may be off: energy of the time around midnight is on the other day."""
    for bound, neighbour in (
        (each.start, others.get((each.day - _DAY, each.direction))),
        (each.end, others.get((each.day + _DAY, each.direction))),
    ):
        minutes = bound.minutes_of(abs(each.difference_wh))
        most = _CLOCK_MIN
        if neighbour is not None and neighbour.is_known:
            rest = abs(each.difference_wh + neighbour.difference_wh)
            if rest <= max(_COMPENSATED * abs(each.difference_wh), neighbour.figure.rounding_wh):
                most = _CLOCK_AT_MOST_MIN
        if minutes is not None and minutes <= most:
            yield Phrase(RemarkCode.RECONCILE_CLOCK, {"minutes": max(minutes, 1)})


def _local(time_ms: int, tz: ZoneInfo) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(tz).strftime("%Y-%m-%dT%H:%M")
