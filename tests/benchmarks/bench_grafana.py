"""How long InfluxDB takes for each panel of the dashboards, with seven years of a household in it."""

import re
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from grafana_queries import KEYS, Target, targets
from household_points import write
from influx_answers import answer
from real_influx import Influxd
from simulated_household import EDGE, METERS, PARIS, SITE, Household

NOW: Final = datetime(2026, 11, 25, 18, 40, tzinfo=PARIS)
VARIABLES: Final = {"site": SITE, "meter": METERS[1], "month": "2026-11", "year": "2026", "edge": EDGE}
_TIMES: Final = 5
_YEARS: Final = timedelta(days=365 * 7)


def main(*, short: bool) -> dict[str, float | int | str]:
    """Milliseconds of each query, the median of some; the tariff's are asked of all seven years."""
    if shutil.which("influxd") is None:
        return {"not_measured": "there is no influxd on PATH"}
    first = date(2026, 9, 1) if short else date(2019, 11, 1)
    home = Household(first, NOW, max(first, date(2022, 1, 1)), date(2024, 7, 14), first)
    with tempfile.TemporaryDirectory() as folder:
        server = Influxd(Path(folder))
        server.start()
        try:
            begin = time.monotonic()
            points = write(server, home, prefix="tictally", quarters_since=first, minutes=26 * 60)
            figures: dict[str, float | int | str] = {
                "influxd": server.version,
                "days": len(home.days),
                "points": points,
                "points_per_s": round(points / (time.monotonic() - begin)),
            }
            for key in KEYS:
                for target in targets(key):
                    figures[_name(target)] = _median_ms(server, target, 1 if short else _TIMES)
            return figures
        finally:
            server.kill()


def _name(target: Target) -> str:
    words = re.sub(r"\W+", "_", f"{target.dashboard} {target.panel}".lower()).strip("_")
    return f"{words}_ms" if target.ref == "A" else f"{words}_{target.ref.lower()}_ms"


def _median_ms(server: Influxd, target: Target, times: int) -> float:
    since = f"now-{_YEARS.days}d" if target.dashboard == "tariff" else target.since
    flux = replace(target, since=since).asked(VARIABLES, NOW, "tictally")
    taken = []
    for _ in range(times):
        begin = time.monotonic()
        assert answer(server, flux, NOW), target
        taken.append(time.monotonic() - begin)
    return round(statistics.median(taken) * 1000, 1)
