"""How fast a ledger is copied into a real InfluxDB; how much room it takes there is measured by `influx_year`."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from influx_filling import copy_frames, copy_rest, lay, reckon_cost, seconds
from influx_home import home
from real_influx import Influxd

END = datetime(2026, 3, 13, tzinfo=UTC)
QUARTERS_EVERY_S = 300.0
DAYS_OF_SEVEN_YEARS = 7 * 365


def main(*, short: bool) -> dict[str, float | int | str]:
    """Frames per second into InfluxDB, and seconds for what hangs on them: windows, quarters, days, cost."""
    if shutil.which("influxd") is None:
        return {"left_out": "there is no influxd on PATH"}
    hours, days = (2, 3) if short else (24, 60)
    with tempfile.TemporaryDirectory() as name:
        server = Influxd(Path(name))
        server.start()
        try:
            with home(Path(name), server, "line") as here:
                found: dict[str, float | int | str] = {"influxd": server.version}
                found |= lay(here, hours / 24, None, END) | copy_frames(here)
                found |= copy_rest(here)
            with home(Path(name), server, "quarters") as here:
                lay(here, days, QUARTERS_EVERY_S, END)
                reckon_cost(here, END)
                here.begin()
                copied_s = seconds(here, lambda counts: not (counts.quarters or counts.cost_days))
                found["days_of_quarters"] = days
                found["refill_of_seven_years_s"] = round(copied_s * DAYS_OF_SEVEN_YEARS / days)
            found["influxd_resident_mib"] = server.resident_mib
        finally:
            server.kill()
    return found
