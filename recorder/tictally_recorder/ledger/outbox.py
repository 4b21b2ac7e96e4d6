"""A sink's outbox in the ledger: what it has yet to replicate, and how far it is.

It has a connection of its own, in the sink's thread, and writes some rows at a time, so that the recorder's
transactions never wait for a sink.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self

from tictally_recorder.ledger.connection import open_for_writing, transaction, translate_sqlite_errors
from tictally_recorder.ledger.errors import LedgerError
from tictally_recorder.ledger.frame_codec import decode_body
from tictally_recorder.ledger.outbox_queue import mark_all, marked_quarters, put_quarters, replace_quarters, sinks_of
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.interval_set import IntervalSet

_MAX_REJECTED: Final = 1000
_MAX_POINT_LENGTH: Final = 4096
_FRAMES: Final = """
SELECT frame.id, meter.key, edge.name, frame.seq, frame.time_ms, frame.body FROM frame
JOIN meter ON meter.id = frame.meter JOIN boot ON boot.id = frame.boot JOIN edge ON edge.id = boot.edge
WHERE frame.id > (SELECT frame FROM sink WHERE name = ?) ORDER BY frame.id LIMIT ?
"""

_WINDOWS: Final = """
SELECT length_ms, start_ms FROM sink_window WHERE sink = ? AND due_ms <= ? ORDER BY length_ms DESC, start_ms DESC
"""
_NOW_MS: Final = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


class RawFrame(NamedTuple):
    """A frame for a sink.

    Attributes:
        id: its number in the ledger, rising.
        meter: key of its meter.
        edge: name of the edge that read it.
        seq: its number in its boot.
        time_ms: its time.
        values: label → value.
    """

    id: int
    meter: str
    edge: str
    seq: int
    time_ms: int
    values: dict[str, int | str]


class TimeWindow(NamedTuple):
    """A window of time, [start_ms, start_ms + length_ms)."""

    length_ms: int
    start_ms: int

    @property
    def end_ms(self) -> int:
        """Its end, excluded."""
        return self.start_ms + self.length_ms


@dataclass(frozen=True, slots=True)
class RejectedPoint:
    """A point that a sink's destination rejected.

    Attributes:
        place: bucket or table that it was for.
        reason: the destination's message.
        point: as it was sent, 4 KiB at most.
    """

    place: str
    reason: str
    point: str


@dataclass(frozen=True, slots=True)
class SinkCounts:
    """A sink's backlog.

    Attributes:
        name: of the sink.
        frames: that it has yet to replicate, at most; some of these numbers may belong to no frame any more.
        oldest_ms: when the oldest of them arrived, or None if there is none.
        quarters: that it has yet to replicate, summed over meters.
        cost_days: that it has yet to replicate.
        windows: to aggregate again, that are due.
        upcoming: to aggregate again once they are due, as those that have not ended yet; no backlog.
        rejected: points that the destination rejected since the sink was new.
        raw_since_ms: time from which on it has every raw frame.
        newest_rejected: the newest of them, or None.
    """

    name: str
    frames: int
    oldest_ms: int | None
    quarters: int
    cost_days: int
    windows: int
    upcoming: int
    rejected: int
    raw_since_ms: int
    newest_rejected: RejectedPoint | None

    @property
    def is_done(self) -> bool:
        """True if nothing is left that is due."""
        return not (self.frames or self.quarters or self.cost_days or self.windows)


class Outbox:
    """What one sink has yet to replicate. `Outbox.open` creates one; calls raise LedgerUnavailable like `Ledger.store`.

    Args:
        connection: to the ledger, for writing.
        sink: its name.
        delays_ms: length of windows, in ms → how long after its end one is due; 0 for a length that is left out.
    """

    def __init__(
        self, connection: sqlite3.Connection, sink: str, delays_ms: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        self._connection = connection
        self._sink = sink
        self._delays_ms = delays_ms
        self.release()

    @classmethod
    def open(cls, path: Path, sink: str, delays_ms: Mapping[int, int] = MappingProxyType({})) -> Self:
        """Open the ledger's file, which a recorder has created. See the class for the arguments.

        Raises:
            LedgerError: it is missing, is no ledger, or has no such sink.
        """
        connection = open_for_writing(path)
        try:
            _check_has(connection, sink, path)
            return cls(connection, sink, delays_ms)
        except BaseException:
            connection.close()
            raise

    def frames(self, limit: int) -> list[RawFrame]:
        """The next raw frames, in the order in which they were stored."""
        with translate_sqlite_errors():
            rows = self._connection.execute(_FRAMES, (self._sink, limit)).fetchall()
        return [
            RawFrame(number, meter, edge, seq, time_ms, decode_body(body)[0])
            for number, meter, edge, seq, time_ms, body in rows
        ]

    def advance(
        self, before: int, after: int, windows: Iterable[TimeWindow], rejected: Sequence[RejectedPoint]
    ) -> None:
        """Frames up to `after` have been replicated.

        Args:
            before: the cursor before; where it has moved meanwhile, a refill has reset it, and it stays.
            after: id of the last of them.
            windows: to aggregate again for them.
            rejected: points of theirs.
        """
        with transaction(self._connection):
            update = "UPDATE sink SET frame = ? WHERE name = ? AND frame = ?"
            self._connection.execute(update, (after, self._sink, before))
            self._add_windows(windows)
            self._reject(rejected)

    def skip_frames(self) -> None:
        """The sink replicates no raw frames: let its cursor be at the newest."""
        newest = "(SELECT max(id) FROM frame)"
        with translate_sqlite_errors():
            behind = f"SELECT 1 FROM sink WHERE name = ? AND frame < {newest}"  # noqa: S608
            if self._connection.execute(behind, (self._sink,)).fetchone() is None:
                return
        with transaction(self._connection):
            self._connection.execute(f"UPDATE sink SET frame = {newest} WHERE name = ?", (self._sink,))  # noqa: S608

    @property
    def cursor(self) -> int:
        """Id of the last frame that has been replicated."""
        return int(self._one("SELECT frame FROM sink WHERE name = ?"))

    @property
    def raw_since_ms(self) -> int:
        """Time from which on the sink has every raw frame."""
        return int(self._one("SELECT raw_since_ms FROM sink WHERE name = ?"))

    @property
    def newest_copied_ms(self) -> int | None:
        """Time of the newest replicated frame, or None if the ledger no longer has it."""
        select = (
            "SELECT time_ms FROM frame WHERE id <= (SELECT frame FROM sink WHERE name = ?) ORDER BY id DESC LIMIT 1"
        )
        with translate_sqlite_errors():
            row = self._connection.execute(select, (self._sink,)).fetchone()
        return None if row is None else int(row[0])

    @property
    def oldest_ms(self) -> int:
        """Time of the first frame ever."""
        with translate_sqlite_errors():
            row = self._connection.execute(
                "SELECT coalesce(min(first_ms), 0) FROM meter WHERE first_ms <= last_ms"
            ).fetchone()
        return int(row[0])

    @property
    def note(self) -> dict[str, Any]:
        """The sink's own note."""
        return dict(json.loads(self._one("SELECT note FROM sink WHERE name = ?")))

    def save_note(self, note: Mapping[str, Any], windows: Iterable[TimeWindow] = ()) -> None:
        """Update the note and add windows to aggregate again: both or neither.

        Args:
            note: name → value in JSON; other names keep their values.
            windows: to aggregate again.
        """
        with transaction(self._connection):
            self._update_note(note)
            self._add_windows(windows)

    def reset(self, *, raw: bool, note: Mapping[str, Any], windows: Iterable[TimeWindow] = ()) -> None:
        """Replicate everything again: the destination is another one, or was emptied.

        Args:
            raw: True if its raw frames are gone too. It gets those that the ledger still has, and no older ones.
            note: as in `save_note`.
            windows: as in `save_note`.
        """
        with transaction(self._connection):
            execute = self._connection.execute
            if raw:
                gone = "SELECT coalesce(max(quarter) + 1, 0) FROM quarter WHERE settled IS NOT NULL"
                since_ms = execute(gone).fetchone()[0] * QUARTER_MS
                execute("UPDATE sink SET frame = 0, raw_since_ms = ? WHERE name = ?", (since_ms, self._sink))
                execute("DELETE FROM sink_window WHERE sink = ?", (self._sink,))
            mark_all(self._connection, self._sink)
            self._update_note(note)
            self._add_windows(windows)

    def take_quarters(self, before: int, at_most: int) -> dict[int, IntervalSet]:
        """Take the newest marked quarters; returns meter id → quarters by number.

        Args:
            before: number of a quarter; this one and newer ones stay.
            at_most: length of the range that is taken, in quarters.
        """
        select = (
            "SELECT max(min(last, ?)) FROM sink_quarter WHERE sink = ? AND taken = 0 AND first < ?"  # the newest of all
        )
        with transaction(self._connection):
            (newest,) = self._connection.execute(select, (before - 1, self._sink, before)).fetchone()
            if newest is None:
                return {}
            taken_range = IntervalSet([(newest - at_most + 1, newest)])
            meters = "SELECT DISTINCT meter FROM sink_quarter WHERE sink = ? AND taken = 0"
            found = {}
            for (meter_id,) in self._connection.execute(meters, (self._sink,)).fetchall():
                marked = marked_quarters(self._connection, self._sink, meter_id)
                taken = marked & taken_range
                if taken:
                    found[meter_id] = taken
                    replace_quarters(self._connection, self._sink, meter_id, marked - taken_range)
                    rows = ((self._sink, meter_id, first, last) for first, last in taken)
                    self._connection.executemany("INSERT INTO sink_quarter VALUES (?, 1, ?, ?, ?)", rows)
        return found

    def take_cost(self, at_most: int) -> list[tuple[str, int]]:
        """Take the newest marked days of cost: site and day (proleptic ordinal) each. Marks of deleted sites go."""
        gone = "DELETE FROM sink_cost WHERE sink = ? AND site NOT IN (SELECT id FROM site)"
        newest = "SELECT site, day FROM sink_cost WHERE sink = ? AND taken = 0 ORDER BY day DESC LIMIT ?"
        with transaction(self._connection):
            self._connection.execute(gone, (self._sink,))
            rows = self._connection.execute(newest, (self._sink, at_most)).fetchall()
            update = "UPDATE OR REPLACE sink_cost SET taken = 1 WHERE sink = ? AND taken = 0 AND site = ? AND day = ?"
            self._connection.executemany(update, [(self._sink, *row) for row in rows])
            names = dict(self._connection.execute("SELECT id, name FROM site"))
        return [(names[site], day) for site, day in rows]

    def confirm_taken(self, rejected: Sequence[RejectedPoint] = ()) -> None:
        """Record that everything taken has been replicated, except rejected points."""
        with transaction(self._connection):
            for table in ("sink_quarter", "sink_cost"):
                self._connection.execute(f"DELETE FROM {table} WHERE sink = ? AND taken = 1", (self._sink,))  # noqa: S608
            self._reject(rejected)

    def release(self) -> None:
        """What was taken may not have been replicated: mark it again."""
        taken = "SELECT meter, first, last FROM sink_quarter WHERE sink = ? AND taken = 1"
        with transaction(self._connection):
            for meter_id, first, last in self._connection.execute(taken, (self._sink,)).fetchall():
                known = marked_quarters(self._connection, self._sink, meter_id)
                put_quarters(self._connection, self._sink, meter_id, known, IntervalSet([(first, last)]))
            self._connection.execute("DELETE FROM sink_quarter WHERE sink = ? AND taken = 1", (self._sink,))
            update = "UPDATE OR REPLACE sink_cost SET taken = 0 WHERE sink = ? AND taken = 1"
            self._connection.execute(update, (self._sink,))

    def windows(self, now_ms: int = 2**62) -> list[TimeWindow]:
        """The windows to aggregate again: the longest first, of each length the newest first.

        Args:
            now_ms: those that are due by then; by default also those that are not due yet.
        """
        with translate_sqlite_errors():
            return [TimeWindow(*row) for row in self._connection.execute(_WINDOWS, (self._sink, now_ms))]

    def add_windows(self, windows: Iterable[TimeWindow]) -> None:
        """Add windows to aggregate again."""
        with transaction(self._connection):
            self._add_windows(windows)

    def drop_windows(self, windows: Iterable[TimeWindow]) -> None:
        """Remove windows: they have been aggregated, or never will be."""
        delete = "DELETE FROM sink_window WHERE sink = ? AND length_ms = ? AND start_ms = ?"
        with transaction(self._connection):
            self._connection.executemany(delete, [(self._sink, *window) for window in windows])

    def counts(self) -> SinkCounts:
        """The sink's backlog."""
        with translate_sqlite_errors():
            return next(each for each in sink_counts(self._connection) if each.name == self._sink)

    def close(self) -> None:
        """Close it; closing twice does nothing."""
        self._connection.close()

    def _one(self, select: str) -> Any:  # noqa: ANN401 - of whatever column
        with translate_sqlite_errors():
            return self._connection.execute(select, (self._sink,)).fetchone()[0]

    def _add_windows(self, windows: Iterable[TimeWindow]) -> None:
        insert = "INSERT OR IGNORE INTO sink_window VALUES (?, ?, ?, ?)"
        rows = [(self._sink, *each, each.end_ms + self._delays_ms.get(each.length_ms, 0)) for each in windows]
        self._connection.executemany(insert, rows)

    def _update_note(self, note: Mapping[str, Any]) -> None:
        # Name by name, since a refill increments its own counter in it at any time.
        update = "UPDATE sink SET note = json_set(note, '$.' || ?, json(?)) WHERE name = ?"
        self._connection.executemany(update, [(name, json.dumps(each), self._sink) for name, each in note.items()])

    def _reject(self, rejected: Sequence[RejectedPoint]) -> None:
        if not rejected:
            return
        execute = self._connection.execute
        execute("UPDATE sink SET rejected = rejected + ? WHERE name = ?", (len(rejected), self._sink))
        newest = rejected[-_MAX_REJECTED:]
        (now_ms,) = execute(_NOW_MS).fetchone()
        rows = [(self._sink, now_ms, each.place, each.reason, each.point[:_MAX_POINT_LENGTH]) for each in newest]
        self._connection.executemany("INSERT INTO sink_rejected VALUES (NULL, ?, ?, ?, ?, ?)", rows)
        execute("DELETE FROM sink_rejected WHERE id <= (SELECT max(id) FROM sink_rejected) - ?", (_MAX_REJECTED,))


def refill_sinks(path: Path, names: Iterable[str], start_ms: int, end_ms: int) -> None:
    """Let some sinks replicate [start_ms, end_ms) again; also while a recorder runs.

    Raises:
        LedgerError: there is no ledger.
        LedgerUnavailable: it is busy.
    """
    with closing(open_for_writing(path)) as connection, transaction(connection):
        for sink in set(sinks_of(connection)).intersection(names):
            mark_all(connection, sink, start_ms, end_ms)


def _check_has(connection: sqlite3.Connection, sink: str, path: Path) -> None:
    if connection.execute("SELECT 1 FROM sink WHERE name = ?", (sink,)).fetchone() is None:
        raise LedgerError(f"the ledger {path} has no sink {sink} yet; start `tictally record` with it once")


def sink_counts(connection: sqlite3.Connection) -> list[SinkCounts]:
    """The backlog of each sink, read within milliseconds."""

    def one(select: str, *values: object) -> Any:  # noqa: ANN401 - of whatever column
        return connection.execute(select, values).fetchone()[0]

    now_ms, found = int(connection.execute(_NOW_MS).fetchone()[0]), []
    for name, frame, since_ms, rejected in connection.execute("SELECT name, frame, raw_since_ms, rejected FROM sink"):
        oldest = connection.execute(
            "SELECT arrived_ms FROM frame WHERE id > ? ORDER BY id LIMIT 1", (frame,)
        ).fetchone()
        newest = connection.execute(
            "SELECT place, reason, point FROM sink_rejected WHERE sink = ? ORDER BY id DESC LIMIT 1", (name,)
        ).fetchone()
        found.append(
            SinkCounts(
                name=name,
                frames=max(one("SELECT coalesce(max(id), 0) FROM frame") - frame, 0),
                oldest_ms=oldest and oldest[0],
                quarters=one("SELECT coalesce(sum(last - first + 1), 0) FROM sink_quarter WHERE sink = ?", name),
                cost_days=one("SELECT count(*) FROM sink_cost WHERE sink = ?", name),
                windows=one("SELECT count(*) FROM sink_window WHERE sink = ? AND due_ms <= ?", name, now_ms),
                upcoming=one("SELECT count(*) FROM sink_window WHERE sink = ? AND due_ms > ?", name, now_ms),
                rejected=rejected,
                raw_since_ms=since_ms,
                newest_rejected=newest and RejectedPoint(*newest),
            )
        )
    return found
