"""The threads that answer requests: each opens the ledger for its request; a bounded number of requests waits.

Neither the recorder's loop nor the event loop of HTTP waits for them. Requests that take long have threads of their
own, so that they never keep a short one waiting. One that nobody waits for any more is taken from the queue, or gives
up. A request that finds the queue full is rejected with 503 and may be retried.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from enum import Enum
from pathlib import Path
from typing import Final, TypeVar

from tictally_recorder.api.problem_details import unavailable
from tictally_recorder.cancellation import abandonable
from tictally_recorder.ledger import LedgerReader

_T = TypeVar("_T")

CLIENT: Final[ContextVar[str]] = ContextVar("CLIENT", default="")
"""Who sent the request that is being answered."""
_MAX_WAITING: Final = 32
# So that others find a place too.
_MAX_WAITING_OF_CLIENT: Final = 24


class Lane(Enum):
    """What a request costs. The value is the number of threads: Python computes in one of them at a time.

    Attributes:
        QUICK: bounded: the current state, health.
        NORMAL: by what was requested: energy, cost.
        SLOW: reads every quarter-hour of a long range, or computes it several times: comparisons, profiles.
    """

    QUICK = "quick", 1
    NORMAL = "normal", 2
    SLOW = "slow", 1

    @property
    def threads(self) -> int:
        """How many of its requests are answered at once."""
        return self.value[1]


class WorkerPool:
    """Bounded pools of threads, one for each lane.

    Args:
        ledger: the ledger's file.
    """

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._threads = {each: ThreadPoolExecutor(each.threads, f"http-{each.value[0]}") for each in Lane}
        # HTTP servers, each with an event loop in a thread of its own, may share a pool.
        self._lock = threading.Lock()
        self._waiting: Counter[Lane] = Counter()
        self._waiting_of_client: Counter[tuple[Lane, str]] = Counter()
        self._is_closed = False

    async def read(self, work: Callable[[LedgerReader], _T], lane: Lane = Lane.NORMAL) -> _T:
        """Run work that reads the ledger, and return its result.

        Args:
            work: to run in a thread of the lane; may be abandoned where it calls `check_abandoned`.
            lane: what it costs.

        Raises:
            Problem: too many requests are waiting, or the recorder is shutting down.
            LedgerError: the ledger cannot be read.
        """

        def run() -> _T:
            with LedgerReader.open(self._ledger) as reader:
                return work(reader)

        return await self.run(run, lane)

    async def run(self, work: Callable[[], _T], lane: Lane = Lane.NORMAL) -> _T:
        """Run work that needs no ledger, and return its result. Arguments and errors as of `read`."""
        if self._is_closed:
            raise unavailable("the recorder is shutting down")
        place = self._take_place(lane)
        is_abandoned = threading.Event()

        def run() -> _T:
            with abandonable(is_abandoned.is_set):
                return work()

        try:
            future = self._threads[lane].submit(run)
        except RuntimeError:  # closed meanwhile
            self._leave(place)
            raise unavailable("the recorder is shutting down") from None
        # The place is taken until the work has ended, also where nobody waits for it any more.
        future.add_done_callback(lambda _: self._leave(place))
        try:
            return await asyncio.shield(_awaitable(future))
        except asyncio.CancelledError:
            if self._is_closed and future.cancelled():
                raise unavailable("the recorder is shutting down") from None
            is_abandoned.set()
            future.cancel()
            raise

    def close(self) -> None:
        """Start no more work; work in progress is not awaited."""
        self._is_closed = True
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    def _take_place(self, lane: Lane) -> tuple[Lane, str]:
        place = lane, CLIENT.get()
        with self._lock:
            if self._waiting[lane] >= _MAX_WAITING or self._waiting_of_client[place] >= _MAX_WAITING_OF_CLIENT:
                raise unavailable("too many requests are waiting; retry in a moment")
            self._waiting[lane] += 1
            self._waiting_of_client[place] += 1
        return place

    def _leave(self, place: tuple[Lane, str]) -> None:
        with self._lock:
            self._waiting[place[0]] -= 1
            self._waiting_of_client[place] -= 1
            if not self._waiting_of_client[place]:
                del self._waiting_of_client[place]


def _awaitable(future: "Future[_T]") -> "asyncio.Future[_T]":
    """A future of a thread as one of the event loop, whose exception asyncio does not log where nobody retrieves it."""
    wrapped = asyncio.wrap_future(future)
    wrapped.add_done_callback(lambda done: done.cancelled() or done.exception())
    return wrapped
