"""How fast a ledger is copied into a real InfluxDB, and how much room a year of it takes there.

Measured on some days and multiplied: of a day at line rate for what hangs on frames, of two months for what hangs on
quarters and days.
"""

import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from influx_home import PARIS, Home, home
from real_influx import Influxd
from simulated_ledger import Truth, messages, store

from tictally_edge.simulator.contracts import Contract
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_recorder.cost.keeper import CostKeeper
from tictally_recorder.cost.watch import WatchedTerms
from tictally_shared.labels import Mode

START = datetime(2026, 1, 12, tzinfo=UTC)
YEAR_DAYS = 365
# What is in memory and in the log goes to where it stays, as it does by itself after hours.
FLUSHED = ["--storage-cache-snapshot-write-cold-duration=1s", "--storage-compact-full-write-cold-duration=3s"]
FLUSHED_WITHIN_S = 40
OWN = ("line_raw", "line_minute", "line_hour", "year")


def main(*, short: bool) -> dict[str, float | int | str]:
    """Frames and points per second into InfluxDB; bytes of each bucket by frame, and in a year."""
    if shutil.which("influxd") is None:
        return {"left_out": "there is no influxd on PATH"}
    hours, days = (1, 3) if short else (24, 60)
    with tempfile.TemporaryDirectory() as name:
        server = Influxd(Path(name), FLUSHED)
        server.start()
        try:
            with home(Path(name), server, "line") as here:
                found = _frames(here, hours)
            with home(Path(name), server, "year") as here:
                found |= _quarters(here, days)
            found["influxd"] = server.version
            if not short:
                time.sleep(FLUSHED_WITHIN_S)
            sizes = server.bytes_of_buckets()
            found["influxd_resident_mib"] = server.resident_mib
        finally:
            server.kill()
    frames = int(found["frames"])
    found["raw_bytes_per_frame"] = round(sizes["line_raw"][0] / frames, 1)
    for figure, bucket, times in (
        ("raw_30_days_mb", "line_raw", 30 * 24 / hours),
        ("minute_year_mb", "line_minute", YEAR_DAYS * 24 / hours),
        ("hour_year_mb", "line_hour", YEAR_DAYS * 24 / hours),
        ("ledger_year_mb", "year", YEAR_DAYS / days),
    ):
        found[figure] = round(sizes[bucket][0] * times / 1e6, 1)
    found["index_of_four_buckets_mb"] = round(sum(sizes[each][1] for each in OWN) / 1e6, 1)
    return found


def _frames(here: Home, hours: int) -> dict[str, float | int | str]:
    meter = SimulatedMeter(Contract.TEMPO, Mode.STANDARD, start=START)
    store(here.ledger, messages(meter, None, START + timedelta(hours=hours), Truth()))
    sink = here.begin()
    frames = here.ledger.sinks()[0].frames
    begin_s = time.monotonic()
    while here.ledger.sinks()[0].frames:
        sink.step()
    raw_s = time.monotonic() - begin_s
    windows, begin_s = here.ledger.sinks()[0].windows, time.monotonic()
    here.copy()
    return {
        "frames": frames,
        "raw_frames_per_s": round(frames / raw_s),
        "windows_run_again": windows,
        "windows_and_quarters_s": round(time.monotonic() - begin_s, 1),
    }


def _quarters(here: Home, days: int) -> dict[str, float | int | str]:
    meter = SimulatedMeter(Contract.TEMPO, Mode.STANDARD, start=START)
    store(here.ledger, messages(meter, 300.0, START + timedelta(days=days), Truth()))
    folder = here.path.parent
    (folder / "contracts.toml").write_text('[[contract]]\ntariff = "edf-bleu-tempo"\npower = 9\nfrom = 2020-01-01\n')
    keeper = CostKeeper(here.ledger, here.reader, WatchedTerms(folder / "contracts.toml", folder / "tariffs"), PARIS)
    keeper.begin()
    while keeper.step(lambda: int(START.timestamp()) * 1000):
        pass
    sink = here.begin()
    begin_s = time.monotonic()
    while here.ledger.sinks()[0].quarters or here.ledger.sinks()[0].cost_days:
        sink.step()
    copied_s = time.monotonic() - begin_s
    return {"days_of_quarters": days, "refill_of_seven_years_s": round(copied_s * 7 * YEAR_DAYS / days)}
