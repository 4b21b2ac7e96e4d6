"""All sinks of a recorder at once: each with its cursor in the ledger and a thread of its own."""

import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tictally_recorder.ledger import Ledger, SinkCounts
from tictally_recorder.settings import Settings
from tictally_recorder.sinks.protocol import (
    MAX_REPORTS,
    EdgeHealth,
    HealthReport,
    RecorderHealth,
    SinkContext,
    SinkPlugin,
    SinkState,
)
from tictally_recorder.sinks.registry import configured
from tictally_recorder.sinks.runner import SinkRunner

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Running:
    plugin: SinkPlugin
    destination: str
    reports: deque[HealthReport]
    runner: SinkRunner


class Replication:
    """The running sinks, as the recorder's loop sees them. No call waits for a sink.

    Args:
        settings: the recorder's.
        plugins: the configured ones.
    """

    def __init__(self, settings: Settings, plugins: Sequence[SinkPlugin] = ()) -> None:
        self._recorder = settings.name
        self._running = [_running(settings, each) for each in plugins]

    def start(self) -> None:
        """Start every sink."""
        for each in self._running:
            _log.info("replicating the ledger to %s at %s", each.plugin.title, each.destination)
            each.runner.start()

    def stop(self) -> None:
        """Stop every sink; they end side by side."""
        for each in self._running:
            each.runner.request_stop()
        for each in self._running:
            each.runner.join()

    def report_recorder(self, body: Mapping[str, Any], rejected: Mapping[str, int], time_ms: int) -> None:
        """Hand the recorder's health to every sink.

        Args:
            body: the fields of its health message.
            rejected: reason → rejected messages.
            time_ms: when.
        """
        self._report(RecorderHealth(self._recorder, body, rejected, time_ms))

    def report_edge(self, edge: str, payload: bytes, time_ms: int) -> None:
        """Hand an edge's health message to every sink."""
        self._report(EdgeHealth(edge, payload, time_ms))

    @property
    def titles(self) -> dict[str, str]:
        """Name → title of each sink."""
        return {each.plugin.name: each.plugin.title for each in self._running}

    @property
    def is_live(self) -> bool:
        """Whether the users of a sink watch live values there."""
        return any(each.plugin.is_live for each in self._running)

    def states(self, counts: Sequence[SinkCounts]) -> list[SinkState]:
        """How each sink stands.

        Args:
            counts: of the ledger.
        """
        by_name = {each.name: each for each in counts}
        return [
            SinkState(by_name[each.plugin.name], each.plugin.title, each.destination, each.runner.problem)
            for each in self._running
            if each.plugin.name in by_name
        ]

    def _report(self, report: HealthReport) -> None:
        for each in self._running:
            each.reports.append(report)


def _running(settings: Settings, plugin: SinkPlugin) -> _Running:
    reports: deque[HealthReport] = deque(maxlen=MAX_REPORTS)
    runner = SinkRunner(plugin.name, lambda wait: plugin.open(SinkContext(settings, wait, reports)))
    return _Running(plugin, plugin.destination(settings) or "", reports, runner)


@contextmanager
def replicating(settings: Settings, ledger: Ledger) -> Iterator[Replication]:
    """Replicate the ledger to every configured sink while the recorder runs.

    The ledger keeps nothing for a sink that is not configured.
    """
    plugins = configured(settings)
    ledger.use_sinks(each.name for each in plugins)
    replication = Replication(settings, plugins)
    replication.start()
    try:
        yield replication
    finally:
        replication.stop()
