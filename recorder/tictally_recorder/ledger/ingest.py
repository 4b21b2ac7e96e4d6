"""Messages into rows: what a recorder does with each, inside one transaction.

An intake holds in memory what it would else look up for each frame. Where a transaction fails, the intake is thrown
away with it: no memory outlives the rows that it stands for.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tictally_recorder.ledger.classify import Bad, Good, Later, judge
from tictally_recorder.ledger.frame_numbers import NumberRange, Numbers, Status, note_when
from tictally_recorder.ledger.invalidation import Touched
from tictally_recorder.ledger.label_ids import LabelNames
from tictally_recorder.ledger.meters import LabelState, Meters, MeterState
from tictally_recorder.ledger.model import Message, Stored
from tictally_recorder.ledger.quarantine import Asides, keep, take_due
from tictally_recorder.ledger.quarters import Quarters
from tictally_recorder.ledger.retention import Candidates, Limits
from tictally_recorder.ledger.rollup import REGISTERS
from tictally_recorder.ledger.text_changes import add_change, add_late
from tictally_shared.frames import Frame

_STORED: Final = Stored(stored=1)
_REPEATED: Final = Stored(repeated=1)
_KEPT: Final = Stored(kept=1)
_REFUSED: Final = Stored(refused=1)
_STATUS: Final = {Good: Status.STORED, Later: Status.KEPT, Bad: Status.REFUSED}
# What tells which period a register counts, from then on. Source: Enedis-NOI-CPT_54E §6.2.
_OPTION: Final = "NGTF"
_TELL_PERIODS: Final = frozenset({"LTARF", _OPTION, "NTARF"})
_INSERT: Final = "INSERT INTO frame VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
# Numbers of frames that have gone are never given again: a sink that has copied one knows it by its number.
_NEWEST: Final = """
SELECT max((SELECT coalesce(max(id), 0) FROM frame), (SELECT coalesce(max(frame), 0) FROM sink))
"""


@dataclass(frozen=True, slots=True)
class _Boot:
    id: int
    edge: int
    numbers: Numbers


class Intake:
    """Stores frames; every call stands in a transaction, `save` ends it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._labels = LabelNames(connection)
        self._meters = Meters(connection, self._labels)
        self._quarters = Quarters(connection, self._labels)
        self._candidates = Candidates(connection)
        self._newest_ms: int = connection.execute("SELECT coalesce(max(last_ms), 0) FROM meter").fetchone()[0]
        self._boots: dict[tuple[str, str], _Boot] = {}
        self._asides = Asides(connection)
        self._touched = Touched(connection, self._labels)
        self._newest_id: int = connection.execute(_NEWEST).fetchone()[0]

    def take(self, message: Message) -> Stored:
        """Store, keep or set aside one message."""
        return self._take(message, message.arrived_ms)

    def take_due(self, now_ms: int, limit: int) -> Stored:
        """Take up to `limit` kept messages that are due."""
        return sum(
            (self._take(each, now_ms, Status.KEPT) for each in take_due(self._connection, now_ms, limit)), Stored()
        )

    def settle(self, limit: int) -> int:
        """Compute up to `limit` dirty quarters again; how many were."""
        settled = self._quarters.settle(limit)
        self._are_clean(settled)
        return len(settled)

    def prune(self, now_ms: int) -> bool:
        """Let raw frames of a few quarters go that have served; True where there may be more."""
        found = self._candidates.step(Limits.at(now_ms, self._newest_ms))
        self._are_clean([each for each in found or () if self._quarters.close(*each)])
        return found is not None

    def _are_clean(self, quarters: Iterable[tuple[int, int]]) -> None:
        states = {meter.id: meter for meter in self._meters}
        for meter_id, number in quarters:
            if meter_id in states:
                states[meter_id].dirty.discard(number)

    def mark_lost(self, edge: str, boot: str, ranges: Iterable[tuple[int, int]]) -> None:
        """Note numbers as lost, as far as nothing else is known of them."""
        found = self._boot(edge, boot)
        for first, last in ranges:
            found.numbers.fill(first, last, Status.LOST)
            note_when(self._connection, found.id, first, last)

    def save(self) -> None:
        """Write what was gathered in memory."""
        self._asides.save()
        for meter in self._meters:
            self._quarters.save(meter)
        self._touched.save()
        self._meters.save()
        for boot in self._boots.values():
            gone, ranges = boot.numbers.take_changes()
            for first in gone:
                self._connection.execute("DELETE FROM number WHERE boot = ? AND first = ?", (boot.id, first))
            rows = [(boot.id, each.first, each.last, each.status) for each in ranges]
            self._connection.executemany("INSERT OR REPLACE INTO number VALUES (?, ?, ?, ?)", rows)

    def _take(self, message: Message, now_ms: int, *again: Status) -> Stored:
        verdict = judge(message, now_ms)
        number = verdict.number
        if number is not None:
            numbers = self._boot(message.topic_edge, number.boot).numbers
            if numbers.status(number.seq) not in {None, Status.LOST, *again}:
                return _REPEATED
            numbers.put(number.seq, _STATUS[type(verdict)])
        if isinstance(verdict, Good):
            self._store(verdict, self._boot(message.topic_edge, verdict.frame.boot), message.arrived_ms)
            return _STORED
        if isinstance(verdict, Later):
            keep(self._connection, message, verdict)
            return _KEPT
        self._asides.add(message, verdict)
        return _REFUSED

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
        rows = execute("SELECT first, last, status FROM number WHERE boot = ?", (boot_id,))
        return _Boot(
            boot_id, edge_id, Numbers(NumberRange(first, last, Status(status)) for first, last, status in rows)
        )

    def _store(self, good: Good, boot: _Boot, arrived_ms: int) -> None:
        frame = good.frame
        time_ms = frame.time_ms
        meter = self._meters.find(frame.meter, frame.serial, time_ms)
        # It came after the frames that are here: a clock that has jumped back is not believed.
        arrived_ms = max(arrived_ms, self._newest_ms)
        self._newest_ms = max(self._newest_ms, time_ms)
        self._newest_id += 1
        row = (self._newest_id, meter.id, boot.id, frame.seq, time_ms, arrived_ms, frame.mode.value, good.body)
        self._connection.execute(_INSERT, row)
        if boot.edge not in meter.edges:
            self._connection.execute("INSERT INTO meter_edge VALUES (?, ?)", (meter.id, boot.edge))
            meter.edges.add(boot.edge)
        meter.changed = True
        newest_ms = meter.last_ms
        meter.first_ms = min(meter.first_ms, time_ms)
        meter.last_ms = max(newest_ms, time_ms)
        observed_ms = self._note_labels(meter, frame)
        if time_ms < newest_ms:
            self._touched.add_late(meter, time_ms, frame.values)
        else:
            self._touched.add(meter.id, min(newest_ms, observed_ms), time_ms)
        self._quarters.add(meter, time_ms, frame.values)

    def _note_labels(self, meter: MeterState, frame: Frame) -> int:
        """When each label was seen, and the changes of texts; since when one of the registers was not observed."""
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
                    self._touch_since(meter, name, time_ms)
                state.last_ms = time_ms
                continue
            state.first_ms = min(state.first_ms, time_ms)
            if isinstance(value, str) and add_late(
                self._connection, meter.id, (state.id, name), (time_ms, value), state.last_ms
            ):
                state.text = self._meters.newest_text(meter.id, state.id)
                self._touch_since(meter, name, time_ms)
        return observed_ms

    def _touch_since(self, meter: MeterState, label: str, time_ms: int) -> None:
        """A text that changed may say which period a register counts, until it says another.

        An option goes on for the meter that comes after, until that tells its own.
        """
        if label in _TELL_PERIODS:
            self._touched.add(meter.id, time_ms, self._newest_ms if label == _OPTION else meter.last_ms)
