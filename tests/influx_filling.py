"""A simulated household's ledger, and how long its way into InfluxDB takes, for the benchmarks."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from influx_harness import PARIS, SinkHarness
from simulated_ledger import messages, store

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_recorder.cost.recompute import CostRecomputer
from tictally_recorder.cost.terms_watcher import WatchedTerms
from tictally_recorder.ledger import SinkCounts
from tictally_shared.labels import Mode

# Of influxd: what is in memory and in the log goes to where it stays, as it does by itself after hours.
FLUSHED = ("--storage-cache-snapshot-write-cold-duration=1s", "--storage-compact-full-write-cold-duration=3s")
FLUSHED_WITHIN_S = 40


def fill_ledger(harness: SinkHarness, days: float, interval_s: float | None, end: datetime) -> dict[str, float]:
    """A simulated meter's frames into the ledger, as if they had arrived by MQTT; at line rate without an interval."""
    meter = SimulatedMeter(SimulatedContract.TEMPO, Mode.STANDARD, start=end - timedelta(days=days))
    begin_s = time.monotonic()
    frames = store(harness.ledger, messages(meter, interval_s, end, None))
    return {"frames": frames, "simulated_and_stored_s": round(time.monotonic() - begin_s, 1)}


def compute_cost(harness: SinkHarness, end: datetime) -> None:
    """Compute the cost of all days under a contract."""
    folder = harness.path.parent
    (folder / "contracts.toml").write_text('[[contract]]\ntariff = "edf-bleu-tempo"\npower = 9\nfrom = 2020-01-01\n')
    recomputer = CostRecomputer(
        harness.ledger, harness.reader, WatchedTerms(folder / "contracts.toml", folder / "tariffs", PARIS), PARIS
    )
    recomputer.begin()
    while recomputer.step(lambda: round(end.timestamp() * 1000)):
        pass


def copy_frames(harness: SinkHarness) -> dict[str, float]:
    """Replicate all frames, with whatever the sink does between them."""
    harness.begin()
    frames = harness.ledger.sinks()[0].frames
    copied_s = seconds(harness, lambda counts: not counts.frames)
    return {"frames_copied_s": copied_s, "frames_copied_per_s": round(frames / copied_s)}


def copy_rest(harness: SinkHarness) -> dict[str, float]:
    """Replicate the rest."""
    return {"windows_quarters_days_cost_s": seconds(harness, lambda counts: counts.is_done)}


def seconds(harness: SinkHarness, is_done: Callable[[SinkCounts], bool]) -> float:
    """Measure how long the sink takes from its present state."""
    assert harness.sink is not None
    begin_s = time.monotonic()
    while not is_done(harness.ledger.sinks()[0]):
        harness.sink.step()
    return round(time.monotonic() - begin_s, 1)
