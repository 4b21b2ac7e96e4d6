"""A simulated household's ledger, and how long its way into InfluxDB takes, for the benchmarks."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from influx_home import PARIS, Home
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


def lay(here: Home, days: float, interval_s: float | None, end: datetime) -> dict[str, float]:
    """A simulated meter's frames into the ledger, as if they had been heard; at line rate without an interval."""
    meter = SimulatedMeter(SimulatedContract.TEMPO, Mode.STANDARD, start=end - timedelta(days=days))
    begin_s = time.monotonic()
    frames = store(here.ledger, messages(meter, interval_s, end, None))
    return {"frames": frames, "simulated_and_kept_s": round(time.monotonic() - begin_s, 1)}


def reckon_cost(here: Home, end: datetime) -> None:
    """The cost of all days, by a contract."""
    folder = here.path.parent
    (folder / "contracts.toml").write_text('[[contract]]\ntariff = "edf-bleu-tempo"\npower = 9\nfrom = 2020-01-01\n')
    keeper = CostRecomputer(
        here.ledger, here.reader, WatchedTerms(folder / "contracts.toml", folder / "tariffs"), PARIS
    )
    keeper.begin()
    while keeper.step(lambda: round(end.timestamp() * 1000)):
        pass


def copy_frames(here: Home) -> dict[str, float]:
    """All frames, with whatever the sink does between them."""
    here.begin()
    frames = here.ledger.sinks()[0].frames
    copied_s = seconds(here, lambda counts: not counts.frames)
    return {"frames_copied_s": copied_s, "frames_copied_per_s": round(frames / copied_s)}


def copy_rest(here: Home) -> dict[str, float]:
    """All that is left."""
    return {"windows_quarters_days_cost_s": seconds(here, lambda counts: counts.is_done)}


def seconds(here: Home, is_done: Callable[[SinkCounts], bool]) -> float:
    """How long the sink takes, from where it is."""
    assert here.sink is not None
    begin_s = time.monotonic()
    while not is_done(here.ledger.sinks()[0]):
        here.sink.step()
    return round(time.monotonic() - begin_s, 1)
