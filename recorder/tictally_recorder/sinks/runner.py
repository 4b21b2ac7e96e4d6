"""A sink in a thread of its own: whatever it does, or fails to do, the recorder goes on."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from tictally_recorder.ledger import LedgerError, LedgerUnavailable
from tictally_shared.runtime.log import RateLimitedLogger

_RETRY_S: Final = (1.0, 30.0)
# What is wrong with the program itself does not go away by trying.
_BROKEN_S: Final = 60.0
_LEAVE_WITHIN_S: Final = 1.5
_log = logging.getLogger(__name__)


Wait = Callable[[float], bool]
"""Sleeps for so many seconds, or shorter where all shall end: True then."""


class SinkError(Exception):
    """A sink does not take what it is given; the sentence says why. The same is tried again.

    Attributes:
        retry_s: not before so many seconds, as the sink asked for, or None.
    """

    def __init__(self, sentence: str, retry_s: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_s = retry_s


class Sink(Protocol):
    """What copies a ledger to somewhere else."""

    def step(self) -> float:
        """Copy some; in how many seconds there may be more to copy.

        Raises:
            SinkError: it could not; to be tried again.
            LedgerError: the ledger cannot be read.
        """


class Copy(Protocol):
    """A ledger's copy as the recorder's loop sees it: nothing that it is told makes the loop wait."""

    def say_health(self, health: Mapping[str, Any], refused: Mapping[str, int], now_ms: int) -> None:
        """Copy the recorder's health too."""

    def say_edge(self, edge: str, payload: bytes, arrived_ms: int) -> None:
        """Copy an edge's health too."""


class Copier:
    """Runs a sink until it is closed.

    Args:
        make: makes the sink, in the thread that uses it.

    Attributes:
        problem: why the sink takes nothing, a sentence, or None while it does.
    """

    def __init__(self, make: Callable[[Wait], Sink]) -> None:
        self._make = make
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sink", daemon=True)
        self._limited_log = RateLimitedLogger(_log)
        self._retry_s = 0.0
        self.problem: str | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End; what is not copied yet is at the next start. One that does not end by itself is left behind."""
        self._end.set()
        self._thread.join(_LEAVE_WITHIN_S)

    def _run(self) -> None:
        sink: Sink | None = None
        while not self._end.is_set():
            try:
                sink = sink or self._make(self._end.wait)
                wait_s = sink.step()
            except (SinkError, LedgerError) as error:
                wait_s = self._wait_s(error)
                self._say(str(error))
            except Exception:  # noqa: BLE001 - said, counted, and the recorder is not to end for its copy
                wait_s = _BROKEN_S
                _log.exception("the sink has failed; it is tried again in a minute")
                self.problem = "it has failed, the log says how"
            else:
                self._retry_s, self.problem = 0.0, None
            self._end.wait(wait_s)

    def _wait_s(self, error: Exception) -> float:
        if isinstance(error, LedgerUnavailable):
            return _RETRY_S[0]
        self._retry_s = min(max(2 * self._retry_s, _RETRY_S[0]), _RETRY_S[1])
        asked_s = error.retry_s if isinstance(error, SinkError) else None
        return self._retry_s if asked_s is None else max(asked_s, _RETRY_S[0])

    def _say(self, sentence: str) -> None:
        self.problem = sentence
        self._limited_log.log(sentence, time.monotonic())
