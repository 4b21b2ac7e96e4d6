"""Writes to a ledger: each call is one transaction."""

import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from tictally_recorder.ledger.connection import (
    data_version,
    get_value,
    is_missing,
    open_for_writing,
    put_value,
    refuse_folder,
    require,
    require_folder,
    transaction,
    translate_sqlite_errors,
)
from tictally_recorder.ledger.consumption_store import Consumptions
from tictally_recorder.ledger.cost_store import CostDay, Costs
from tictally_recorder.ledger.edge_limits import EdgeLimits, EdgeWatch
from tictally_recorder.ledger.errors import LedgerError
from tictally_recorder.ledger.frame_numbers import NumberRange, frame_numbers_of, recent_numbers_of
from tictally_recorder.ledger.ingest import MessageStore
from tictally_recorder.ledger.invalidation import invalidate
from tictally_recorder.ledger.lock import FileLock, Lock
from tictally_recorder.ledger.migrations import save_copy
from tictally_recorder.ledger.model import BatchResult, LedgerCounts, Message, Site
from tictally_recorder.ledger.notes import Notes
from tictally_recorder.ledger.observations.rebuild import recompute_dirty_import
from tictally_recorder.ledger.outbox import SinkCounts, sink_counts
from tictally_recorder.ledger.outbox_queue import set_sinks
from tictally_recorder.ledger.production import Produced, put_production
from tictally_recorder.ledger.sites import join, site_id, sites_revision, store_consumption, store_cost
from tictally_recorder.ledger.standby_store import Night, put_nights
from tictally_recorder.ledger.statistics import ledger_counts
from tictally_recorder.ledger.temperatures import put_measured

_MOST_RETRIED: Final = 2000

_T = TypeVar("_T")


class Ledger:
    """A ledger opened for writing, by one process at a time and in one thread. Use `Ledger.open`.

    Attributes:
        client_id: the MQTT client id, random, created with the ledger.
        is_new: whether this opening created it.
        watch: which edges have reached a limit, or use numbers twice.
    """

    def __init__(self, connection: sqlite3.Connection, lock: Lock, file: FileLock, watch: EdgeWatch) -> None:
        self._connection = connection
        self._lock, self._file = lock, file
        self.is_new = False
        self._messages: MessageStore | None = None
        self._data_version: int | None = None
        self._sites_revision: str | None = None
        self.watch = watch
        self.client_id = str(connection.execute("SELECT value FROM meta WHERE name = 'client_id'").fetchone()[0])

    @classmethod
    def open(cls, path: Path, limits: EdgeLimits | None = None, *, creates: bool = True) -> Self:
        """Open or create; an older version is copied, then migrated.

        Args:
            path: of its file; the folder exists.
            limits: of what one edge may make it store; None: those of `EdgeLimits`.
            creates: False for a ledger that must exist.

        Raises:
            LedgerInUse: another process has it open; the message names its pid.
            LedgerUnavailable: another program has locked it, or the disk is full: a retry may succeed.
            LedgerError: it is missing, not a ledger, from a newer version, or cannot be opened.
        """
        require_folder(path)
        refuse_folder(path)
        if not creates:
            require(path)
        with ExitStack() as opened:
            lock = opened.enter_context(closing(Lock(path)))
            is_new = is_missing(path)
            file = opened.enter_context(closing(FileLock(path)))
            connection = opened.enter_context(closing(open_for_writing(path, upgrade=True, creates=creates)))
            file.check()
            ledger = cls(connection, lock, file, EdgeWatch(limits or EdgeLimits()))
            ledger.is_new = is_new
            opened.pop_all()
            return ledger

    def store(self, messages: Iterable[Message], values: Mapping[str, str] | None = None) -> BatchResult:
        """Store a batch in one transaction, whatever the payloads. After it returns, the batch survives a power loss.

        Args:
            messages: to store.
            values: stored in the same transaction, as `put_value` does.

        Raises:
            LedgerUnavailable: nothing of the batch was written; retry the same batch.
            LedgerGone: the file was deleted or replaced: nothing of the batch will last. See `rescue`.
            LedgerError: the file is damaged; nothing of the batch was written.
        """

        def work(store: MessageStore) -> BatchResult:
            result = sum(map(store.store, messages), BatchResult())
            for name, value in (values or {}).items():
                put_value(self._connection, name, value)
            return result

        return self._write(work)

    def retry_deferred(self, now_ms: int) -> BatchResult:
        """Retry deferred messages that are due, or readable since an upgrade. Raises as `store` does.

        At most 2000 messages in one call.
        """
        return self._write(lambda store: store.retry_deferred(now_ms, _MOST_RETRIED))

    def recompute_dirty(self, limit: int) -> int:
        """Recompute up to `limit` quarters that late frames made dirty; returns how many. Raises as `store` does."""
        return self._write(lambda store: store.recompute_dirty(limit))

    def recompute_imports(self) -> bool:
        """Recompute what imports fill of a site whose frames changed beside it; False if none is left.

        Takes seconds where years are imported. Raises as `store` does.
        """
        return self._write(lambda _: recompute_dirty_import(self._connection))

    def apply_retention(self, now_ms: int) -> bool:
        """Delete raw frames that are two days old, by their time and by their arrival; their quarters stay for ever.

        Those that a sink has not copied yet stay, for 30 days at most. One call handles a few quarters and takes no
        longer than storing a batch. Raises as `store` does.

        Args:
            now_ms: milliseconds since 1970.

        Returns:
            True if there may be more to delete.
        """
        return self._write(lambda store: store.apply_retention(now_ms))

    def join_sites(self, new: str, old: str) -> None:
        """Move the meters of site `new` to site `old`, whose id stays. Raises as the function `join_sites`."""
        self._write(lambda _: join(self._connection, new, old))

    def invalidate(self, site: Site, quarters: Iterable[tuple[int, int]]) -> None:
        """Invalidate the cost of quarters, (first, last) by number. Raises as `store` does."""
        ranges = list(quarters)

        def mark(_: MessageStore) -> None:
            there = {meter for (meter,) in self._connection.execute("SELECT id FROM meter")}
            for meter in site.meters:
                for first, last in ranges if meter.id in there else ():
                    invalidate(self._connection, meter.id, first, last)

        self._write(mark)

    def put_measured_temperatures(self, means: Mapping[int, int]) -> None:
        """Store the hourly means of an outdoor sensor: hour since 1970 → hundredths of a degree. Raises as `store`."""
        self._write(lambda _: put_measured(self._connection, means))

    def put_production(self, produced: Mapping[int, Produced], state: tuple[str, str]) -> None:
        """Store quarter-hours of production by number, and a value of the recorder's own state. Raises as `store`."""

        def put(_: MessageStore) -> None:
            put_production(self._connection, produced)
            put_value(self._connection, *state)

        self._write(put)

    def edit_notes(self, work: Callable[[Notes], _T]) -> _T:
        """Change notes. Raises as `work` and as `store` do."""
        return self._write(lambda _: work(Notes(self._connection)))

    def store_cost(self, site: Site, days: Iterable[CostDay]) -> int | None:
        """Store the figures of days, see `sites.store_cost`. Raises as `store` does."""
        return self._write(lambda _: store_cost(self._connection, site, days))

    def consumption_kind_ids(self, kinds: Iterable[str]) -> dict[str, int]:
        """The ids of kinds of quarters, of which new ones are stored. Raises as `store` does."""

        def find(_: MessageStore) -> dict[str, int]:
            stored = Consumptions(self._connection)
            return {each: stored.kind_id(each) for each in kinds}

        return self._write(find)

    def store_consumption(self, site: Site, packed: Mapping[date, bytes], computed_ms: Mapping[date, int]) -> None:
        """Store the consumption of past days, see `sites.store_consumption`. Raises as `store` does."""
        self._write(lambda _: store_consumption(self._connection, site, packed, computed_ms))

    def drop_cost(self, site: Site, days: Iterable[date]) -> None:
        """Delete the current figures of a site's days. Raises as `store` does."""

        def drop(_: MessageStore) -> None:
            if (found := site_id(self._connection, site.id)) is not None:
                for day in days:
                    Costs(self._connection).drop(found, day)

        self._write(drop)

    def store_standby(self, nights: Iterable[Night]) -> int:
        """Store the base load of nights; returns how many changed. Raises as `store` does."""
        return self._write(lambda _: put_nights(self._connection, nights))

    def use_sinks(self, names: Iterable[str]) -> None:
        """Set the sinks that the ledger is replicated to. Raises as `store` does.

        A new sink has the whole ledger to copy; the state of a removed one is deleted.
        """
        self._write(lambda _: set_sinks(self._connection, names))
        self._messages = None  # its cache has the sinks of before

    def sinks(self) -> list[SinkCounts]:
        """The backlog of each sink. Raises as `store` does."""
        with translate_sqlite_errors():
            return sink_counts(self._connection)

    def frame_numbers(self, edge: str) -> dict[str, list[NumberRange]]:
        """Boot → the ranges of an edge's numbers whose status is known. Raises as `store` does."""
        with translate_sqlite_errors():
            return frame_numbers_of(self._connection, edge)

    def recent_numbers(self, edge: str, boots: Collection[str]) -> dict[str, list[NumberRange]]:
        """The same for some boots and the newest 64: an edge may have had thousands. Raises as `store` does."""
        with translate_sqlite_errors():
            return recent_numbers_of(self._connection, edge, boots)

    def mark_lost(self, edge: str, lost: Mapping[str, Iterable[tuple[int, int]]]) -> None:
        """Mark frames as lost, by boot, except those with another status. Raises as `store` does.

        A lost frame that arrives after all is stored.
        """

        def mark(store: MessageStore) -> None:
            for boot, ranges in lost.items():
                store.mark_lost(edge, boot, ranges, time.time_ns() // 1_000_000)

        self._write(mark)

    def get_value(self, name: str) -> str | None:
        """A value of the recorder's own state, or None. Raises as `store` does."""
        with translate_sqlite_errors():
            return get_value(self._connection, name)

    def put_value(self, name: str, value: str) -> None:
        """Store a value of the recorder's own state. Raises as `store` does."""
        self._write(lambda _: put_value(self._connection, name, value))

    def counts(self) -> LedgerCounts:
        """The ledger's figures. Raises as `store` does."""
        self._file.check()
        with translate_sqlite_errors():
            return ledger_counts(self._connection)

    def close(self) -> None:
        """Close it and release its locks; a second call does nothing."""
        self._connection.close()
        self._file.close()
        self._lock.close()

    def rescue(self, copy: Path) -> None:
        """Save the content of a ledger whose file is gone; it is still there until it is closed.

        Args:
            copy: where to; it appears when it is whole.

        Raises:
            LedgerError: it cannot be saved.
        """
        try:
            save_copy(self._connection, copy)
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(f"its content cannot be saved as {copy}: {error}") from error

    def _write(self, work: Callable[[MessageStore], _T]) -> _T:
        messages, self._messages = self._messages, None  # gone where the transaction fails
        self._file.check()
        with transaction(self._connection):
            if self._sites_changed():
                messages = None
            messages = messages or MessageStore(self._connection, self.watch)
            result = work(messages)
            messages.save()
        self._file.check()  # what is now committed must still be there
        self._messages = messages
        return result

    def _sites_changed(self) -> bool:
        """Whether another process has joined, ignored or removed a site since: its rows are mirrored in memory."""
        version = data_version(self._connection)
        if version == self._data_version:
            return False
        self._data_version = version
        before, self._sites_revision = self._sites_revision, sites_revision(self._connection)
        return before != self._sites_revision

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
