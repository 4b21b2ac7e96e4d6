"""Stores messages as rows, inside one transaction.

A `MessageStore` caches what it would otherwise look up for each frame. Where a transaction fails, the caller discards
the store too: the cache never outlives the rows that it mirrors.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

from tictally_recorder.ledger.boots import Boot, Boots
from tictally_recorder.ledger.classify import Accepted, Deferred, Rejected, classify
from tictally_recorder.ledger.daily_maxima import DailyMaxima
from tictally_recorder.ledger.edge_limits import EdgeWatch, Limit
from tictally_recorder.ledger.frame_codec import decode_body
from tictally_recorder.ledger.frame_numbers import Status, record_lost_range
from tictally_recorder.ledger.invalidation import Invalidations
from tictally_recorder.ledger.meters import LabelIds, LabelState, Meters, MeterState
from tictally_recorder.ledger.model import INTEGRATED_EDGE, BatchResult, Message
from tictally_recorder.ledger.observations.rebuild import mark_dirty_import
from tictally_recorder.ledger.quarantine import DeadLetters, DeferredMessages
from tictally_recorder.ledger.quarters import OPTION, QuarterStore
from tictally_recorder.ledger.retention import RetentionLimits, RetentionScan
from tictally_recorder.ledger.rollup import REGISTERS
from tictally_recorder.ledger.text_changes import add_change, add_late
from tictally_recorder.ledger.voltage_means import VoltageMeans
from tictally_shared.calendar import QUARTER_MS
from tictally_shared.frames import Frame
from tictally_shared.tariff_options import SUPPLIER

_STORED: Final = BatchResult(stored=1)
_DUPLICATE: Final = BatchResult(duplicates=1)
_DEFERRED: Final = BatchResult(deferred=1)
_REJECTED: Final = BatchResult(rejected=1)
_IGNORED: Final = BatchResult(ignored=1)
_CONFLICT: Final = BatchResult(stored=1, conflicts=1)
_STATUS: Final = {Accepted: Status.STORED, Deferred: Status.DEFERRED, Rejected: Status.REJECTED}
# The labels that define which period a register counts, from then on. Source: Enedis-NOI-CPT_54E §6.2.
_PERIOD_LABELS: Final = frozenset({"LTARF", OPTION, "NTARF"})
# How long a pair of them must last to be a name: see `tictally_recorder.energy.period_names`.
_NAME_LASTS_MS: Final = 5 * 60 * 1000
_INSERT: Final = "INSERT INTO frame VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
# FrameNumbers of frames that have gone are never given again: a sink that has copied one knows it by its number.
_NEWEST: Final = """
SELECT max((SELECT coalesce(max(id), 0) FROM frame), (SELECT coalesce(max(frame), 0) FROM sink))
"""


_IN_LEDGER: Final = """
SELECT meter.key, time_ms, mode, body FROM frame JOIN meter ON meter.id = frame.meter WHERE boot = ? AND seq = ?
"""
_IS_SETTLED: Final = """
SELECT 1 FROM quarter JOIN meter ON meter.id = quarter.meter WHERE key = ? AND quarter = ? AND settled IS NOT NULL
"""


class MessageStore:
    """Stores messages; every call is inside a transaction, `save` is its last.

    Args:
        connection: the ledger's.
        watch: limits what one edge may make it store.
    """

    def __init__(self, connection: sqlite3.Connection, watch: EdgeWatch) -> None:
        self._connection = connection
        self._watch = watch
        self._labels = LabelIds(connection)
        self._meters = Meters(connection, self._labels)
        self._quarters = QuarterStore(connection, self._labels)
        self._retention = RetentionScan(connection)
        self._newest_ms: int = connection.execute("SELECT coalesce(max(last_ms), 0) FROM meter").fetchone()[0]
        self._boots = Boots(connection, watch)
        self._dead_letters = DeadLetters(connection)
        self._daily_maxima = DailyMaxima(connection)
        self._voltage_means = VoltageMeans(connection)
        self._deferred = DeferredMessages(connection, watch.limits)
        self._invalidations = Invalidations(connection, self._labels)
        self._newest_id: int = connection.execute(_NEWEST).fetchone()[0]

    def store(self, message: Message) -> BatchResult:
        """Store, defer or reject one message."""
        return self._classify_and_store(message, message.arrived_ms)

    def retry_deferred(self, now_ms: int, limit: int) -> BatchResult:
        """Store up to `limit` deferred messages that are due; where that makes room, dropped ones may come again."""
        due = self._deferred.take_due(now_ms, limit)
        result = sum((self._classify_and_store(each, now_ms, Status.DEFERRED) for each in due), BatchResult())
        for edge in self._boots.overflowed():
            if self._deferred.has_room_again(edge):
                self._boots.forget_overflowed(edge)
        return result

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

    def mark_lost(self, edge: str, boot: str, ranges: Iterable[tuple[int, int]], now_ms: int) -> None:
        """Mark numbers as lost, except those that have another status; of no boot beyond the edge's limit."""
        found = self._boots.find(edge, boot, now_ms)
        if found is None:
            return
        for first, last in ranges:
            found.numbers.fill(first, last, Status.LOST)
            record_lost_range(self._connection, found.id, first, last)

    def save(self) -> None:
        """Write what was collected in memory."""
        self._dead_letters.save()
        for meter in self._meters.used:
            self._quarters.save(meter)
            if meter.gap_since_ms is not None:
                mark_dirty_import(self._connection, meter.id, meter.gap_since_ms)
                meter.gap_since_ms = None
        self._invalidations.save()
        self._meters.save()
        self._boots.save()

    def _classify_and_store(self, message: Message, now_ms: int, *again: Status) -> BatchResult:
        outcome = classify(message, now_ms)
        edge, number = message.topic_edge, outcome.number
        if number is None:
            return self._store_unnumbered(message, outcome)
        boot = self._boots.find(edge, number.boot, now_ms)
        if boot is None:
            return self._reject(message, Limit.BOOTS, f"the edge has begun {self._watch.limits.boots} boots in a day")
        status, is_conflict = boot.numbers.status(number.seq), False
        if status not in {None, Status.LOST, Status.OVERFLOWED, *again}:
            if not isinstance(outcome, Accepted) or status is Status.DEFERRED:
                return _DUPLICATE
            if status is Status.STORED:
                if self._is_stored(boot, outcome.frame):
                    return _DUPLICATE
                self._watch.note_conflict(edge, boot.name, number.seq)
                found = self._free_fork(boot, outcome.frame, now_ms)
                if not isinstance(found, Boot):
                    return found or self._reject(
                        message, Limit.CONFLICTS, "its number was used for other frames before"
                    )
                boot, is_conflict = found, True
        if isinstance(outcome, Accepted) and not self._admits(outcome.frame, boot):
            outcome = Rejected(number, Limit.METERS, f"the edge has read {self._watch.limits.meters} meters already")
            self._watch.note(edge, Limit.METERS)
        return self._store_numbered(message, outcome, boot, is_conflict=is_conflict)

    def _store_numbered(
        self, message: Message, outcome: Accepted | Deferred | Rejected, boot: Boot, *, is_conflict: bool
    ) -> BatchResult:
        seq = outcome.number.seq if outcome.number is not None else 0
        if isinstance(outcome, Deferred) and not self._deferred.put(message, outcome):
            self._boots.put_overflowed(boot, seq)
            return self._reject(message, Limit.DEFERRED, "no room for another message that must wait")
        if isinstance(outcome, Accepted) and self._meters.is_ignored(outcome.frame.meter):
            boot.numbers.put(seq, Status.IGNORED)
            return _IGNORED
        boot.numbers.put(seq, _STATUS[type(outcome)])
        if isinstance(outcome, Accepted):
            self._store_frame(outcome, boot, message.arrived_ms)
            return _CONFLICT if is_conflict else _STORED
        if isinstance(outcome, Deferred):
            return _DEFERRED
        self._dead_letters.add(message, outcome)
        return _REJECTED

    def _store_unnumbered(self, message: Message, outcome: Accepted | Deferred | Rejected) -> BatchResult:
        if isinstance(outcome, Rejected):
            self._dead_letters.add(message, outcome)
            return _REJECTED
        if isinstance(outcome, Deferred) and self._deferred.put(message, outcome):
            return _DEFERRED
        return self._reject(message, Limit.DEFERRED, "no room for another message that must wait")

    def _reject(self, message: Message, limit: Limit, detail: str) -> BatchResult:
        self._watch.note(message.topic_edge, limit)
        self._dead_letters.add(message, Rejected(None, limit, detail))
        return _REJECTED

    def _admits(self, frame: Frame, boot: Boot) -> bool:
        if boot.edge_name == INTEGRATED_EDGE:
            return True
        return self._meters.admits(frame.meter, frame.serial, boot.edge, self._watch.limits.meters)

    def _is_stored(self, boot: Boot, frame: Frame) -> bool:
        """Whether a frame whose number is known is the one that has it; True where nobody knows any more."""
        row = self._connection.execute(_IN_LEDGER, (boot.id, frame.seq)).fetchone()
        if row is not None:
            key, time_ms, mode, body = row
            is_same = (key, time_ms, mode) == (frame.meter, frame.time_ms, frame.mode.value)
            return is_same and decode_body(body) == (frame.values, frame.dated)
        # Raw frames are deleted by the quarter-hour. Where those of its own are complete, it is not among them.
        quarter = (frame.meter, frame.time_ms // QUARTER_MS)
        return self._connection.execute(_IS_SETTLED, quarter).fetchone() is not None

    def _free_fork(self, boot: Boot, frame: Frame, now_ms: int) -> Boot | BatchResult | None:
        """Where to store a frame whose number another one has: a fork, what it is if it is there, None if nowhere."""
        for fork in self._boots.forks(boot, now_ms):
            if fork.numbers.status(frame.seq) is None:
                return fork
            if self._is_stored(fork, frame):
                return _DUPLICATE
        return None

    def _store_frame(self, accepted: Accepted, boot: Boot, arrived_ms: int) -> None:
        frame = accepted.frame
        time_ms = frame.time_ms
        meter = self._meters.find(frame.meter, frame.serial, time_ms)
        # It arrived after the frames already stored: a clock that jumped back is not trusted.
        arrived_ms = max(arrived_ms, self._newest_ms)
        self._newest_ms = max(self._newest_ms, time_ms)
        self._newest_id += 1
        row = (self._newest_id, meter.id, boot.id, frame.seq, time_ms, arrived_ms, frame.mode.value, accepted.body)
        self._connection.execute(_INSERT, row)
        self._meters.add_edge(meter, boot.edge)
        is_first = meter.first_ms > meter.last_ms  # imports made the meter
        newest_ms = time_ms if is_first else meter.last_ms
        meter.first_ms = min(meter.first_ms, time_ms)
        meter.last_ms = max(newest_ms, time_ms)
        option = meter.labels.get(OPTION)
        option_before, named_ms = option.text if option else None, meter.named_ms
        is_change = time_ms < newest_ms or self._has_other_registers(meter, frame, newest_ms)
        observed_ms = self._update_labels(meter, frame)
        if is_change:
            self._invalidations.add_between(meter, time_ms, frame.values)
        if time_ms >= newest_ms:
            if newest_ms - named_ms <= 2 * _NAME_LASTS_MS:
                # The frames before were too few to show that a name lasts.
                self._invalidations.add_between(meter, named_ms, _supplier_registers(meter))
                observed_ms = min(observed_ms, named_ms)
            self._invalidations.add(meter.id, min(newest_ms, observed_ms), time_ms)
        meter.change_gaps(0 if is_first or time_ms < newest_ms else newest_ms)
        option = meter.labels.get(OPTION)
        is_cut = option is not None and option.text != option_before
        self._quarters.add(meter, time_ms, frame.values, is_cut=is_cut)
        self._daily_maxima.add(meter.id, frame)
        self._voltage_means.add(meter.id, frame)

    @staticmethod
    def _has_other_registers(meter: MeterState, frame: Frame, newest_ms: int) -> bool:
        """True if a frame has a register that the newest one before it had not."""
        labels = meter.labels
        return any(
            name in REGISTERS and (name not in labels or labels[name].last_ms < newest_ms) for name in frame.values
        )

    def _update_labels(self, meter: MeterState, frame: Frame) -> int:
        """Record sightings and changes of labels; returns the oldest last observation of a register before."""
        time_ms = observed_ms = frame.time_ms
        meter.changed_labels.update(frame.values)
        for name, value in frame.values.items():
            state = meter.labels.get(name)
            if state is None:
                state = meter.labels[name] = LabelState(self._labels.id(name), time_ms, -1)
                meter.change_gaps(0)
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
            if isinstance(value, str) and (
                changed := add_late(self._connection, meter.id, (state.id, name), (time_ms, value), state.last_ms)
            ):
                state.text = self._meters.newest_text(meter.id, state.id)
                self._invalidate_since(meter, name, time_ms)
                for at_ms in changed if name == OPTION else ():
                    self._quarters.cut(meter, at_ms // QUARTER_MS)
        return observed_ms

    def _invalidate_since(self, meter: MeterState, label: str, time_ms: int) -> None:
        """Invalidate from a changed string on, where it defines which period a register counts.

        So far as a pair of them must last to be a name, it defines what was before too; and where no frame was, what
        the registers counted from the one before to the one after. An option applies to the meter installed next too,
        until that sends its own.
        """
        if label in _PERIOD_LABELS:
            meter.named_ms = max(meter.named_ms, time_ms)
            until_ms = self._newest_ms if label == OPTION else meter.last_ms
            self._invalidations.add(meter.id, time_ms - _NAME_LASTS_MS, max(time_ms, until_ms))
            self._invalidations.add_between(meter, time_ms, _supplier_registers(meter))


def _supplier_registers(meter: MeterState) -> set[str]:
    return {name for name in meter.labels if name.startswith(SUPPLIER)}
