"""The threads that answer requests: each opens the ledger for its request; a bounded number of requests waits.

Neither the recorder's loop nor the event loop of HTTP waits for them. A request that finds the queue full is rejected
with 503 and may be retried.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from tictally_recorder.api.problem_details import unavailable
from tictally_recorder.ledger import LedgerReader

# Answers are computed in Python, one thread at a time: the second lets a short one overtake a long one.
_THREADS: Final = 2
_MAX_WAITING: Final = 32

_T = TypeVar("_T")


class WorkerPool:
    """A bounded pool of threads.

    Args:
        ledger: the ledger's file.
    """

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._threads = ThreadPoolExecutor(_THREADS, "http-answer")
        self._waiting = 0
        self._is_closed = False

    async def read(self, work: Callable[[LedgerReader], _T]) -> _T:
        """Run work that reads the ledger, and return its result.

        Raises:
            Problem: too many requests are waiting, or the recorder is shutting down.
            LedgerError: the ledger cannot be read.
        """

        def run() -> _T:
            with LedgerReader.open(self._ledger) as reader:
                return work(reader)

        return await self.run(run)

    async def run(self, work: Callable[[], _T]) -> _T:
        """Run work that needs no ledger, and return its result. Raises as `read` does."""
        if self._is_closed:
            raise unavailable("the recorder is shutting down")
        if self._waiting >= _MAX_WAITING:
            raise unavailable("too many requests are waiting; retry in a moment")
        self._waiting += 1
        task = asyncio.get_running_loop().run_in_executor(self._threads, work)

        def finished(task: "asyncio.Future[_T]") -> None:
            self._waiting -= 1
            if not task.cancelled():
                task.exception()  # asyncio logs an exception that nobody retrieves

        # The client may leave before; the work goes on, and counts until it is done.
        task.add_done_callback(finished)
        return await asyncio.shield(task)

    def close(self) -> None:
        """Start no more work; work in progress is not awaited."""
        self._is_closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
