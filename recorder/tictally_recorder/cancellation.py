"""Lets work in a thread be abandoned: what reads the ledger or computes for long asks now and then whether to go on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class WorkAbandonedError(Exception):
    """Nobody waits for the result any more."""


class _Current(threading.local):
    is_abandoned: Callable[[], bool] | None = None


_current = _Current()


@contextmanager
def abandonable(is_abandoned: Callable[[], bool]) -> Iterator[None]:
    """Let `check_abandoned` raise inside of the block, in this thread, once `is_abandoned` returns True."""
    before = _current.is_abandoned
    _current.is_abandoned = is_abandoned
    try:
        yield
    finally:
        _current.is_abandoned = before


def check_abandoned() -> None:
    """Give up if nobody waits for this thread's work any more; called in loops.

    Raises:
        WorkAbandonedError: inside of `abandonable`, if so.
    """
    if _current.is_abandoned is not None and _current.is_abandoned():
        raise WorkAbandonedError
