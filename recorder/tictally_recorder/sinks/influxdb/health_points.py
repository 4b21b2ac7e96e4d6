"""What recorder and edges say of themselves as points. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tictally_recorder.sinks.influxdb.points import Point, Value, point
from tictally_shared.frames import FrameError, strict_json

# Field → key of the health message.
_OF_RECORDER: Final = {
    "stored": "stored",
    "repeated": "repeated",
    "refused": "rejected",
    "kept": "deferred",
    "set_aside": "dead_letters",
    "lost": "lost",
    "holes": "missing",
    "lag_s": "lag_s",
    "ledger_bytes": "ledger_bytes",
    "sink_lag_s": "sink_lag_s",
    "sink_refused": "sink_rejected",
    "sink_windows": "sink_windows",
}
_OF_EDGE: Final = {
    "frames": int,
    "groups": int,
    "unconfirmed": int,
    "rejected_per_hour": int,
    "uptime_s": int,
    "meter_online": bool,
    "mode": str,
}


def of_recorder(name: str, health: Mapping[str, Any], refused: Mapping[str, int], time_ms: int) -> Iterator[Point]:
    """A recorder's health.

    Args:
        name: of the recorder.
        health: its message.
        refused: reason → messages set aside.
        time_ms: when.
    """
    fields = {name: health[key] for name, key in _OF_RECORDER.items() if isinstance(health.get(key), int)}
    yield point("recorder", time_ms, {"recorder": name}, fields)
    for reason, n in refused.items():
        yield point("recorder_refused", time_ms, {"recorder": name, "reason": reason}, {"n": n})


def of_edge(name: str, payload: bytes, time_ms: int) -> Iterator[Point]:
    """An edge's health, as far as its message is one.

    Args:
        name: of the edge.
        payload: of its message.
        time_ms: when it came.
    """
    try:
        health = strict_json(payload)
    except FrameError:
        return
    # Exactly that type: True is an integer too, and a field keeps the type that it once had.
    fields: dict[str, Value | None] = {
        name: health[name] for name, kind in _OF_EDGE.items() if type(health.get(name)) is kind
    }
    quality, refused = health.get("signal_quality"), health.get("rejected")
    if isinstance(quality, int | float):
        fields["signal_quality_percent"] = float(quality)
    counts = {reason: n for reason, n in refused.items() if type(n) is int} if isinstance(refused, dict) else {}
    fields["refused"] = sum(counts.values())
    yield point("edge", time_ms, {"edge": name}, fields)
    for reason, n in counts.items():
        yield point("edge_refused", time_ms, {"edge": name, "reason": reason}, {"n": n})
