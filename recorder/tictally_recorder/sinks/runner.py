"""Runs a sink in a thread of its own: whatever the sink does or fails to do, the recorder goes on."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tictally_recorder.ledger import LedgerError, LedgerUnavailable
from tictally_recorder.problem import ProblemCode, uncoded
from tictally_recorder.sinks.protocol import Sink, SinkError, Wait
from tictally_recorder.translations import ENGLISH
from tictally_shared.phrase import Phrase
from tictally_shared.runtime.backoff import Backoff
from tictally_shared.runtime.log import RateLimitedLogger

_FIRST_RETRY_S: Final = 1.0
_LONGEST_RETRY_S: Final = 30.0
# A fault of the program itself does not pass by trying again.
_FAULT_RETRY_S: Final = 60.0
_STOP_TIMEOUT_S: Final = 1.5
_log = logging.getLogger(__name__)


class RetryDelay:
    """How long to wait after a failed step."""

    def __init__(self) -> None:
        self._backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S)

    def after(self, error: SinkError | LedgerError) -> float:
        """Seconds to wait: the destination's own wish, else longer after each failure."""
        if isinstance(error, LedgerUnavailable):
            return _FIRST_RETRY_S
        delay_s = self._backoff.next_s()
        requested_s = error.retry_s if isinstance(error, SinkError) else None
        return delay_s if requested_s is None else max(requested_s, _FIRST_RETRY_S)

    def reset(self) -> None:
        """A step has succeeded."""
        self._backoff.reset()


class SinkRunner:
    """Runs one sink until it is stopped.

    Args:
        name: of the sink, for log and thread.
        open_sink: opens the sink, in the runner's thread.

    Attributes:
        problem: why the sink accepts nothing; None while it does.
    """

    def __init__(self, name: str, open_sink: Callable[[Wait], Sink]) -> None:
        self._name = name
        self._open_sink = open_sink
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sink {name}", daemon=True)
        self._limited_log = RateLimitedLogger(_log)
        self._retry = RetryDelay()
        self.problem: Phrase | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def request_stop(self) -> None:
        """Let the sink stop after its present request; returns at once."""
        self._stopping.set()

    def join(self) -> None:
        """Wait for the end. What is not replicated yet is, after the next start; a thread that hangs is abandoned."""
        self._thread.join(_STOP_TIMEOUT_S)

    def _run(self) -> None:
        sink: Sink | None = None
        while not self._stopping.is_set():
            try:
                sink = sink or self._open_sink(self._stopping.wait)
                wait_s = sink.step()
            except SinkError as error:
                wait_s = self._retry.after(error)
                self._report(error.problem)
            except LedgerError as error:
                wait_s = self._retry.after(error)
                self._report(uncoded(str(error)))
            except Exception:  # noqa: BLE001 - logged, shown in health, and the recorder must outlive its sinks
                wait_s = _FAULT_RETRY_S
                _log.exception("sink %s failed unexpectedly; next attempt in %d s", self._name, wait_s)
                self.problem = Phrase(ProblemCode.SINK_FAILED)
            else:
                self._retry.reset()
                self.problem = None
            self._stopping.wait(wait_s)
        if sink is not None:
            with suppress(Exception):  # the recorder ends anyway
                sink.close()

    def _report(self, problem: Phrase) -> None:
        self.problem = problem
        self._limited_log.log(f"sink {self._name}: {ENGLISH.phrase(problem)}", time.monotonic())
