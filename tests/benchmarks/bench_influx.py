"""How fast a ledger is copied into a real InfluxDB, and the room that frames at line rate take there.

A week is enough for the bytes: InfluxDB keeps each day of raw frames and each week of minutes in files of their own.
What a year comes to when it is really there is measured by `influx_year`, of fewer frames a minute.
"""

import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from influx_filling import FLUSHED, FLUSHED_WITHIN_S, compute_cost, copy_frames, copy_rest, fill_ledger, seconds
from influx_harness import sink_harness
from real_influx import Influxd

QUARTERS_EVERY_S = 300.0
YEAR_DAYS = 365
RAW_DAYS = 30


def main(*, short: bool) -> dict[str, float | int | str]:
    """Frames a second; seconds for what hangs on them: windows, quarters, days, cost; megabytes of frames' buckets."""
    if shutil.which("influxd") is None:
        return {"left_out": "there is no influxd on PATH"}
    line_days, days = (1 / 12, 3) if short else (7.0, 60)
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with tempfile.TemporaryDirectory() as name:
        server = Influxd(Path(name), FLUSHED)
        server.start()
        try:
            with sink_harness(Path(name), server, "line", raw_days=RAW_DAYS) as harness:
                found: dict[str, float | int | str] = {"influxd": server.version, "line_days": round(line_days, 2)}
                laid = fill_ledger(harness, line_days, None, end)
                found |= laid | copy_frames(harness) | copy_rest(harness)
            with sink_harness(Path(name), server, "quarters") as harness:
                fill_ledger(harness, days, QUARTERS_EVERY_S, end)
                compute_cost(harness, end)
                harness.begin()
                copied_s = seconds(harness, lambda counts: not (counts.quarters or counts.cost_days))
                found["days_of_quarters"] = days
                found["refill_of_seven_years_s"] = round(copied_s * 7 * YEAR_DAYS / days)
            time.sleep(0 if short else FLUSHED_WITHIN_S)
            sizes = server.bytes_of_buckets()
            found["influxd_resident_mib"] = server.resident_mib
        finally:
            server.kill()
    found["raw_bytes_per_frame"] = round(sizes["line_raw"][0] / laid["frames"], 1)
    for figure, bucket, of_days in (
        ("raw_mb_of_30_days", "line_raw", RAW_DAYS),
        ("minute_mb_of_a_year", "line_minute", YEAR_DAYS),
        ("hour_mb_of_a_year", "line_hour", YEAR_DAYS),
    ):
        found[figure] = round(sizes[bucket][0] * of_days / line_days / 1e6, 1)
    return found
