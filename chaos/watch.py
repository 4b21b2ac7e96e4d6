"""When each edge had its line open: looked up ten times a second in /proc."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chaos.programs import RestartingProgram

_EVERY_S: Final = 0.1


@dataclass(slots=True)
class Span:
    """A stretch of reading, milliseconds since 1970; `end_ms` is when it was seen last."""

    start_ms: int
    end_ms: int


class Watch:
    """Looks until `close`.

    Args:
        edges: name → its program.
    """

    def __init__(self, edges: Mapping[str, RestartingProgram]) -> None:
        self._edges = edges
        self._spans: dict[str, list[Span]] = {edge: [] for edge in edges}
        self._is_open = dict.fromkeys(edges, False)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def cut(self, edge: str) -> None:
        """The edge, or its line, is about to be hit: what was under way may be lost."""
        with self._lock:
            if self._is_open[edge]:
                self._spans[edge][-1].end_ms = _now_ms()
            self._is_open[edge] = False

    def spans(self, edge: str) -> list[Span]:
        """Its stretches of reading so far, in order."""
        with self._lock:
            return [Span(each.start_ms, each.end_ms) for each in self._spans[edge]]

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(_EVERY_S):
            for edge, program in self._edges.items():
                with self._lock:
                    self._look(edge, program.pid)

    def _look(self, edge: str, pid: int | None) -> None:
        if pid is None or not _has_a_terminal(pid):
            self._is_open[edge] = False
            return
        now_ms = _now_ms()
        if not self._is_open[edge]:
            self._spans[edge].append(Span(now_ms, now_ms))
            self._is_open[edge] = True
        self._spans[edge][-1].end_ms = now_ms


def _has_a_terminal(pid: int) -> bool:
    try:
        return any(str(each.readlink()).startswith("/dev/pts/") for each in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # the process, or one of its files, went while we looked
        return False


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
