"""The recorder's hold on its ledger: messages in, transactions out."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from tictally_recorder.ledger.cost_store import CostDay, Costs
from tictally_recorder.ledger.frame_numbers import NumberRange, numbers_of
from tictally_recorder.ledger.ingest import Intake
from tictally_recorder.ledger.invalidation import touch
from tictally_recorder.ledger.key_value import note, put_note
from tictally_recorder.ledger.lock import Lock
from tictally_recorder.ledger.model import LedgerCounts, Message, Site, Stored
from tictally_recorder.ledger.outbox import SinkCounts, sink_counts
from tictally_recorder.ledger.outbox_queue import set_sinks
from tictally_recorder.ledger.schema import open_for_writing, told, transaction
from tictally_recorder.ledger.sites import join, site_id, store_cost
from tictally_recorder.ledger.standby_store import Night, put_nights
from tictally_recorder.ledger.statistics import count

_RETRIED_AT_ONCE: Final = 2000

_T = TypeVar("_T")


class Ledger:
    """A ledger opened for writing, by one process at a time and in one thread. `Ledger.open` makes one.

    Attributes:
        client_id: the MQTT client id, random, made with the ledger.
    """

    def __init__(self, connection: sqlite3.Connection, lock: Lock) -> None:
        self._connection = connection
        self._lock = lock
        self._intake: Intake | None = None
        self.client_id = str(connection.execute("SELECT value FROM meta WHERE name = 'client_id'").fetchone()[0])

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or create; what an older version made is brought to this one, after a copy was made.

        Raises:
            LedgerInUse: another process has it; the sentence names its pid.
            LedgerError: it is no ledger, from a newer version, or cannot be opened.
        """
        lock = Lock(path)
        try:
            return cls(open_for_writing(path, upgrade=True), lock)
        except BaseException:
            lock.close()
            raise

    def store(self, messages: Iterable[Message], notes: Mapping[str, str] | None = None) -> Stored:
        """Store a batch in one transaction, whatever the messages hold. What returns is safe against power loss.

        Args:
            messages: to be stored.
            notes: what is remembered with them, as `remember` does it: both, or neither.

        Raises:
            LedgerUnavailable: nothing of the batch was written; the same batch may be given again.
            LedgerError: the file is damaged; nothing of the batch was written.
        """

        def work(intake: Intake) -> Stored:
            stored = sum(map(intake.take, messages), Stored())
            for name, value in (notes or {}).items():
                put_note(self._connection, name, value)
            return stored

        return self._write(work)

    def retry_kept(self, now_ms: int) -> Stored:
        """Try again what was kept and is due, or has become readable by an upgrade. Raises as `store` does.

        At most 2000 messages in one call.
        """
        return self._write(lambda intake: intake.take_due(now_ms, _RETRIED_AT_ONCE))

    def settle_dirty(self, limit: int) -> int:
        """Compute up to `limit` quarters again that late frames touched; how many were. Raises as `store` does."""
        return self._write(lambda intake: intake.settle(limit))

    def prune(self, now_ms: int) -> bool:
        """Let raw frames go that are two days old, by their time and by their arrival; their quarters stay for ever.

        Those that a sink has not copied yet stay, for 30 days at most. A few quarters in one call, so that it takes no
        longer than storing a batch. Raises as `store` does.

        Args:
            now_ms: milliseconds since 1970.

        Returns:
            True where there may be more to do at once.
        """
        return self._write(lambda intake: intake.prune(now_ms))

    def join_sites(self, new: str, old: str) -> None:
        """Make the meters of site `new` part of site `old`, whose id stays. Raises as the function `join_sites`."""
        self._write(lambda _: join(self._connection, new, old))

    def touch(self, site: Site, quarters: Iterable[tuple[int, int]]) -> None:
        """The cost of quarters, from first to last by number, is to be computed again. Raises as `store` does."""
        ranges = list(quarters)

        def mark(_: Intake) -> None:
            for meter in site.meters:
                for first, last in ranges:
                    touch(self._connection, meter.id, first, last)

        self._write(mark)

    def store_cost(self, site: Site, days: Iterable[CostDay]) -> int | None:
        """Keep the figures of days, as `sites.store_cost` has it. Raises as `store` does."""
        return self._write(lambda _: store_cost(self._connection, site, days))

    def drop_cost(self, site: Site, days: Iterable[date]) -> None:
        """Let days of a site have no figures any more. Raises as `store` does."""

        def drop(_: Intake) -> None:
            if (found := site_id(self._connection, site.id)) is not None:
                for day in days:
                    Costs(self._connection).drop(found, day)

        self._write(drop)

    def store_standby(self, nights: Iterable[Night]) -> int:
        """Keep the base load of nights; how many differ from what was there. Raises as `store` does."""
        return self._write(lambda _: put_nights(self._connection, nights))

    def use_sinks(self, names: Iterable[str]) -> None:
        """Let the ledger be copied to these sinks and to no others. Raises as `store` does.

        A new one has all of the ledger to copy; of one that is no longer, nothing is kept.
        """
        self._write(lambda _: set_sinks(self._connection, names))
        self._intake = None  # it knows the sinks of before

    def sinks(self) -> list[SinkCounts]:
        """How far each sink is. Raises as `store` does."""
        with told():
            return sink_counts(self._connection)

    def numbers(self, edge: str) -> dict[str, list[NumberRange]]:
        """Boot → the ranges of an edge's numbers of which is known what became of them. Raises as `store` does."""
        with told():
            return numbers_of(self._connection, edge)

    def mark_lost(self, edge: str, lost: Mapping[str, Iterable[tuple[int, int]]]) -> None:
        """Note frames as lost, by boot, as far as nothing else is known of them. Raises as `store` does.

        One that arrives after all is stored.
        """

        def mark(intake: Intake) -> None:
            for boot, ranges in lost.items():
                intake.mark_lost(edge, boot, ranges)

        self._write(mark)

    def recall(self, name: str) -> str | None:
        """A note of the recorder's own, or None. Raises as `store` does."""
        with told():
            return note(self._connection, name)

    def remember(self, name: str, value: str) -> None:
        """Keep a note of the recorder's own, over restarts. Raises as `store` does."""
        self._write(lambda _: put_note(self._connection, name, value))

    def counts(self) -> LedgerCounts:
        """The ledger's figures. Raises as `store` does."""
        with told():
            return count(self._connection)

    def close(self) -> None:
        """Close it and let others have it; a second time does nothing."""
        self._connection.close()
        self._lock.close()

    def _write(self, work: Callable[[Intake], _T]) -> _T:
        intake, self._intake = self._intake, None
        with transaction(self._connection):
            intake = intake or Intake(self._connection)
            result = work(intake)
            intake.save()
        self._intake = intake
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
