"""Reads a ledger; never blocks its recorder."""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from tictally_recorder.cancellation import check_abandoned
from tictally_recorder.ledger.connection import get_value, open_for_reading, translate_sqlite_errors
from tictally_recorder.ledger.consumption_store import Consumptions, StoredConsumption
from tictally_recorder.ledger.cost_store import CostDay, Costs
from tictally_recorder.ledger.daily_maxima import DailyMaximum, maxima_between
from tictally_recorder.ledger.frame_numbers import (
    NumberRange,
    conflicts_of,
    edges_of,
    frame_numbers_of,
    lost_between,
)
from tictally_recorder.ledger.invalidation import invalidated_quarters
from tictally_recorder.ledger.meters import LabelIds
from tictally_recorder.ledger.model import IgnoredSite, LedgerCounts, Quarter, Site, TextChange
from tictally_recorder.ledger.notes import Note, Notes
from tictally_recorder.ledger.observations.model import ImportRun, Observation
from tictally_recorder.ledger.observations.rebuild import imported_ranges
from tictally_recorder.ledger.observations.store import import_runs, observations_between
from tictally_recorder.ledger.outbox import SinkCounts, sink_counts
from tictally_recorder.ledger.production import Produced, newest_production, production_between
from tictally_recorder.ledger.quarantine import RejectionSummary, rejections
from tictally_recorder.ledger.quarter_codec import (
    LiveQuarter,
    MonotonicRegisters,
    unpack,
    unpack_live,
    unpack_registers,
)
from tictally_recorder.ledger.quarters import compute_quarter
from tictally_recorder.ledger.raw_frames import complete_numbers_between, frames_between, latest_frames, newest_frame
from tictally_recorder.ledger.sites import all_sites, ignored_sites, site_id
from tictally_recorder.ledger.standby_store import Night, newest_before, nights_between
from tictally_recorder.ledger.statistics import ledger_counts
from tictally_recorder.ledger.temperatures import temperatures_between
from tictally_recorder.ledger.voltage_means import VoltageMean, means_between
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.interval_set import IntervalSet

# A dirty quarter may have no row yet.
_QUARTERS: Final = """
SELECT quarter, packed,
    EXISTS (SELECT 1 FROM dirty_quarter AS dirty WHERE dirty.meter = ?1 AND dirty.quarter = quarter.quarter)
FROM quarter WHERE meter = ?1 AND quarter >= ?2 AND quarter < ?3
UNION ALL
SELECT quarter, NULL, 1 FROM dirty_quarter AS dirty WHERE meter = ?1 AND quarter >= ?2 AND quarter < ?3
    AND NOT EXISTS (SELECT 1 FROM quarter WHERE quarter.meter = ?1 AND quarter.quarter = dirty.quarter)
ORDER BY 1
"""
# The same, and the quarters that imports fill.
_WITH_IMPORTS: Final = """
SELECT quarter, packed,
    EXISTS (SELECT 1 FROM dirty_quarter AS dirty WHERE dirty.meter = ?1 AND dirty.quarter = quarter.quarter)
FROM quarter WHERE meter = ?1 AND quarter >= ?2 AND quarter < ?3
UNION ALL
SELECT quarter, NULL, 1 FROM dirty_quarter AS dirty WHERE meter = ?1 AND quarter >= ?2 AND quarter < ?3
    AND NOT EXISTS (SELECT 1 FROM quarter WHERE quarter.meter = ?1 AND quarter.quarter = dirty.quarter)
UNION ALL
SELECT quarter, packed, 0 FROM imported_quarter AS imported WHERE meter = ?1 AND quarter >= ?2 AND quarter < ?3
    AND NOT EXISTS (SELECT 1 FROM quarter WHERE quarter.meter = ?1 AND quarter.quarter = imported.quarter)
    AND NOT EXISTS (SELECT 1 FROM dirty_quarter AS dirty WHERE dirty.meter = ?1 AND dirty.quarter = imported.quarter)
ORDER BY 1
"""
_SEEN: Final = """
SELECT name, min(first_ms), max(last_ms) FROM (
    SELECT label, first_ms, last_ms FROM label_seen WHERE meter = ?1
    UNION ALL SELECT label, first_ms, last_ms FROM imported_span WHERE meter = ?1
) AS seen JOIN label ON label.id = label GROUP BY name
"""
_WITH_FRAMES: Final = """
SELECT quarter FROM quarter WHERE meter = :meter AND quarter >= :first AND quarter < :end
UNION SELECT quarter FROM dirty_quarter WHERE meter = :meter AND quarter >= :first AND quarter < :end ORDER BY 1
"""
_TEXTS: Final = """
SELECT name, time_ms, text_change.value FROM json_each(?4) JOIN label ON name = json_each.value
CROSS JOIN text_change ON label = label.id AND meter = ?1 AND time_ms >= ?2 AND time_ms < ?3
ORDER BY time_ms, name
"""
_TEXTS_EVER: Final = """
SELECT DISTINCT value FROM text_change WHERE meter = ? AND label = (SELECT id FROM label WHERE name = ?)
"""
_RAW_BETWEEN: Final = """
SELECT count(*), coalesce(max(id), 0) FROM frame WHERE meter = ? AND time_ms >= ? AND time_ms < ?
"""
_ALL_NIGHTS: Final = """
SELECT site.name, meter.key, day, va, minutes FROM standby
JOIN meter ON meter.id = standby.meter JOIN site ON site.id = meter.site AND ignored_ms IS NULL
ORDER BY day, standby.meter
"""
_NEWEST_TEXT: Final = """
SELECT value FROM text_change WHERE meter = ? AND label = (SELECT id FROM label WHERE name = ?)
ORDER BY time_ms DESC LIMIT 1
"""
_IMPORTED: Final = (
    "imported_quarter (meter, quarter, packed)",
    "imported_span (meter, label, first_ms, last_ms)",
    "imported_break (meter, label, time_ms)",
    "imported_range (meter, integrated, first, last)",
)
_Unpacked = TypeVar("_Unpacked")


class LedgerReader:
    """A ledger opened for reading; sees what is committed. Use `LedgerReader.open`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open.

        Raises:
            LedgerError: it is missing, not a ledger, or from another version.
        """
        return cls(open_for_reading(path))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All reads of the block see one snapshot, whatever the recorder commits meanwhile; nested, the outermost's."""
        if self._connection.in_transaction:
            yield
            return
        with translate_sqlite_errors():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def without_imports(self) -> Iterator[None]:
        """All reads of the block see what frames alone show, as if nothing had been imported; observations stay."""
        with translate_sqlite_errors():
            # Empty tables of this connection's own hide those of the same names in the ledger.
            for each in _IMPORTED:
                self._connection.execute(f"CREATE TEMP TABLE {each}")
            try:
                yield
            finally:
                for each in _IMPORTED:
                    self._connection.execute(f"DROP TABLE temp.{each.partition(' ')[0]}")

    def sites(self) -> list[Site]:
        """Every site, by id."""
        with translate_sqlite_errors():
            return all_sites(self._connection)

    def ignored_sites(self) -> list[IgnoredSite]:
        """The sites that are recorded no more, ordered by their ids."""
        with translate_sqlite_errors():
            return ignored_sites(self._connection)

    def notes(self, site: str | None = None, *, deleted: bool = False) -> list[Note]:
        """The notes of a site or of all, see `Notes.all`."""
        with translate_sqlite_errors():
            return Notes(self._connection).all(site, deleted=deleted)

    def note(self, number: int) -> Note:
        """A note, also a deleted one. Raises NoteError if there is none."""
        with translate_sqlite_errors():
            return Notes(self._connection).get(number)

    def quarters(self, meter_id: int, start_ms: int, end_ms: int, *, newest_first: bool = False) -> Iterator[Quarter]:
        """The quarters that start in [start_ms, end_ms) and have frames, in order of time.

        Args:
            meter_id: the meter's id in the ledger.
            start_ms: milliseconds since 1970.
            end_ms: excluded.
            newest_first: in reverse order.
        """
        return self._each(_QUARTERS, unpack, (meter_id, start_ms, end_ms), newest_first=newest_first)

    def live_quarters(
        self, meter_id: int, start_ms: int, end_ms: int, *, with_others: bool = True
    ) -> Iterator[LiveQuarter]:
        """As `quarters`, with powers, currents and voltages only: several times as fast.

        Args:
            meter_id: the meter's id in the ledger.
            start_ms: milliseconds since 1970.
            end_ms: excluded.
            with_others: False leaves the names of other numbers out.
        """
        decode = partial(unpack_live, with_others=with_others)
        found: Iterator[Quarter | LiveQuarter] = self._each(
            _QUARTERS, decode, (meter_id, start_ms, end_ms), newest_first=False
        )
        return (LiveQuarter.of(each) if isinstance(each, Quarter) else each for each in found)

    def registers(
        self,
        meter_id: int,
        start_ms: int,
        end_ms: int,
        *,
        newest_first: bool = False,
        only: Collection[str] | None = None,
    ) -> Iterator[Quarter | MonotonicRegisters]:
        """As `quarters`, and those that imports fill, but only registers are certain to be in them.

        Several times as fast.

        Args:
            meter_id: the meter's id in the ledger.
            start_ms: milliseconds since 1970.
            end_ms: excluded.
            newest_first: in reverse order.
            only: the registers needed; faster still where they are the first of a frame.
        """
        if only is None:
            return self._each(_WITH_IMPORTS, unpack_registers, (meter_id, start_ms, end_ms), newest_first=newest_first)
        with translate_sqlite_errors():
            ids = LabelIds(self._connection).ids
        unpack_needed = partial(unpack_registers, last_id=max((ids[name] for name in only if name in ids), default=0))
        return self._each(_WITH_IMPORTS, unpack_needed, (meter_id, start_ms, end_ms), newest_first=newest_first)

    def _each(
        self,
        select: str,
        decode: Callable[[bytes, int, int, Mapping[int, str]], _Unpacked],
        window: tuple[int, int, int],
        *,
        newest_first: bool,
    ) -> Iterator[Quarter | _Unpacked]:
        meter_id, start_ms, end_ms = window
        bounds = (meter_id, -(-start_ms // QUARTER_MS), -(-end_ms // QUARTER_MS))
        order = " DESC" if newest_first else ""
        with translate_sqlite_errors():
            names = LabelIds(self._connection).names
            for number, packed, is_dirty in self._connection.execute(select + order, bounds):
                check_abandoned()
                if not is_dirty:
                    yield decode(packed, meter_id, number * QUARTER_MS, names)
                    continue
                quarter = compute_quarter(self._connection, names, meter_id, number)
                if quarter is not None:
                    yield quarter

    def labels_seen(self, meter_id: int) -> dict[str, tuple[int, int]]:
        """Each label of a meter's frames and imports: the times of the first and the last that has it."""
        with translate_sqlite_errors():
            rows = self._connection.execute(_SEEN, (meter_id,)).fetchall()
        return {name: (first_ms, last_ms) for name, first_ms, last_ms in rows}

    def register_breaks(self, meter_id: int) -> set[tuple[str, int]]:
        """(label, moment of an observation) after which what was counted up to the next observation is unknown."""
        select = "SELECT name, time_ms FROM imported_break JOIN label ON label.id = label WHERE meter = ?"
        with translate_sqlite_errors():
            return set(self._connection.execute(select, (meter_id,)))

    def imported_quarters(self, meter_id: int, *, only_integrated: bool = False) -> IntervalSet:
        """The quarters of a meter, by number, of which imports show the energy, or have it from powers."""
        with translate_sqlite_errors():
            return imported_ranges(self._connection, meter_id, only_integrated=only_integrated)

    def import_runs(self) -> list[ImportRun]:
        """Every import run, the oldest first."""
        with translate_sqlite_errors():
            return import_runs(self._connection)

    def observations(self, site: str, start_ms: int, end_ms: int) -> Iterator[tuple[int, str, str, Observation]]:
        """Run, importer, file and observation of what a site's imports have in [start_ms, end_ms), in order of run.

        Args:
            site: its id.
            start_ms: milliseconds since 1970; an energy that ends then is left out.
            end_ms: excluded.
        """
        with translate_sqlite_errors():
            found = site_id(self._connection, site)
            if found is not None:
                yield from observations_between(self._connection, found, start_ms, end_ms)

    def temperatures(self, site: str, start_ms: int, end_ms: int) -> dict[int, int]:
        """Outdoor temperature in [start_ms, end_ms) by hour, hundredths of a degree.

        The one of the site's imports, else the sensor's, else the weather service's.

        Args:
            site: its id.
            start_ms: milliseconds since 1970.
            end_ms: excluded.

        Returns:
            The hour's milliseconds since 1970 → the temperature then, in order of time.
        """
        with translate_sqlite_errors():
            return temperatures_between(self._connection, site_id(self._connection, site), start_ms, end_ms)

    def text_changes(self, meter_id: int, labels: Collection[str], start_ms: int, end_ms: int) -> Iterator[TextChange]:
        """Changes of some labels' strings in [start_ms, end_ms), in order of time."""
        with translate_sqlite_errors():
            for row in self._connection.execute(_TEXTS, (meter_id, start_ms, end_ms, json.dumps(list(labels)))):
                yield TextChange(*row)

    def distinct_texts(self, meter_id: int, label: str) -> set[str]:
        """Every string that a label of a meter ever had."""
        with translate_sqlite_errors():
            return {value for (value,) in self._connection.execute(_TEXTS_EVER, (meter_id, label))}

    def oldest_raw_ms(self, meter_id: int, start_ms: int = 0) -> int | None:
        """The time of a meter's oldest raw frame, of those from a time on, or None if there is none."""
        with translate_sqlite_errors():
            select = "SELECT min(time_ms) FROM frame WHERE meter = ? AND time_ms >= ?"
            row = self._connection.execute(select, (meter_id, start_ms)).fetchone()
        return None if row[0] is None else int(row[0])

    def raw_between(self, meter_id: int, start_ms: int, end_ms: int) -> tuple[int, int]:
        """How many raw frames a meter has in [start_ms, end_ms), and the id of the last one stored, or 0."""
        with translate_sqlite_errors():
            row = self._connection.execute(_RAW_BETWEEN, (meter_id, start_ms, end_ms)).fetchone()
        return int(row[0]), int(row[1])

    def newest_text(self, meter_id: int, label: str) -> str | None:
        """The newest string of a label of a meter, or None if it never had one."""
        with translate_sqlite_errors():
            row = self._connection.execute(_NEWEST_TEXT, (meter_id, label)).fetchone()
        return None if row is None else str(row[0])

    def cost_total(self, site: str, direction: str, currency: str, *, without: date) -> Decimal:
        """The sum of all known amounts of a site in a currency, one day left out; not rounded."""
        with translate_sqlite_errors():
            found = site_id(self._connection, site)
            return Decimal(0) if found is None else Costs(self._connection).total(found, direction, currency, without)

    def consumption_days(self, site: str, start: date, end: date) -> list[StoredConsumption]:
        """The consumption that is stored of the local days of [start, end) of a site, in order.

        It is that of the day's cost, which may be invalidated.
        """
        with translate_sqlite_errors():
            found = site_id(self._connection, site)
            return [] if found is None else list(Consumptions(self._connection).days(found, start, end))

    def consumption_kinds(self) -> dict[int, str]:
        """Id → kind of quarters, of all that is stored."""
        with translate_sqlite_errors():
            return Consumptions(self._connection).kinds()

    def days_without_consumption(self, site: str, before: date) -> set[date]:
        """The days of a site before another one that have a cost, and no consumption stored with it."""
        with translate_sqlite_errors():
            found = site_id(self._connection, site)
            return set() if found is None else Consumptions(self._connection).lacking(found, before)

    def invalidated(self, meter_id: int) -> IntervalSet:
        """A meter's quarters, by number, whose cost is invalidated."""
        with translate_sqlite_errors():
            return invalidated_quarters(self._connection, meter_id)

    def cost_days(self, site: str, start: date, end: date, *, replaced: bool = False) -> list[CostDay]:
        """The computed figures of the local days of [start, end), in order of day.

        Args:
            site: its id.
            start: a local day.
            end: a local day, excluded.
            replaced: True: the replaced figures instead, the oldest first within each day.
        """
        with translate_sqlite_errors():
            found = site_id(self._connection, site)
            return [] if found is None else list(Costs(self._connection).days(found, start, end, replaced=replaced))

    def cost_states(self, site: str, start: date, end: date) -> dict[date, int]:
        """Day → when its figures were computed, of the local days of [start, end) that have figures.

        Together with `invalidated` it shows whether a day changed: every change invalidates the day, and then it is
        recomputed.
        """
        with translate_sqlite_errors():
            found = site_id(self._connection, site)
            return {} if found is None else Costs(self._connection).states(found, start, end)

    def frames(self, meter_id: int, start_ms: int, end_ms: int) -> Iterator[tuple[int, dict[str, int | str]]]:
        """(time in milliseconds since 1970, values) of a meter's raw frames in [start_ms, end_ms)."""
        with translate_sqlite_errors():
            for each in frames_between(self._connection, meter_id, start_ms, end_ms):
                check_abandoned()
                yield each

    def latest_frames(
        self, meters: Collection[int], limit: int, offset: int
    ) -> list[tuple[int, int, dict[str, int | str]]]:
        """(meter, time, values) of the newest raw frames of some meters, the newest first."""
        with translate_sqlite_errors():
            return list(latest_frames(self._connection, meters, limit, offset))

    def newest_frame(self, meter_id: int) -> tuple[int, dict[str, int | str]] | None:
        """(time, values) of a meter's newest raw frame, or None if there is none."""
        with translate_sqlite_errors():
            return newest_frame(self._connection, meter_id)

    def meters_of_edge(self, edge: str) -> set[int]:
        """The ids of the meters that an edge has read."""
        select = "SELECT meter FROM meter_edge WHERE edge = (SELECT id FROM edge WHERE name = ?)"
        with translate_sqlite_errors():
            return {meter for (meter,) in self._connection.execute(select, (edge,))}

    def cost_keys(self, site: str) -> dict[date, str]:
        """Day → fingerprint of what its figures depend on beside frames, for the computed days."""
        with translate_sqlite_errors():
            found = site_id(self._connection, site)
            return {} if found is None else Costs(self._connection).keys(found)

    def complete_raw_numbers(
        self, meter_id: int, labels: Collection[str], start_ms: int, end_ms: int
    ) -> Iterator[tuple[int, dict[str, int]]]:
        """Numbers of a meter's raw frames in [start_ms, end_ms), by time; empty if some of the frames were deleted.

        Args:
            meter_id: the meter's id in the ledger.
            labels: to read; a frame without them is yielded too.
            start_ms: milliseconds since 1970.
            end_ms: excluded.
        """
        with translate_sqlite_errors():
            yield from complete_numbers_between(self._connection, meter_id, labels, start_ms, end_ms)

    def standby(self, site: Site, start: date, end: date) -> list[Night]:
        """The nights of the local days of [start, end) whose base load is known, in order.

        Where a meter was replaced in a night, the one with more minutes counts.
        """
        with translate_sqlite_errors():
            return nights_between(self._connection, [meter.id for meter in site.meters], start, end)

    def daily_maxima(self, site: Site, start: date, end: date) -> list[DailyMaximum]:
        """The highest powers that a site's meters reported for the local days of [start, end), by day."""
        with translate_sqlite_errors():
            return maxima_between(self._connection, [meter.id for meter in site.meters], start, end)

    def production(self, start_ms: int, end_ms: int) -> dict[int, Produced]:
        """What an inverter published of the quarter-hours that start in [start_ms, end_ms), by number."""
        with translate_sqlite_errors():
            return production_between(self._connection, -(-start_ms // QUARTER_MS), -(-end_ms // QUARTER_MS))

    def newest_production(self) -> int | None:
        """The newest quarter-hour, by number, of which an inverter published the production, or None."""
        with translate_sqlite_errors():
            return newest_production(self._connection)

    def voltage_means(self, site: Site, start_ms: int, end_ms: int) -> Iterator[VoltageMean]:
        """What a site's meters reported of the ten minutes that start in [start_ms, end_ms), by time."""
        with translate_sqlite_errors():
            yield from means_between(self._connection, [meter.id for meter in site.meters], start_ms, end_ms)

    def all_nights(self) -> list[tuple[str, str, date, int, int]]:
        """Site, meter, local day, VA and minutes of every night whose base load is known, in order of day."""
        with translate_sqlite_errors():
            rows = self._connection.execute(_ALL_NIGHTS).fetchall()
        return [(site, meter, date.fromordinal(day), va, minutes) for site, meter, day, va, minutes in rows]

    def sinks(self) -> list[SinkCounts]:
        """The backlog of each sink."""
        with translate_sqlite_errors():
            return sink_counts(self._connection)

    def newest_night(self, site: Site, end: date) -> date | None:
        """The newest local day before another whose night's base load is known, or None if there is none."""
        with translate_sqlite_errors():
            return newest_before(self._connection, [meter.id for meter in site.meters], end)

    @property
    def version(self) -> int:
        """The version of the ledger's tables."""
        with translate_sqlite_errors():
            return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @property
    def created(self) -> str | None:
        """When the ledger was created, ISO 8601 in UTC; unchanged by backup and restore."""
        with translate_sqlite_errors():
            row = self._connection.execute("SELECT value FROM meta WHERE name = 'created'").fetchone()
        return None if row is None else str(row[0])

    def get_value(self, name: str) -> str | None:
        """A value of the recorder's own state, or None."""
        with translate_sqlite_errors():
            return get_value(self._connection, name)

    def rejections(self) -> list[RejectionSummary]:
        """The rejected messages by reason, the most frequent first."""
        with translate_sqlite_errors():
            return rejections(self._connection)

    def edges(self) -> dict[str, int | None]:
        """Edge → time of the newest frame of a meter that it read, None if it never sent a frame; by name."""
        with translate_sqlite_errors():
            return edges_of(self._connection)

    def frame_numbers(self, edge: str) -> dict[str, list[NumberRange]]:
        """Boot → the ranges of an edge's numbers whose status is known, ascending."""
        with translate_sqlite_errors():
            return frame_numbers_of(self._connection, edge)

    def conflicts(self) -> dict[str, int]:
        """Edge → frames whose numbers it had used before, for other frames."""
        with translate_sqlite_errors():
            return conflicts_of(self._connection)

    def lost_between(self, edges: Collection[str], start_ms: int, end_ms: int) -> int:
        """How many lost frames of some edges may have been in [start_ms, end_ms), as far as their times are known."""
        with translate_sqlite_errors():
            return lost_between(self._connection, edges, start_ms, end_ms)

    def quarters_with_frames(self, meter_id: int, start_ms: int, end_ms: int) -> list[int]:
        """The starts, in milliseconds since 1970, of a meter's quarters in [start_ms, end_ms) that have frames."""
        bounds = {"meter": meter_id, "first": -(-start_ms // QUARTER_MS), "end": -(-end_ms // QUARTER_MS)}
        with translate_sqlite_errors():
            return [number * QUARTER_MS for (number,) in self._connection.execute(_WITH_FRAMES, bounds)]

    def counts(self) -> LedgerCounts:
        """The ledger's figures."""
        with translate_sqlite_errors():
            return ledger_counts(self._connection)

    def close(self) -> None:
        """Close it; a second call does nothing."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
