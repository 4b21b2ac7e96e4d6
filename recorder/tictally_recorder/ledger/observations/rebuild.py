"""Recomputes the quarters that imports fill, from observations and frames, and invalidates what changed."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from heapq import merge
from itertools import groupby, pairwise, repeat
from operator import itemgetter
from typing import Final

from tictally_recorder.ledger.invalidation import invalidate_quarters
from tictally_recorder.ledger.meters import LabelIds
from tictally_recorder.ledger.model import Quarter, Run
from tictally_recorder.ledger.observations.changes import changed_energy
from tictally_recorder.ledger.observations.course import Point
from tictally_recorder.ledger.observations.derive import Filled, Observations, QuarterGap, fill
from tictally_recorder.ledger.observations.frames import LedgerFrames
from tictally_recorder.ledger.observations.store import extent, observations
from tictally_recorder.ledger.outbox_queue import mark_quarters, sinks_of
from tictally_recorder.ledger.quarter_codec import pack, span
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.interval_set import IntervalSet

_MARK: Final = """
INSERT OR IGNORE INTO dirty_import SELECT site FROM meter WHERE id = ?1 AND EXISTS (
    SELECT 1 FROM import_file JOIN import_run ON import_run.id = run
    WHERE import_run.site = meter.site AND last_ms >= ?2
)
"""
_ANY_FRAMES: Final = """
SELECT 1 FROM quarter WHERE meter = :meter AND quarter >= :first AND quarter < :end
UNION ALL SELECT 1 FROM dirty_quarter WHERE meter = :meter AND quarter >= :first AND quarter < :end LIMIT 1
"""
_METERS: Final = "SELECT id, first_ms FROM meter WHERE site = ? AND first_ms <= last_ms ORDER BY first_ms, id"
_TABLES: Final = ("quarter", "imported_quarter")
_ANY_METER: Final = "SELECT id, 0 FROM meter WHERE site = ? ORDER BY id LIMIT 1"


@dataclass(slots=True)
class _Rows:
    """The rows of one meter.

    Attributes:
        quarters: number → packed quarter.
        spans: (label, first, last).
        breaks: (label, time).
        ranges: of quarters, by number.
        integrated: those of them whose energy was summed from powers.
    """

    quarters: dict[int, bytes] = field(default_factory=dict)
    spans: set[tuple[int, int, int]] = field(default_factory=set)
    breaks: set[tuple[int, int]] = field(default_factory=set)
    ranges: IntervalSet = field(default_factory=IntervalSet)
    integrated: IntervalSet = field(default_factory=IntervalSet)


def rebuild(connection: sqlite3.Connection, labels: LabelIds, site_id: int) -> None:
    """Recompute the imported quarters of a site; in a transaction.

    Changes nothing where nothing changed. The cost of what changed is invalidated, and sinks get it again.
    """
    connection.execute("DELETE FROM dirty_import WHERE site = ?", (site_id,))
    wanted = _wanted(connection, labels, site_id)
    for (meter_id,) in connection.execute("SELECT id FROM meter WHERE site = ?", (site_id,)).fetchall():
        _replace(connection, meter_id, wanted.get(meter_id, _Rows()))


def is_covered(connection: sqlite3.Connection, site_id: int, first_ms: int, last_ms: int) -> bool:
    """Whether nothing observed in a time can change what imports fill: the site's only meter has frames throughout.

    Args:
        connection: of the ledger.
        site_id: of the site.
        first_ms: start of the time, milliseconds since 1970.
        last_ms: its end.
    """
    meters = connection.execute("SELECT id FROM meter WHERE site = ?", (site_id,)).fetchall()
    if len(meters) != 1:
        return False
    # Observations in the quarters beside a gap show something of it, too.
    first, end = first_ms // QUARTER_MS - 1, last_ms // QUARTER_MS + 2
    frames = LedgerFrames(connection, {}, meters[0][0])
    return next(frames.gaps(first, end), None) is None


def recompute_dirty_import(connection: sqlite3.Connection) -> bool:
    """Recompute the imported quarters of one site that needs it; False if there is none. In a transaction."""
    row = connection.execute("SELECT site FROM dirty_import LIMIT 1").fetchone()
    if row is None:
        return False
    rebuild(connection, LabelIds(connection), row[0])
    return True


def mark_dirty_import(connection: sqlite3.Connection, meter_id: int, since_ms: int) -> None:
    """Frames of a meter may have changed what imports fill from a moment on; in their transaction."""
    connection.execute(_MARK, (meter_id, since_ms))


def _wanted(connection: sqlite3.Connection, labels: LabelIds, site_id: int) -> dict[int, _Rows]:
    bounds = extent(connection, site_id)
    if bounds is None:
        return {}
    first, end = bounds[0] // QUARTER_MS, -(-bounds[1] // QUARTER_MS) + 1
    meters = connection.execute(_METERS, (site_id,)).fetchall() or connection.execute(_ANY_METER, (site_id,)).fetchall()
    # The meter that was there when something was observed, as far as frames show it.
    starts = [first, *(since_ms // QUARTER_MS for _, since_ms in meters[1:]), end]
    observed = Observations(observations(connection, site_id))
    found = {}
    for (meter_id, _), (since, until) in zip(meters, pairwise(starts), strict=True):
        frames = LedgerFrames(connection, labels.names, meter_id)
        rows = found[meter_id] = _Rows()
        for gap in frames.gaps(max(since, first), min(until, end)):
            _add(rows, meter_id, gap, fill(gap, frames, observed), labels)
    return found


def _add(rows: _Rows, meter_id: int, gap: QuarterGap, filled: Mapping[str, Filled], labels: LabelIds) -> None:
    for register, each in filled.items():
        label = labels.id(register)
        rows.spans.update((label, *span) for span in each.spans())
        rows.breaks.update((label, time_ms) for time_ms in each.breaks)
        for time in each.observed:
            first, end = max(time.start_ms // QUARTER_MS, gap.first), min(-(-time.end_ms // QUARTER_MS), gap.end)
            if first < end:
                rows.ranges.add(first, end - 1)
                if time.is_integrated:
                    rows.integrated.add(first, end - 1)
    for number, points in _by_quarter(filled):
        moments = [point.time_ms for of_register in points.values() for point in of_register]
        registers = {register: tuple(_runs(of_register)) for register, of_register in points.items()}
        # No frames are in it: n is 0.
        quarter = Quarter(meter_id, number * QUARTER_MS, 0, min(moments), max(moments), registers, {}, {})
        rows.quarters[number] = pack(quarter, labels.ids)


def _by_quarter(filled: Mapping[str, Filled]) -> Iterator[tuple[int, dict[str, list[Point]]]]:
    """The points of each quarter by register, in order of time; years of them are not held twice."""
    in_order = ((register, sorted(each.points, key=itemgetter(0))) for register, each in filled.items())
    numbered = (
        zip((point.time_ms // QUARTER_MS for point in points), repeat(register), points, strict=False)
        for register, points in in_order
    )
    for number, group in groupby(merge(*numbered, key=itemgetter(0)), key=itemgetter(0)):
        found: dict[str, list[Point]] = {}
        for _, register, point in group:
            found.setdefault(register, []).append(point)
        yield number, found


def _runs(points: Iterable[Point]) -> Iterator[Run]:
    run: Run | None = None
    for time_ms, value in points:
        if run is None or value < run.last:
            if run is not None:
                yield run
            run = Run(time_ms, value, time_ms, value)
        else:
            run = Run(run.first_ms, run.first, time_ms, value)
    if run is not None:
        yield run


def _replace(connection: sqlite3.Connection, meter_id: int, wanted: _Rows) -> None:
    packed = dict(connection.execute("SELECT quarter, packed FROM imported_quarter WHERE meter = ?", (meter_id,)))
    known = _Rows(
        packed,
        set(connection.execute("SELECT label, first_ms, last_ms FROM imported_span WHERE meter = ?", (meter_id,))),
        set(connection.execute("SELECT label, time_ms FROM imported_break WHERE meter = ?", (meter_id,))),
        imported_ranges(connection, meter_id),
        imported_ranges(connection, meter_id, only_integrated=True),
    )
    if known == wanted:
        return
    for table in ("imported_span", "imported_break", "imported_range"):
        connection.execute(f"DELETE FROM {table} WHERE meter = ?", (meter_id,))  # noqa: S608 - names of ours
    insert = connection.executemany
    insert(
        "INSERT OR REPLACE INTO imported_span VALUES (?, ?, ?, ?)", ((meter_id, *each) for each in sorted(wanted.spans))
    )
    insert("INSERT INTO imported_break VALUES (?, ?, ?)", ((meter_id, *each) for each in wanted.breaks))
    for ranges, is_integrated in ((wanted.ranges, 0), (wanted.integrated, 1)):
        insert("INSERT INTO imported_range VALUES (?, ?, ?, ?)", ((meter_id, is_integrated, *each) for each in ranges))
    numbers = known.quarters.keys() | wanted.quarters.keys()
    written = {each for each in numbers if known.quarters.get(each) != wanted.quarters.get(each)}
    gone = ((meter_id, number) for number in written - wanted.quarters.keys())
    insert("DELETE FROM imported_quarter WHERE meter = ? AND quarter = ?", gone)
    rows = ((meter_id, number, wanted.quarters[number]) for number in sorted(written & wanted.quarters.keys()))
    insert("INSERT OR REPLACE INTO imported_quarter VALUES (?, ?, ?)", rows)
    changed = changed_energy(known.quarters, wanted.quarters, partial(_has_frames, connection, meter_id))
    touched = IntervalSet(_around(connection, meter_id, *each) for each in changed)
    for _, time_ms in known.breaks ^ wanted.breaks:
        number = time_ms // QUARTER_MS
        touched.add(number, _after(connection, meter_id, number))
    for one, other in ((known.ranges, wanted.ranges), (known.integrated, wanted.integrated)):
        touched |= (one - other) | (other - one)
    invalidate_quarters(connection, meter_id, touched)
    # Sinks have the registers themselves, too.
    mark_quarters(connection, sinks_of(connection), meter_id, touched | IntervalSet((each, each) for each in written))


def _has_frames(connection: sqlite3.Connection, meter_id: int, first: int, end: int) -> bool:
    """True if there are frames of a meter in quarters [first, end)."""
    return connection.execute(_ANY_FRAMES, {"meter": meter_id, "first": first, "end": end}).fetchone() is not None


def imported_ranges(connection: sqlite3.Connection, meter_id: int, *, only_integrated: bool = False) -> IntervalSet:
    """The quarters of a meter, by number, of which observations show the energy, or have it from powers."""
    select = "SELECT first, last FROM imported_range WHERE meter = ? AND integrated = ? ORDER BY first"
    return IntervalSet(connection.execute(select, (meter_id, int(only_integrated))))


def _around(connection: sqlite3.Connection, meter_id: int, first: int, last: int) -> tuple[int, int]:
    """The quarters from the observation before a change to the one after it: all of these may differ."""
    before = "SELECT max(quarter) FROM {} WHERE meter = ? AND quarter < ?"
    firsts = [connection.execute(before.format(each), (meter_id, first)).fetchone()[0] for each in _TABLES]
    return max((each for each in firsts if each is not None), default=first), _after(connection, meter_id, last)


def _after(connection: sqlite3.Connection, meter_id: int, last: int) -> int:
    """The quarter up to which what was counted since another one depends on the observation after that."""
    after = "SELECT quarter, packed FROM {} WHERE meter = ? AND quarter > ? ORDER BY quarter LIMIT 1"
    rows = [row for each in _TABLES if (row := connection.execute(after.format(each), (meter_id, last)).fetchone())]
    number, packed = min(rows, default=(last, None))
    # What is observed exactly at a quarter's start was counted in the quarters before.
    return int(number) - (packed is not None and span(packed, 0)[0] == 0)
