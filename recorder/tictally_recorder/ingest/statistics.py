"""What this process has recorded since it started, for health, the service manager and the hourly log line."""

import logging
import time
from dataclasses import dataclass
from typing import ClassVar, Final

from tictally_recorder.ledger import BatchResult
from tictally_recorder.maintenance import Turn, Wake

_HOUR_S: Final = 3600.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Uptime:
    """The process in time.

    Attributes:
        now_ms: milliseconds since 1970.
        started_ms: when it started, by the same clock.
        uptime_s: since it started, by a clock that never steps.
        stored_age_s: since it last stored a frame, or None before its first.
        idle_after_s: without a frame stored for longer than this the recorder is idle.
    """

    now_ms: int
    started_ms: int
    uptime_s: int
    stored_age_s: int | None
    idle_after_s: int

    @property
    def is_idle(self) -> bool:
        """True if nothing was stored for too long; a recorder that has just started is given as long."""
        return (self.uptime_s if self.stored_age_s is None else self.stored_age_s) > self.idle_after_s


class IngestStatistics:
    """Counts what the loop stores.

    Args:
        idle_after_s: without a frame stored for longer than this the recorder is idle.

    Attributes:
        started_ms: when the process started, milliseconds since 1970.
        started_s: the same on the monotonic clock.
        stored_s: when it last stored a frame, on the monotonic clock, or None.
        total: counts since the start.
    """

    def __init__(self, idle_after_s: int) -> None:
        self._idle_after_s = idle_after_s
        self.started_ms = time.time_ns() // 1_000_000
        self.started_s = time.monotonic()
        self.stored_s: float | None = None
        self.total = self._hour = BatchResult()

    def add(self, stored: BatchResult) -> None:
        """Count a batch."""
        if stored.stored:
            self.stored_s = time.monotonic()
        self.total += stored
        self._hour += stored

    def take_hour(self) -> BatchResult:
        """Counts since the last call."""
        hour, self._hour = self._hour, BatchResult()
        return hour

    def uptime(self, now_s: float, now_ms: int) -> Uptime:
        """The process at a moment.

        Args:
            now_s: the monotonic clock.
            now_ms: milliseconds since 1970.
        """
        return Uptime(
            now_ms=now_ms,
            started_ms=self.started_ms,
            uptime_s=int(now_s - self.started_s),
            stored_age_s=None if self.stored_s is None else int(now_s - self.stored_s),
            idle_after_s=self._idle_after_s,
        )


class SummaryStep:
    """Logs once an hour what was recorded in it.

    Args:
        statistics: of the loop.
    """

    name: ClassVar[str] = "summary"
    needs_idle: ClassVar[bool] = False

    def __init__(self, statistics: IngestStatistics) -> None:
        self._statistics = statistics
        self.due_s = statistics.started_s + _HOUR_S

    def run(self, turn: Turn) -> bool:
        """Log it."""
        _log.info("the last hour: %s", summary(self._statistics.take_hour()))
        self.due_s = turn.now_s + _HOUR_S
        return True

    def wake(self, reason: Wake) -> None:
        """Nothing changes: an hour is an hour."""


def summary(counts: BatchResult) -> str:
    """Counts as a phrase for the log."""
    words = [f"{counts.stored} frames stored"]
    words += [
        f"{count} {word}"
        for count, word in (
            (counts.duplicates, "repeated"),
            (counts.deferred, "deferred"),
            (counts.rejected, "rejected"),
            (counts.ignored, "of ignored sites"),
            (counts.conflicts, "with a number used before"),
        )
        if count
    ]
    return ", ".join(words)
