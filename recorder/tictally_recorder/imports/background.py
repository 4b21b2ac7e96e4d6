"""Runs one task of imports at a time in a process of its own.

Years of history take minutes of processor time and a hundred megabytes on a small computer: in this process they would
hold up the frames and the page, and memory that runs out would end the recorder. That process may be killed at any
moment: a task is one transaction.
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from tictally_recorder.imports.task import ImportTask, Record, TaskKind, error_record, run_task
from tictally_recorder.problem import ProblemCode, ProblemError
from tictally_recorder.settings import SECTIONS, Settings
from tictally_recorder.translations import phrase_record
from tictally_shared.phrase import Phrase
from tictally_shared.settings.program import compose

_KILLED_WITHIN_S: Final = 5.0
_NICE: Final = 10
_log = logging.getLogger(__name__)


class TaskState(StrEnum):
    """How far a task is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """A task as it is now.

    Attributes:
        task: itself.
        state: how far it is.
        phase: `starting`, `reading` or `storing`.
        values: how many it has read.
        result: as `run_task` returns it, of one that is done.
        error: as `error_record` has it, of one that failed.
    """

    task: ImportTask
    state: TaskState = TaskState.RUNNING
    phase: str = "starting"
    values: int = 0
    result: Record | None = None
    error: Record | None = None


class TaskRunning(Exception):  # noqa: N818 - it is a state
    """Another task is running."""


class BackgroundImports:
    """Runs a task after another.

    Args:
        settings: the recorder's.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._status: TaskStatus | None = None
        self._process: SpawnProcess | None = None
        self._thread: threading.Thread | None = None

    @property
    def status(self) -> TaskStatus | None:
        """The task that is running, or the last one; None: there was none."""
        return self._status

    @property
    def is_running(self) -> bool:
        """True while a task is running."""
        return self._status is not None and self._status.state is TaskState.RUNNING

    def start(self, task: ImportTask) -> TaskStatus:
        """Start a task.

        Raises:
            TaskRunning: another one is running.
        """
        with self._lock:
            if self.is_running:
                raise TaskRunning
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe(duplex=False)
            arguments = ({key: getattr(self._settings, key) for key in type(self._settings).model_fields}, task, theirs)
            process = context.Process(target=_work, args=arguments, name="tictally-import", daemon=True)
            process.start()
            theirs.close()  # it has its own; the pipe ends with it
            self._status = status = TaskStatus(task)
            self._process = process
            self._thread = threading.Thread(target=self._follow, args=(task, ours, process), name="import", daemon=True)
            self._thread.start()
        return status

    def wait(self) -> None:
        """Wait for the end of the running task."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def cancel(self) -> None:
        """Kill the running task: nothing of it is written."""
        with self._lock:
            if self._status is not None and self._process is not None and self.is_running:
                self._status = replace(self._status, state=TaskState.CANCELLED)
                self._process.kill()

    def close(self) -> None:
        """Kill the running task and wait until it has ended."""
        self.cancel()
        thread = self._thread
        if thread is not None:
            thread.join(_KILLED_WITHIN_S)

    def _follow(self, task: ImportTask, pipe: Connection, process: SpawnProcess) -> None:
        with pipe, suppress(EOFError, OSError):
            while True:
                kind, *values = pipe.recv()
                with self._lock:
                    status = self._of(task)
                    # It may be done before it can be killed.
                    if status is not None and (status.state is TaskState.RUNNING or kind == "done"):
                        self._status = _after(status, kind, values)
        process.join()
        with self._lock:
            status = self._of(task)
            if status is not None and status.state is TaskState.RUNNING:
                _log.error("a task of imports ended with code %s", process.exitcode)
                about = Phrase(ProblemCode.IMPORT_ENDED, {"code": str(process.exitcode)})
                error: Record = {"file": None, "line": 0, "problem": phrase_record(about)}
                self._status = replace(status, state=TaskState.FAILED, error=error)

    def _of(self, task: ImportTask) -> TaskStatus | None:
        """The status of a task; None once another one has begun: it may begin before this process has ended."""
        return self._status if self._status is not None and self._status.task is task else None


def _after(status: TaskStatus, kind: str, values: list[Any]) -> TaskStatus:
    if kind == "progress":
        return replace(status, phase=values[0], values=values[1])
    if kind == "done":
        return replace(status, state=TaskState.DONE, result=values[0])
    return replace(status, state=TaskState.FAILED, error=values[0])


def _work(values: Mapping[str, Any], task: ImportTask, pipe: Connection) -> None:
    """In the process of its own: do the task, and send what `_after` reads."""
    with suppress(OSError):  # the service may not change priorities
        os.nice(_NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal; the recorder kills it
    # The sections have registered themselves when their values were unpickled; all have been checked.
    settings = compose(Settings, SECTIONS).model_construct(**values)
    try:
        result = run_task(settings, task, datetime.now(UTC), lambda *report: pipe.send(("progress", *report)))
    except ProblemError as error:
        pipe.send(("failed", error_record(error, task.paths)))
    else:
        pipe.send(("done", result))


__all__ = ["BackgroundImports", "ImportTask", "TaskKind", "TaskRunning", "TaskState", "TaskStatus"]
