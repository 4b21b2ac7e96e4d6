"""The kinds of faults: what each does to the stage, what it holds meanwhile, and how long it lasts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from chaos.stage import CLOCKED, EDGES, Stage

End = Callable[[], object]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A kind of fault at one place.

    Attributes:
        name: of the kind, without the place: what is counted.
        holds: what no other fault may touch at the same time.
        lasts_s: least and most.
        begin: does it, and gives what ends it.
        needs_influxd: True if InfluxDB must be there.
        needs_small_disks: True if a disk must be small enough to be filled.
        loses: True if frames are lost by design, and shown as lost. It comes only where it is asked for: a run with
            it has so much to except that it shows little else.
    """

    name: str
    holds: frozenset[str]
    lasts_s: tuple[float, float]
    begin: Callable[[Stage], End]
    needs_small_disks: bool = False
    loses: bool = False
    needs_influxd: bool = False


def _edge_killed(edge: str) -> Callable[[Stage], End]:
    def begin(stage: Stage) -> End:
        stage.watch.cut(edge)
        stage.edges[edge].kill()
        return stage.edges[edge].start

    return begin


def _unplugged(edge: str) -> Callable[[Stage], End]:
    def begin(stage: Stage) -> End:
        stage.watch.cut(edge)
        return _ordered(edge, "unplug", "plug")(stage)

    return begin


def _ordered(edge: str, first: str, then: str) -> Callable[[Stage], End]:
    def begin(stage: Stage) -> End:
        stage.meters[edge].write_line(first)
        return lambda: stage.meters[edge].write_line(then)

    return begin


def _recorder_killed(stage: Stage) -> End:
    stage.recorder.kill()
    return stage.recorder.start


def _ledger_put_back(stage: Stage) -> End:
    stage.recorder.kill()
    stage.put_ledger_back()
    return stage.recorder.start


def _broker_killed(stage: Stage) -> End:
    stage.broker.kill()
    return stage.broker.start


def _broker_wiped(stage: Stage) -> End:
    stage.broker.kill()
    stage.wipe_broker()
    return stage.broker.start


def _broker_paused(stage: Stage) -> End:
    stage.broker.pause()
    return stage.broker.resume


def _influxd_killed(stage: Stage) -> End:
    assert stage.influxd is not None  # noqa: S101 - such faults are only where it is
    stage.influxd.kill()
    return stage.influxd.start


def _influxd_wiped(stage: Stage) -> End:
    assert stage.influx is not None  # noqa: S101 - as above
    begin = _influxd_killed(stage)
    stage.influx.wipe()
    return begin


def _influxd_paused(stage: Stage) -> End:
    assert stage.influxd is not None  # noqa: S101 - as above
    stage.influxd.pause()
    return stage.influxd.resume


def _cut(place: str) -> Callable[[Stage], End]:
    def begin(stage: Stage) -> End:
        stage.gates[place].cut()
        return stage.gates[place].restore

    return begin


def _stalled(place: str) -> Callable[[Stage], End]:
    def begin(stage: Stage) -> End:
        stage.gates[place].stall()
        return stage.gates[place].restore

    return begin


def _ledger_locked(stage: Stage) -> End:
    return stage.lock_ledger().close


def _clock_stepped(ahead_s: int) -> Callable[[Stage], End]:
    def begin(stage: Stage) -> End:
        stage.set_clock(ahead_s)
        return lambda: stage.set_clock(0)

    return begin


def _full(disk: str) -> Callable[[Stage], End]:
    def begin(stage: Stage) -> End:
        stage.fill(disk)
        return lambda: stage.empty(disk)

    return begin


def _at_each_edge(
    name: str,
    hold: str,
    lasts_s: tuple[float, float],
    make: Callable[[str], Callable[[Stage], End]],
    *,
    loses: bool = False,
) -> list[FaultKind]:
    return [FaultKind(name, frozenset({f"{hold} {edge}"}), lasts_s, make(edge), loses, loses) for edge in EDGES]


_INFLUXD: Final = frozenset({"influxd"})
KINDS: Final = (
    *_at_each_edge("edge killed", "edge", (0.5, 8), _edge_killed),
    FaultKind("recorder killed", frozenset({"recorder"}), (0.5, 12), _recorder_killed),
    FaultKind("broker killed", frozenset({"broker"}), (0.5, 12), _broker_killed),
    FaultKind("broker killed and wiped", frozenset({"broker"}), (0.5, 12), _broker_wiped),
    FaultKind("ledger restored from a backup", frozenset({"recorder", "ledger"}), (0.5, 5), _ledger_put_back),
    *_at_each_edge("port unplugged", "line", (1, 10), _unplugged),
    *_at_each_edge("meter silent", "line", (2, 15), lambda edge: _ordered(edge, "silence", "speak")),
    *_at_each_edge("bits flipped on the line", "line", (4, 15), lambda edge: _ordered(edge, "flip 0.0002", "flip 0")),
    FaultKind(
        "mode changed", frozenset({"line attic"}), (8, 20), _ordered("attic", "mode historique", "mode standard")
    ),
    FaultKind(
        "mode changed", frozenset({"line cellar"}), (8, 20), _ordered("cellar", "mode standard", "mode historique")
    ),
    FaultKind("broker paused", frozenset({"broker"}), (2, 15), _broker_paused),
    FaultKind("InfluxDB killed", _INFLUXD, (0.5, 12), _influxd_killed, needs_influxd=True),
    FaultKind("InfluxDB killed and wiped", _INFLUXD, (0.5, 12), _influxd_wiped, needs_influxd=True),
    FaultKind("InfluxDB paused", _INFLUXD, (2, 15), _influxd_paused, needs_influxd=True),
    *_at_each_edge("network cut", "network", (1, 15), _cut),
    *_at_each_edge("network stalled", "network", (1, 15), _stalled),
    FaultKind("network cut", frozenset({"network recorder"}), (1, 15), _cut("recorder")),
    FaultKind("network stalled", frozenset({"network recorder"}), (1, 15), _stalled("recorder")),
    FaultKind("clock stepped", frozenset({f"clock {CLOCKED}"}), (2, 15), _clock_stepped(3600)),
    FaultKind("clock stepped", frozenset({f"clock {CLOCKED}"}), (2, 15), _clock_stepped(-365 * 86_400)),
    FaultKind("ledger locked", frozenset({"ledger"}), (1, 12), _ledger_locked),
    *_at_each_edge("journal's disk full", "journal", (2, 10), lambda edge: _full(f"journal-{edge}"), loses=True),
    FaultKind("ledger's disk full", frozenset({"ledger"}), (2, 15), _full("ledger"), needs_small_disks=True),
)
"""Every kind at every place."""

NAMES: Final[Mapping[str, None]] = dict.fromkeys(kind.name for kind in KINDS)
