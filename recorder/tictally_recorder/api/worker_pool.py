"""Where answers are worked out: a few threads, each with a ledger of its own to read, and a short queue before them.

Neither the recorder's loop nor the event loop of HTTP ever waits for one; whoever comes when the queue is full is told
to come again.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from tictally_recorder.api.problem_details import unavailable
from tictally_recorder.ledger import LedgerReader

# An answer is reckoned in Python, of which one runs at a time: two let a short one pass a long one.
_THREADS: Final = 2
_WAITING_AT_MOST: Final = 32

_T = TypeVar("_T")


class WorkerPool:
    """One for all requests.

    Args:
        ledger: the ledger's file.
    """

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._threads = ThreadPoolExecutor(_THREADS, "http-answer")
        self._waiting = 0
        self._is_closed = False

    async def read(self, work: Callable[[LedgerReader], _T]) -> _T:
        """What some work finds in the ledger.

        Raises:
            Problem: too many wait already.
            LedgerError: it cannot be read.
        """

        def run() -> _T:
            with LedgerReader.open(self._ledger) as reader:
                return work(reader)

        return await self.run(run)

    async def run(self, work: Callable[[], _T]) -> _T:
        """What some work finds that needs no ledger. Raises as `read` does."""
        if self._is_closed:
            raise unavailable("the recorder is ending")
        if self._waiting >= _WAITING_AT_MOST:
            raise unavailable("too many answers are being worked out; ask again in a moment")
        self._waiting += 1
        task = asyncio.get_running_loop().run_in_executor(self._threads, work)
        # Who asks may leave before; the work goes on, and counts until it is done.
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    def _finished(self, task: "asyncio.Future[_T]") -> None:
        self._waiting -= 1
        if not task.cancelled():
            task.exception()  # else one that nobody waits for any more is complained about

    def close(self) -> None:
        """Begin nothing any more; what is under way is not waited for."""
        self._is_closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
