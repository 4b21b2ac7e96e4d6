"""A whole year of a meter in a real InfluxDB: the bytes of each bucket on disk, and how long it takes to get there.

It has a frame every 20 seconds of 365 days, in a raw bucket that keeps all of it, so that InfluxDB's own tasks make
every minute and every hour: as many rows as at line rate, of fewer frames each. `influx` has a week at line rate.
"""

import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from influx_filling import FLUSHED, FLUSHED_WITHIN_S, compute_cost, copy_frames, copy_rest, fill_ledger
from influx_harness import SinkHarness, sink_harness
from real_influx import Influxd

INTERVAL_S = 20.0


def main(*, short: bool) -> dict[str, float | int | str]:
    """Megabytes of each bucket, seconds of each part of the way there, and the memory that InfluxDB has in the end."""
    if shutil.which("influxd") is None:
        return {"left_out": "there is no influxd on PATH"}
    days = 1.0 if short else 365.0
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with tempfile.TemporaryDirectory() as name:
        server = Influxd(Path(name), FLUSHED)
        server.start()
        try:
            found: dict[str, float | int | str] = {"influxd": server.version, "days": days, "frame_every_s": INTERVAL_S}
            with sink_harness(Path(name), server, "year") as harness:
                found |= fill_ledger(harness, days, INTERVAL_S, end)
                compute_cost(harness, end)
                found |= copy_frames(harness) | copy_rest(harness)
                found |= {f"{each}_rows": _rows(harness, each) for each in ("minute", "hour")}
            time.sleep(0 if short else FLUSHED_WITHIN_S)
            sizes = server.bytes_of_buckets()
            found["influxd_resident_mib"] = server.resident_mib
        finally:
            server.kill()
    for bucket, folder in (("raw", "year_raw"), ("minute", "year_minute"), ("hour", "year_hour"), ("ledger", "year")):
        data, beside = sizes[folder]
        found |= {f"{bucket}_mb": round(data / 1e6, 2), f"{bucket}_index_mb": round(beside / 1e6, 2)}
    return found


def _rows(harness: SinkHarness, bucket: str) -> int:
    name = getattr(harness.target.buckets, bucket).name
    rows = harness.client.query(
        f'from(bucket: "{name}") |> range(start: 0) |> filter(fn: (r) => r._field == "frames") |> count()'
    )
    return sum(int(each["_value"]) for each in rows)
