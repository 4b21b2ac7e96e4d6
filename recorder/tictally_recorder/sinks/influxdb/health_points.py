"""Health of recorder and edges as InfluxDB points. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tictally_recorder.sinks.influxdb.points import InfluxPoint, Value, point
from tictally_recorder.sinks.protocol import EdgeHealth, HealthReport, RecorderHealth
from tictally_shared.frames import FrameError, strict_json

_RECORDER_FIELDS: Final = (
    "stored",
    "repeated",
    "rejected",
    "deferred",
    "dead_letters",
    "lost",
    "missing",
    "lag_s",
    "ledger_bytes",
)
_SINK_FIELDS: Final = ("lag_s", "rejected", "windows")
_EDGE_FIELDS: Final = {
    "frames": int,
    "groups": int,
    "unconfirmed": int,
    "rejected_per_hour": int,
    "uptime_s": int,
    "meter_online": bool,
    "mode": str,
}


def health_points(report: HealthReport) -> Iterator[InfluxPoint]:
    """The points of a health report; none where an edge's message is not readable."""
    return recorder_points(report) if isinstance(report, RecorderHealth) else edge_points(report)


def recorder_points(health: RecorderHealth) -> Iterator[InfluxPoint]:
    """A recorder's health: itself, its sinks, its rejected messages by reason."""
    tags, time_ms = {"recorder": health.recorder}, health.time_ms
    yield point("recorder", time_ms, tags, _integers(health.body, _RECORDER_FIELDS))
    for name, sink in health.body.get("sinks", {}).items():
        yield point("recorder_sink", time_ms, {**tags, "sink": name}, _integers(sink, _SINK_FIELDS))
    for reason, n in health.rejected.items():
        yield point("recorder_rejected", time_ms, {**tags, "reason": reason}, {"n": n})


def edge_points(health: EdgeHealth) -> Iterator[InfluxPoint]:
    """An edge's health, as far as its message has the fields with their types."""
    try:
        body = strict_json(health.payload)
    except FrameError:
        return
    tags, time_ms = {"edge": health.edge}, health.time_ms
    # Exactly that type: True is an int in Python, and a field keeps the type of its first value.
    fields: dict[str, Value | None] = {
        name: body[name] for name, kind in _EDGE_FIELDS.items() if type(body.get(name)) is kind
    }
    quality, rejected = body.get("signal_quality"), body.get("rejected")
    if isinstance(quality, int | float):
        fields["signal_quality_percent"] = float(quality)
    counts = {reason: n for reason, n in rejected.items() if type(n) is int} if isinstance(rejected, dict) else {}
    fields["rejected"] = sum(counts.values())
    yield point("edge", time_ms, tags, fields)
    for reason, n in counts.items():
        yield point("edge_rejected", time_ms, {**tags, "reason": reason}, {"n": n})


def _integers(body: Mapping[str, object], names: Iterable[str]) -> dict[str, Value | None]:
    found = {name: body.get(name) for name in names}
    return {name: value for name, value in found.items() if isinstance(value, int)}
