"""Stores messages as rows, inside one transaction.

A `MessageStore` caches what it would otherwise look up for each frame. Where a transaction fails, the caller discards
the store too: the cache never outlives the rows that it mirrors.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tictally_recorder.ledger.classify import Accepted, Deferred, Rejected, classify
from tictally_recorder.ledger.frame_numbers import FrameNumbers, NumberRange, Status, record_lost_range
from tictally_recorder.ledger.invalidation import Invalidations
from tictally_recorder.ledger.label_ids import LabelIds
from tictally_recorder.ledger.meters import LabelState, Meters, MeterState
from tictally_recorder.ledger.model import BatchResult, Message
from tictally_recorder.ledger.quarantine import DeadLetters, defer, take_due
from tictally_recorder.ledger.quarters import QuarterStore
from tictally_recorder.ledger.retention import RetentionLimits, RetentionScan
from tictally_recorder.ledger.rollup import REGISTERS
from tictally_recorder.ledger.text_changes import add_change, add_late
from tictally_shared.frames import Frame

_STORED: Final = BatchResult(stored=1)
_DUPLICATE: Final = BatchResult(duplicates=1)
_DEFERRED: Final = BatchResult(deferred=1)
_REJECTED: Final = BatchResult(rejected=1)
_STATUS: Final = {Accepted: Status.STORED, Deferred: Status.DEFERRED, Rejected: Status.REJECTED}
# The labels that define which period a register counts, from then on. Source: Enedis-NOI-CPT_54E §6.2.
_OPTION: Final = "NGTF"
_PERIOD_LABELS: Final = frozenset({"LTARF", _OPTION, "NTARF"})
_INSERT: Final = "INSERT INTO frame VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
# FrameNumbers of frames that have gone are never given again: a sink that has copied one knows it by its number.
_NEWEST: Final = """
SELECT max((SELECT coalesce(max(id), 0) FROM frame), (SELECT coalesce(max(frame), 0) FROM sink))
"""


@dataclass(frozen=True, slots=True)
class _Boot:
    id: int
    edge: int
    numbers: FrameNumbers


class MessageStore:
    """Stores messages; every call is inside a transaction, `save` is its last."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._labels = LabelIds(connection)
        self._meters = Meters(connection, self._labels)
        self._quarters = QuarterStore(connection, self._labels)
        self._retention = RetentionScan(connection)
        self._newest_ms: int = connection.execute("SELECT coalesce(max(last_ms), 0) FROM meter").fetchone()[0]
        self._boots: dict[tuple[str, str], _Boot] = {}
        self._dead_letters = DeadLetters(connection)
        self._invalidations = Invalidations(connection, self._labels)
        self._newest_id: int = connection.execute(_NEWEST).fetchone()[0]

    def store(self, message: Message) -> BatchResult:
        """Store, defer or reject one message."""
        return self._classify_and_store(message, message.arrived_ms)

    def retry_deferred(self, now_ms: int, limit: int) -> BatchResult:
        """Store up to `limit` deferred messages that are due."""
        due = take_due(self._connection, now_ms, limit)
        return sum((self._classify_and_store(each, now_ms, Status.DEFERRED) for each in due), BatchResult())

    def recompute_dirty(self, limit: int) -> int:
        """Recompute up to `limit` dirty quarters; returns how many were dirty."""
        recomputed = self._quarters.recompute_dirty(limit)
        self._mark_clean(recomputed)
        return len(recomputed)

    def apply_retention(self, now_ms: int) -> bool:
        """Delete the raw frames of a few quarters whose retention ended; True if there may be more."""
        found = self._retention.step(RetentionLimits.at(now_ms, self._newest_ms))
        self._mark_clean([each for each in found or () if self._quarters.settle(*each)])
        return found is not None

    def _mark_clean(self, quarters: Iterable[tuple[int, int]]) -> None:
        states = {meter.id: meter for meter in self._meters}
        for meter_id, number in quarters:
            if meter_id in states:
                states[meter_id].dirty.discard(number)

    def mark_lost(self, edge: str, boot: str, ranges: Iterable[tuple[int, int]]) -> None:
        """Mark numbers as lost, except those that have another status."""
        found = self._boot(edge, boot)
        for first, last in ranges:
            found.numbers.fill(first, last, Status.LOST)
            record_lost_range(self._connection, found.id, first, last)

    def save(self) -> None:
        """Write what was collected in memory."""
        self._dead_letters.save()
        for meter in self._meters:
            self._quarters.save(meter)
        self._invalidations.save()
        self._meters.save()
        for boot in self._boots.values():
            gone, ranges = boot.numbers.take_changes()
            for first in gone:
                self._connection.execute("DELETE FROM frame_number WHERE boot = ? AND first = ?", (boot.id, first))
            rows = [(boot.id, each.first, each.last, each.status) for each in ranges]
            self._connection.executemany("INSERT OR REPLACE INTO frame_number VALUES (?, ?, ?, ?)", rows)

    def _classify_and_store(self, message: Message, now_ms: int, *again: Status) -> BatchResult:
        outcome = classify(message, now_ms)
        number = outcome.number
        if number is not None:
            numbers = self._boot(message.topic_edge, number.boot).numbers
            if numbers.status(number.seq) not in {None, Status.LOST, *again}:
                return _DUPLICATE
            numbers.put(number.seq, _STATUS[type(outcome)])
        if isinstance(outcome, Accepted):
            self._store_frame(outcome, self._boot(message.topic_edge, outcome.frame.boot), message.arrived_ms)
            return _STORED
        if isinstance(outcome, Deferred):
            defer(self._connection, message, outcome)
            return _DEFERRED
        self._dead_letters.add(message, outcome)
        return _REJECTED

    def _boot(self, edge: str, name: str) -> _Boot:
        found = self._boots.get((edge, name))
        if found is None:
            found = self._boots[edge, name] = self._load_boot(edge, name)
        return found

    def _load_boot(self, edge: str, name: str) -> _Boot:
        execute = self._connection.execute
        execute("INSERT INTO edge (name) VALUES (?) ON CONFLICT DO NOTHING", (edge,))
        edge_id = execute("SELECT id FROM edge WHERE name = ?", (edge,)).fetchone()[0]
        execute("INSERT INTO boot (edge, boot) VALUES (?, ?) ON CONFLICT DO NOTHING", (edge_id, name))
        boot_id = execute("SELECT id FROM boot WHERE edge = ? AND boot = ?", (edge_id, name)).fetchone()[0]
        rows = execute("SELECT first, last, status FROM frame_number WHERE boot = ?", (boot_id,))
        return _Boot(
            boot_id, edge_id, FrameNumbers(NumberRange(first, last, Status(status)) for first, last, status in rows)
        )

    def _store_frame(self, accepted: Accepted, boot: _Boot, arrived_ms: int) -> None:
        frame = accepted.frame
        time_ms = frame.time_ms
        meter = self._meters.find(frame.meter, frame.serial, time_ms)
        # It arrived after the frames already stored: a clock that jumped back is not trusted.
        arrived_ms = max(arrived_ms, self._newest_ms)
        self._newest_ms = max(self._newest_ms, time_ms)
        self._newest_id += 1
        row = (self._newest_id, meter.id, boot.id, frame.seq, time_ms, arrived_ms, frame.mode.value, accepted.body)
        self._connection.execute(_INSERT, row)
        if boot.edge not in meter.edges:
            self._connection.execute("INSERT INTO meter_edge VALUES (?, ?)", (meter.id, boot.edge))
            meter.edges.add(boot.edge)
        meter.changed = True
        newest_ms = meter.last_ms
        meter.first_ms = min(meter.first_ms, time_ms)
        meter.last_ms = max(newest_ms, time_ms)
        observed_ms = self._update_labels(meter, frame)
        if time_ms < newest_ms:
            self._invalidations.add_late_frame(meter, time_ms, frame.values)
        else:
            self._invalidations.add(meter.id, min(newest_ms, observed_ms), time_ms)
        self._quarters.add(meter, time_ms, frame.values)

    def _update_labels(self, meter: MeterState, frame: Frame) -> int:
        """Record sightings and changes of labels; returns the oldest last observation of a register before."""
        time_ms = observed_ms = frame.time_ms
        meter.changed_labels.update(frame.values)
        for name, value in frame.values.items():
            state = meter.labels.get(name)
            if state is None:
                state = meter.labels[name] = LabelState(self._labels.id(name), time_ms, -1)
            if time_ms > state.last_ms:
                if 0 <= state.last_ms < observed_ms and name in REGISTERS:
                    observed_ms = state.last_ms
                if value != state.text and isinstance(value, str):
                    add_change(self._connection, meter.id, state.id, time_ms, value)
                    state.text = value
                    self._invalidate_since(meter, name, time_ms)
                state.last_ms = time_ms
                continue
            state.first_ms = min(state.first_ms, time_ms)
            if isinstance(value, str) and add_late(
                self._connection, meter.id, (state.id, name), (time_ms, value), state.last_ms
            ):
                state.text = self._meters.newest_text(meter.id, state.id)
                self._invalidate_since(meter, name, time_ms)
        return observed_ms

    def _invalidate_since(self, meter: MeterState, label: str, time_ms: int) -> None:
        """Invalidate from a changed string on, where it defines which period a register counts.

        An option applies to the meter installed next too, until that sends its own.
        """
        if label in _PERIOD_LABELS:
            self._invalidations.add(meter.id, time_ms, self._newest_ms if label == _OPTION else meter.last_ms)
