"""Runs maintenance steps within a budget, and retries a step that failed with exponential back-off."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import Final, Protocol

from tictally_recorder.ledger import LedgerError
from tictally_shared.runtime.backoff import Backoff

# What a step that needs an idle loop may take of one run: live frames wait meanwhile.
BUDGET_S: Final = 0.25
_RETRY_S: Final = (60.0, 3600.0)
_log = logging.getLogger(__name__)


class Wake(Enum):
    """Why steps may have to run earlier than planned."""

    CONNECTED = auto()
    """The broker may know nothing of what was published before."""
    HUB_STARTED = auto()
    """A home automation hub has started and lost what it knew."""
    CONFIG_CHANGED = auto()
    """Tariffs or contracts have been edited."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a step may use in one run.

    Attributes:
        now_s: the monotonic clock.
        now_ms: milliseconds since 1970.
        is_connected: True if messages can be published.
        has_time: asked before each further piece of work; False when the budget is spent or a message has arrived.
        problems: step → why it failed, a sentence; of those that are waiting for their retry.
    """

    now_s: float
    now_ms: int
    is_connected: bool
    has_time: Callable[[], bool]
    problems: Mapping[str, str]


class MaintenanceStep(Protocol):
    """Work that recurs."""

    @property
    def name(self) -> str:
        """Names it in logs and health."""

    @property
    def needs_idle(self) -> bool:
        """True for work that may wait while messages arrive."""

    @property
    def due_s(self) -> float:
        """When to run it next, on the monotonic clock."""

    def run(self, turn: Turn) -> bool:
        """Work until it is done or the turn has no time left.

        Returns:
            True if it is done for now, False if it has more to do.

        Raises:
            LedgerError: the ledger cannot be used; the caller of the scheduler decides what then.
        """

    def wake(self, reason: Wake) -> None:
        """Note that something has happened; the work itself is left to `run`."""


@dataclass(slots=True)
class _Slot:
    step: MaintenanceStep
    backoff: Backoff = field(default_factory=lambda: Backoff(*_RETRY_S))
    retry_s: float = 0.0


class MaintenanceScheduler:
    """One for all steps, in the order in which they are given.

    A step may depend on files that people write: whatever fails in one, the others and the recording go on.

    Args:
        steps: what to run.
        is_idle: True while no message waits.
    """

    def __init__(self, steps: Iterable[MaintenanceStep], is_idle: Callable[[], bool]) -> None:
        self._slots = [_Slot(step) for step in steps]
        self._is_idle = is_idle
        self._problems: dict[str, str] = {}

    @property
    def problems(self) -> Mapping[str, str]:
        """Step → why it failed, a sentence, until it has completed again."""
        return self._problems

    def wake(self, reason: Wake) -> None:
        """Pass something that happened on to every step; edited files are tried at once."""
        for slot in self._slots:
            slot.step.wake(reason)
            if reason is Wake.CONFIG_CHANGED:
                slot.retry_s = 0.0

    def run(self, now_s: float, *, is_connected: bool) -> None:
        """Run what is due.

        Args:
            now_s: the monotonic clock.
            is_connected: True if messages can be published.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        for slot in self._slots:
            if now_s < max(slot.step.due_s, slot.retry_s) or (slot.step.needs_idle and not self._is_idle()):
                continue
            turn = Turn(
                now_s=now_s,
                now_ms=time.time_ns() // 1_000_000,
                is_connected=is_connected,
                has_time=partial(self._has_time, time.monotonic() + BUDGET_S),
                problems=self._problems,
            )
            self._run(slot, turn)

    def _has_time(self, end_s: float) -> bool:
        return time.monotonic() < end_s and self._is_idle()

    def _run(self, slot: _Slot, turn: Turn) -> None:
        name = slot.step.name
        try:
            is_done = slot.step.run(turn)
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001 - one step's failure must not end the recording
            delay_s = slot.backoff.next_s()
            slot.retry_s = turn.now_s + delay_s
            self._problems[name] = f"internal error: {type(error).__name__}: {error}"
            _log.exception("maintenance step %s failed; next attempt in %.0f s", name, delay_s)
        else:
            if is_done:
                slot.backoff.reset()
                self._problems.pop(name, None)
