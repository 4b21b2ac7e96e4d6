"""Maintenance steps of the ledger itself: dirty quarter-hours, retention, deferred messages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from tictally_recorder.ledger import BatchResult, Ledger
from tictally_recorder.maintenance.scheduler import Turn, Wake

_DEFERRED_EVERY_S: Final = 60.0


@dataclass(slots=True)
class QuarterStep:
    """Recomputes quarter-hours that late frames have changed, one at a time.

    Args:
        ledger: that holds them.
    """

    ledger: Ledger
    name: ClassVar[str] = "quarters"
    needs_idle: ClassVar[bool] = True
    due_s: ClassVar[float] = 0.0

    def run(self, turn: Turn) -> bool:
        """Recompute what the budget allows."""
        while self.ledger.recompute_dirty(1):
            if not turn.has_time():
                return False
        return True

    def wake(self, reason: Wake) -> None:
        """Nothing changes: it is always due."""


@dataclass(slots=True)
class RetentionStep:
    """Deletes raw frames and dead letters that are older than their retention.

    Args:
        ledger: that holds them.
    """

    ledger: Ledger
    name: ClassVar[str] = "retention"
    needs_idle: ClassVar[bool] = True
    due_s: ClassVar[float] = 0.0

    def run(self, turn: Turn) -> bool:
        """Delete a few; the ledger bounds how many at a time."""
        self.ledger.apply_retention(turn.now_ms)
        return True

    def wake(self, reason: Wake) -> None:
        """Nothing changes: it is always due."""


@dataclass(slots=True)
class DeferredStep:
    """Retries deferred messages: of another version, or dated ahead of the clock.

    Args:
        ledger: that holds them.
        count: takes what became of them.
    """

    ledger: Ledger
    count: Callable[[BatchResult], None]
    due_s: float = 0.0
    name: ClassVar[str] = "deferred"
    needs_idle: ClassVar[bool] = False

    def run(self, turn: Turn) -> bool:
        """Retry all of them."""
        self.count(self.ledger.retry_deferred(turn.now_ms))
        self.due_s = turn.now_s + _DEFERRED_EVERY_S
        return True

    def wake(self, reason: Wake) -> None:
        """Nothing changes: no event makes a deferred message acceptable."""
