"""The recorder's metrics for Prometheus."""

import time
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from tictally_recorder.api.context import Context
from tictally_recorder.jobs import job_reports
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.sinks.protocol import SinkState
from tictally_recorder.tariffs.providers.state import provider_states


def registry_of(context: Context, reader: LedgerReader) -> CollectorRegistry:
    """All metrics with their current values."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_CurrentMetrics(list(_metrics(context, reader))))
    return registry


class _CurrentMetrics(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _metrics(context: Context, reader: LedgerReader) -> Iterator[Metric]:
    counts, heartbeat = reader.counts(), context.broadcast.heartbeat
    yield InfoMetricFamily("tictally", "Version of the program.", {"version": context.version})
    yield CounterMetricFamily("tictally_frames_stored", "Frames stored since the ledger was created.", counts.frames)
    rejected = CounterMetricFamily("tictally_messages_rejected", "Rejected messages, by reason.", labels=["reason"])
    for reason, number in counts.rejected.items():
        rejected.add_metric([reason], number)
    yield rejected
    yield GaugeMetricFamily("tictally_frames_lost", "Missing frames that no edge holds any more.", counts.lost)
    yield CounterMetricFamily("tictally_frames_ignored", "Frames of ignored sites, not stored.", counts.ignored)
    yield GaugeMetricFamily("tictally_messages_deferred", "Messages deferred to a later attempt.", counts.deferred)
    yield GaugeMetricFamily("tictally_quarters_waiting", "Quarter-hours yet to be rolled up from frames.", counts.dirty)
    yield GaugeMetricFamily("tictally_ledger_bytes", "Size of the ledger's file, without its WAL.", counts.size_bytes)
    newest = GaugeMetricFamily(
        "tictally_meter_newest_frame_timestamp_seconds", "Time of the newest frame of a meter.", labels=["meter"]
    )
    for meter, newest_ms in counts.newest_ms.items():
        newest.add_metric([meter], newest_ms / 1000)
    yield newest
    yield from _sink_metrics(context.broadcast.sinks(reader.sinks()))
    yield from _job_metrics(context, reader)
    yield from _provider_metrics(context, reader)
    if heartbeat is not None:
        yield GaugeMetricFamily("tictally_broker_connected", "1 while connected to the broker.", int(heartbeat.is_up))
        yield GaugeMetricFamily("tictally_frames_missing", "Missing frames being backfilled.", heartbeat.missing)
        age_s = max(time.monotonic() - heartbeat.at_s, 0.0)
        yield GaugeMetricFamily("tictally_loop_age_seconds", "Age of the loop's latest iteration.", age_s)
        yield GaugeMetricFamily(
            "tictally_start_time_seconds", "When the recorder started.", heartbeat.started_ms / 1000
        )


def _job_metrics(context: Context, reader: LedgerReader) -> Iterator[Metric]:
    gauges = {
        name: GaugeMetricFamily(f"tictally_job_{name}", text, labels=["job"])
        for name, text in (
            ("failing", "1 while a job cannot do its work."),
            ("last_run_succeeded", "1 if a job's newest run succeeded, 0 if it failed."),
            ("last_run_timestamp_seconds", "When a job's newest run began."),
            ("last_success_timestamp_seconds", "When a job last succeeded."),
            ("next_run_timestamp_seconds", "When a job runs next."),
        )
    }
    schedules = GaugeMetricFamily("tictally_job_info", "Schedule of a job, in local time.", labels=["job", "schedule"])
    now_ms = int(context.now().timestamp() * 1000)
    for report in job_reports(context.settings, reader.get_value, now_ms):
        if not report.is_enabled:
            continue
        schedules.add_metric([report.name, report.schedule or ""], 1)
        gauges["failing"].add_metric([report.name], int(report.is_failing))
        if report.last_run is not None:
            gauges["last_run_succeeded"].add_metric([report.name], int(report.last_run.problem is None))
        for name, time_ms in (
            ("last_run", report.last_run_ms),
            ("last_success", report.last_success_ms),
            ("next_run", report.next_run_ms),
        ):
            if time_ms is not None:
                gauges[f"{name}_timestamp_seconds"].add_metric([report.name], time_ms / 1000)
    yield from (schedules, *gauges.values())


def _provider_metrics(context: Context, reader: LedgerReader) -> list[Metric]:
    overdue = GaugeMetricFamily(
        "tictally_tariffs_overdue", "Tariffs with a revision that was due and is not known.", labels=["provider"]
    )
    failing = GaugeMetricFamily(
        "tictally_tariff_import_failing", "1 while an imported file cannot be used.", labels=["provider"]
    )
    catalogue = context.current_terms(reader.sites()).catalogue
    for state in () if catalogue is None else provider_states(catalogue, context.now().astimezone(context.tz).date()):
        overdue.add_metric([state.name], sum(each.overdue_since is not None for each in state.tariffs))
        failing.add_metric([state.name], int(state.problem is not None))
    return [overdue, failing]


def _sink_metrics(sinks: Sequence[SinkState]) -> list[Metric]:
    """Nothing where no sink is configured."""
    now_ms = time.time_ns() // 1_000_000
    up = GaugeMetricFamily("tictally_sink_up", "1 while the sink accepts data.", labels=["sink"])
    lag = GaugeMetricFamily(
        "tictally_sink_lag_seconds", "Age of the oldest frame that the sink has not got.", labels=["sink"]
    )
    windows = GaugeMetricFamily("tictally_sink_windows_waiting", "Windows to aggregate again.", labels=["sink"])
    rejected = CounterMetricFamily("tictally_sink_points_rejected", "Points that the sink rejected.", labels=["sink"])
    for sink in sinks:
        up.add_metric([sink.name], int(sink.problem is None))
        lag.add_metric([sink.name], sink.lag_s(now_ms))
        windows.add_metric([sink.name], sink.counts.windows)
        rejected.add_metric([sink.name], sink.counts.rejected)
    return [up, lag, windows, rejected] if sinks else []
