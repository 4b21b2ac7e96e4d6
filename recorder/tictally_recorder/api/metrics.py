"""The recorder's figures for Prometheus. The library writes the format, so that escapes and types are its business."""

import time
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from tictally_recorder.api.context import Context
from tictally_recorder.ledger import LedgerReader


def registry_of(context: Context, reader: LedgerReader) -> CollectorRegistry:
    """All figures, as they are now."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(list(_metrics(context, reader))))
    return registry


class _Figures(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _metrics(context: Context, reader: LedgerReader) -> Iterator[Metric]:
    counts, heartbeat = reader.counts(), context.broadcast.heartbeat
    yield InfoMetricFamily("tictally", "The program.", {"version": context.version})
    yield CounterMetricFamily("tictally_frames_stored", "Frames stored since the ledger was made.", counts.frames)
    refused = CounterMetricFamily("tictally_messages_refused", "Messages set aside, by reason.", labels=["reason"])
    for reason, number in counts.rejected.items():
        refused.add_metric([reason], number)
    yield refused
    yield GaugeMetricFamily("tictally_frames_lost", "Frames that no edge has any more.", counts.lost)
    yield GaugeMetricFamily("tictally_messages_kept", "Messages that wait to be tried again.", counts.deferred)
    yield GaugeMetricFamily("tictally_quarters_waiting", "Quarters that wait to be computed again.", counts.dirty)
    yield GaugeMetricFamily("tictally_ledger_bytes", "The ledger's file, without its log.", counts.size_bytes)
    newest = GaugeMetricFamily(
        "tictally_meter_newest_frame_timestamp_seconds", "Time of a meter's newest frame.", labels=["meter"]
    )
    for meter, newest_ms in counts.newest_ms.items():
        newest.add_metric([meter], newest_ms / 1000)
    yield newest
    if heartbeat is not None:
        yield GaugeMetricFamily("tictally_broker_connected", "1 while the broker listens.", int(heartbeat.is_up))
        yield GaugeMetricFamily("tictally_frames_missing", "Frames that are missing, and asked for.", heartbeat.missing)
        age_s = max(time.monotonic() - heartbeat.at_s, 0.0)
        yield GaugeMetricFamily("tictally_loop_age_seconds", "Since the recorder's loop went round.", age_s)
        yield GaugeMetricFamily("tictally_start_time_seconds", "When the recorder began.", heartbeat.started_ms / 1000)
