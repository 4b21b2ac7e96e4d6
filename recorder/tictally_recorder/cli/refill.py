"""The work of `tictally sink refill`: done here, or shown while a recorder does it."""

import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from tictally_recorder.cli.console import echo
from tictally_recorder.cli.console import progress as progress_bar
from tictally_recorder.ledger import Ledger, LedgerReader, SinkCounts
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.protocol import Sink, SinkContext, SinkError, SinkPlugin
from tictally_recorder.sinks.runner import RetryDelay
from tictally_recorder.translations import ENGLISH

_PROGRESS_S: Final = 1.0
# Live frames always wait to be replicated, and so does the quarter that they are in.
_LIVE_QUARTERS: Final = 8
_LIVE_FRAMES: Final = 30


@dataclass(slots=True)
class _Work:
    plugin: SinkPlugin
    sink: Sink
    due_s: float | None = None
    retry: RetryDelay = field(default_factory=RetryDelay)


def refill_here(settings: Settings, ledger: Ledger, plugins: Sequence[SinkPlugin]) -> None:
    """Replicate until no sink has a backlog; one that does not answer holds up no other."""
    pending = [_Work(each, each.open(SinkContext(settings, _sleep, deque()))) for each in plugins]
    with _display(ledger.sinks()) as show:
        _replicate(pending, ledger, show)


def _replicate(pending: list[_Work], ledger: Ledger, show: Callable[[Iterable[SinkCounts]], None]) -> None:
    shown_s = 0.0
    while pending:
        work = min(pending, key=lambda each: each.due_s or 0.0)
        if work.due_s is not None:
            _sleep(max(work.due_s - time.monotonic(), 0.0))
        counts = _step(work, ledger)
        if counts is None:
            continue
        if _is_finished(counts, work.sink):
            echo(_result(work, counts))
            pending.remove(work)
        elif time.monotonic() >= shown_s + _PROGRESS_S:
            shown_s = time.monotonic()
            show(ledger.sinks() if sys.stderr.isatty() else [counts])


@contextmanager
def _display(counts: Iterable[SinkCounts]) -> Iterator[Callable[[Iterable[SinkCounts]], None]]:
    """A progress bar on a terminal, else a line at each call."""
    left = sum(map(_backlog, counts))
    with progress_bar("Replicating", left) as advance:

        def show(counts: Iterable[SinkCounts]) -> None:
            nonlocal left
            if sys.stderr.isatty():
                now = sum(map(_backlog, counts))
                advance(left - now)
                left = now
            else:
                each_of = list(counts)
                for each in each_of:
                    name = f"{each.name}: " if len(each_of) > 1 else ""
                    echo(f"{name}{progress(each)}", err=True)

        yield show


def _backlog(counts: SinkCounts) -> int:
    return counts.frames + counts.quarters + counts.cost_days + counts.windows


def _step(work: _Work, ledger: Ledger) -> SinkCounts | None:
    """A step of a sink; None if it failed."""
    try:
        wait_s = work.sink.step()
    except SinkError as error:
        work.due_s = time.monotonic() + work.retry.after(error)
        echo(f"{error}; trying again", err=True)
        return None
    work.retry.reset()
    work.due_s = time.monotonic() + wait_s
    return next(each for each in ledger.sinks() if each.name == work.plugin.name)


def _is_finished(counts: SinkCounts, sink: Sink) -> bool:
    return counts.is_done or (replace(counts, windows=0).is_done and sink.blocked is not None)


def _result(work: _Work, counts: SinkCounts) -> str:
    if counts.is_done:
        return f"{work.plugin.title}: replication complete."
    return (
        f"{work.plugin.title}: replication complete, but {counts.windows} minutes and hours are not aggregated yet: "
        f"{ENGLISH.phrase(work.sink.blocked) if work.sink.blocked else ''}"
    )


def watch_recorder(settings: Settings, names: Collection[str]) -> None:
    """Show the progress of a running recorder until only live data are left."""
    echo("The recorder replicates it:", err=True)
    with LedgerReader.open(settings.ledger) as reader, _display(reader.sinks()) as show:
        while behind := [each for each in reader.sinks() if each.name in names and not _is_live_only(each)]:
            show(behind)
            time.sleep(_PROGRESS_S)
    echo("Replication complete, except for live data.")


def _is_live_only(counts: SinkCounts) -> bool:
    return counts.quarters <= _LIVE_QUARTERS and counts.frames <= _LIVE_FRAMES and not counts.cost_days


def progress(counts: SinkCounts) -> str:
    """A backlog, short."""
    return (
        f"{counts.frames} frames, {counts.quarters} quarters, {counts.cost_days} days of cost, "
        f"{counts.windows} windows to aggregate"
    )


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
