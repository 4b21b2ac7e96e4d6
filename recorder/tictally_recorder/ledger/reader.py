"""Answers from a ledger, without ever holding up its recorder."""

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

from tictally_recorder.ledger.cost_store import CostDay, Costs
from tictally_recorder.ledger.frame_numbers import NumberRange, edges_of, lost_between, numbers_of
from tictally_recorder.ledger.invalidation import touched_of
from tictally_recorder.ledger.key_value import note
from tictally_recorder.ledger.label_ids import LabelNames
from tictally_recorder.ledger.model import LedgerCounts, Quarter, Site, TextChange
from tictally_recorder.ledger.outbox import SinkCounts, sink_counts
from tictally_recorder.ledger.quarantine import Refused, refusals
from tictally_recorder.ledger.quarter_codec import Straight, unpack, unpack_registers
from tictally_recorder.ledger.quarters import compute
from tictally_recorder.ledger.raw_frames import frames_between, latest_frames, newest_frame, whole_numbers_between
from tictally_recorder.ledger.schema import open_for_reading, told
from tictally_recorder.ledger.sites import all_sites, site_id
from tictally_recorder.ledger.standby_store import Night, newest_before, nights_between
from tictally_recorder.ledger.statistics import count
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.interval_set import IntervalSet

# A quarter that only dirty knows has no row yet.
_QUARTERS: Final = """
SELECT quarter, packed, EXISTS (SELECT 1 FROM dirty WHERE dirty.meter = ?1 AND dirty.quarter = quarter.quarter)
FROM quarter WHERE meter = ?1 AND quarter >= ?2 AND quarter < ?3
UNION ALL
SELECT quarter, NULL, 1 FROM dirty WHERE meter = ?1 AND quarter >= ?2 AND quarter < ?3
    AND NOT EXISTS (SELECT 1 FROM quarter WHERE quarter.meter = ?1 AND quarter.quarter = dirty.quarter)
ORDER BY 1
"""
_WITH_FRAMES: Final = """
SELECT quarter FROM quarter WHERE meter = :meter AND quarter >= :first AND quarter < :end
UNION SELECT quarter FROM dirty WHERE meter = :meter AND quarter >= :first AND quarter < :end ORDER BY 1
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
JOIN meter ON meter.id = standby.meter JOIN site ON site.id = meter.site ORDER BY day, standby.meter
"""
_NEWEST_TEXT: Final = """
SELECT value FROM text_change WHERE meter = ? AND label = (SELECT id FROM label WHERE name = ?)
ORDER BY time_ms DESC LIMIT 1
"""
_Unpacked = TypeVar("_Unpacked")


class LedgerReader:
    """A ledger opened for reading; sees what is committed. `LedgerReader.open` makes one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open.

        Raises:
            LedgerError: it is missing, no ledger, or from a newer version.
        """
        return cls(open_for_reading(path))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read inside is of one moment, whatever the recorder commits meanwhile; of the outermost's, if any."""
        if self._connection.in_transaction:
            yield
            return
        with told():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    def sites(self) -> list[Site]:
        """Every site, by id."""
        with told():
            return all_sites(self._connection)

    def quarters(self, meter_id: int, start_ms: int, end_ms: int, *, newest_first: bool = False) -> Iterator[Quarter]:
        """The quarters that start in [start_ms, end_ms) and have frames, in order of time.

        Args:
            meter_id: the ledger's number of the meter.
            start_ms: milliseconds since 1970.
            end_ms: excluded.
            newest_first: the other way round.
        """
        return self._each(unpack, meter_id, start_ms, end_ms, newest_first=newest_first)

    def registers(
        self,
        meter_id: int,
        start_ms: int,
        end_ms: int,
        *,
        newest_first: bool = False,
        only: Collection[str] | None = None,
    ) -> Iterator[Quarter | Straight]:
        """As `quarters`, but of labels only registers are sure to be in them: several times as fast.

        Args:
            meter_id: the ledger's number of the meter.
            start_ms: milliseconds since 1970.
            end_ms: excluded.
            newest_first: the other way round.
            only: the registers that are needed; faster still where they are the first of a frame.
        """
        if only is None:
            return self._each(unpack_registers, meter_id, start_ms, end_ms, newest_first=newest_first)
        with told():
            ids = LabelNames(self._connection).ids
        unpacked = partial(unpack_registers, last_id=max((ids[name] for name in only if name in ids), default=0))
        return self._each(unpacked, meter_id, start_ms, end_ms, newest_first=newest_first)

    def _each(
        self,
        unpacked: Callable[[bytes, int, int, Mapping[int, str]], _Unpacked],
        meter_id: int,
        start_ms: int,
        end_ms: int,
        *,
        newest_first: bool,
    ) -> Iterator[Quarter | _Unpacked]:
        bounds = (meter_id, -(-start_ms // QUARTER_MS), -(-end_ms // QUARTER_MS))
        order = " DESC" if newest_first else ""
        with told():
            names = LabelNames(self._connection).names
            for number, packed, is_dirty in self._connection.execute(_QUARTERS + order, bounds):
                if not is_dirty:
                    yield unpacked(packed, meter_id, number * QUARTER_MS, names)
                    continue
                quarter = compute(self._connection, names, meter_id, number)
                if quarter is not None:
                    yield quarter

    def labels_seen(self, meter_id: int) -> dict[str, tuple[int, int]]:
        """Each label that a meter ever sent: the times of the first and the last frame with it."""
        select = "SELECT name, first_ms, last_ms FROM seen JOIN label ON label.id = label WHERE meter = ?"
        with told():
            rows = self._connection.execute(select, (meter_id,)).fetchall()
        return {name: (first_ms, last_ms) for name, first_ms, last_ms in rows}

    def text_changes(self, meter_id: int, labels: Collection[str], start_ms: int, end_ms: int) -> Iterator[TextChange]:
        """Changes of some labels' texts in [start_ms, end_ms), in order of time."""
        with told():
            for row in self._connection.execute(_TEXTS, (meter_id, start_ms, end_ms, json.dumps(list(labels)))):
                yield TextChange(*row)

    def texts_ever(self, meter_id: int, label: str) -> set[str]:
        """All that a label of a meter ever said."""
        with told():
            return {value for (value,) in self._connection.execute(_TEXTS_EVER, (meter_id, label))}

    def oldest_raw_ms(self, meter_id: int, start_ms: int = 0) -> int | None:
        """The time of a meter's oldest raw frame, of those from a time on, or None where there is none."""
        with told():
            select = "SELECT min(time_ms) FROM frame WHERE meter = ? AND time_ms >= ?"
            row = self._connection.execute(select, (meter_id, start_ms)).fetchone()
        return None if row[0] is None else int(row[0])

    def raw_between(self, meter_id: int, start_ms: int, end_ms: int) -> tuple[int, int]:
        """How many raw frames a meter has in [start_ms, end_ms), and the number of the one that came last, or 0."""
        with told():
            row = self._connection.execute(_RAW_BETWEEN, (meter_id, start_ms, end_ms)).fetchone()
        return int(row[0]), int(row[1])

    def newest_text(self, meter_id: int, label: str) -> str | None:
        """What a label of a meter said last, or None where it never said anything."""
        with told():
            row = self._connection.execute(_NEWEST_TEXT, (meter_id, label)).fetchone()
        return None if row is None else str(row[0])

    def cost_total(self, site: str, direction: str, currency: str, *, without: date) -> Decimal:
        """The sum of all that is known of what a site's days cost in a currency, one day left out; not rounded."""
        with told():
            found = site_id(self._connection, site)
            return Decimal(0) if found is None else Costs(self._connection).total(found, direction, currency, without)

    def touched(self, meter_id: int) -> IntervalSet:
        """A meter's quarters, by number, that frames have touched and whose cost is not computed again yet."""
        with told():
            return touched_of(self._connection, meter_id)

    def cost_days(self, site: str, start: date, end: date, *, replaced: bool = False) -> list[CostDay]:
        """The figures that the recorder has computed for the local days of [start, end), in order of day.

        Args:
            site: its id.
            start: a local day.
            end: a local day, excluded.
            replaced: those that held before instead, of each day the oldest first.
        """
        with told():
            found = site_id(self._connection, site)
            return [] if found is None else list(Costs(self._connection).days(found, start, end, replaced=replaced))

    def cost_states(self, site: str, start: date, end: date) -> dict[date, int]:
        """Day → when its figures were computed, of the local days of [start, end) for which there are any.

        With `touched` it tells whether a day is still what it was: whatever changes a day touches it, and then it is
        computed again.
        """
        with told():
            found = site_id(self._connection, site)
            return {} if found is None else Costs(self._connection).states(found, start, end)

    def frames(self, meter_id: int, start_ms: int, end_ms: int) -> Iterator[tuple[int, dict[str, int | str]]]:
        """(time in milliseconds since 1970, values) of a meter's raw frames in [start_ms, end_ms) that are here."""
        with told():
            yield from frames_between(self._connection, meter_id, start_ms, end_ms)

    def latest_frames(
        self, meters: Collection[int], limit: int, offset: int
    ) -> list[tuple[int, int, dict[str, int | str]]]:
        """(meter, time, values) of the newest raw frames of some meters, the newest first."""
        with told():
            return list(latest_frames(self._connection, meters, limit, offset))

    def newest_frame(self, meter_id: int) -> tuple[int, dict[str, int | str]] | None:
        """(time, values) of a meter's newest raw frame, or None where none is here any more."""
        with told():
            return newest_frame(self._connection, meter_id)

    def meters_of_edge(self, edge: str) -> set[int]:
        """The ledger's numbers of the meters that an edge has read."""
        select = "SELECT meter FROM meter_edge WHERE edge = (SELECT id FROM edge WHERE name = ?)"
        with told():
            return {meter for (meter,) in self._connection.execute(select, (edge,))}

    def cost_keys(self, site: str) -> dict[date, str]:
        """Day → key of what its figures depend on beside frames, for the days that have been computed."""
        with told():
            found = site_id(self._connection, site)
            return {} if found is None else Costs(self._connection).keys(found)

    def whole_raw(
        self, meter_id: int, labels: Collection[str], start_ms: int, end_ms: int
    ) -> Iterator[tuple[int, dict[str, int]]]:
        """Numbers of a meter's raw frames in [start_ms, end_ms), by time; none where some of the frames have gone.

        Args:
            meter_id: the ledger's number of the meter.
            labels: whose numbers are wanted; a frame without them is there too.
            start_ms: milliseconds since 1970.
            end_ms: excluded.
        """
        with told():
            yield from whole_numbers_between(self._connection, meter_id, labels, start_ms, end_ms)

    def standby(self, site: Site, start: date, end: date) -> list[Night]:
        """The nights of the local days of [start, end) whose base load is known, in order.

        Where meters followed one another in a night, it is that of the one which was heard longer.
        """
        with told():
            return nights_between(self._connection, [meter.id for meter in site.meters], start, end)

    def all_nights(self) -> list[tuple[str, str, date, int, int]]:
        """Site, meter, local day, VA and minutes of every night whose base load is known, in order of day."""
        with told():
            rows = self._connection.execute(_ALL_NIGHTS).fetchall()
        return [(site, meter, date.fromordinal(day), va, minutes) for site, meter, day, va, minutes in rows]

    def sinks(self) -> list[SinkCounts]:
        """How far each sink is that the ledger is copied to."""
        with told():
            return sink_counts(self._connection)

    def newest_night(self, site: Site, end: date) -> date | None:
        """The newest local day before another whose night's base load is known, or None where there is none."""
        with told():
            return newest_before(self._connection, [meter.id for meter in site.meters], end)

    @property
    def version(self) -> int:
        """Of the ledger's form."""
        with told():
            return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @property
    def began(self) -> str | None:
        """When the ledger was begun, ISO 8601 in UTC; it stays that through backup and restore."""
        with told():
            row = self._connection.execute("SELECT value FROM meta WHERE name = 'created'").fetchone()
        return None if row is None else str(row[0])

    def recall(self, name: str) -> str | None:
        """A note of the recorder's own, or None."""
        with told():
            return note(self._connection, name)

    def refusals(self) -> list[Refused]:
        """What was set aside, by reason, the most frequent first."""
        with told():
            return refusals(self._connection)

    def edges(self) -> dict[str, int | None]:
        """Edge → time of the newest frame of a meter that it read, None where it never sent a frame; by name."""
        with told():
            return edges_of(self._connection)

    def numbers(self, edge: str) -> dict[str, list[NumberRange]]:
        """Boot → the ranges of an edge's numbers of which is known what became of them, ascending."""
        with told():
            return numbers_of(self._connection, edge)

    def lost_between(self, edges: Collection[str], start_ms: int, end_ms: int) -> int:
        """How many frames of some edges are lost in [start_ms, end_ms), as far as is known when they were."""
        with told():
            return lost_between(self._connection, edges, start_ms, end_ms)

    def quarters_with_frames(self, meter_id: int, start_ms: int, end_ms: int) -> list[int]:
        """The starts, in milliseconds since 1970, of a meter's quarters in [start_ms, end_ms) that have frames."""
        bounds = {"meter": meter_id, "first": -(-start_ms // QUARTER_MS), "end": -(-end_ms // QUARTER_MS)}
        with told():
            return [number * QUARTER_MS for (number,) in self._connection.execute(_WITH_FRAMES, bounds)]

    def counts(self) -> LedgerCounts:
        """The ledger's figures."""
        with told():
            return count(self._connection)

    def close(self) -> None:
        """Close it; a second time does nothing."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
