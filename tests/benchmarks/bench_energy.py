"""How long answers take from seven years of quarters, beside what reading their bytes alone takes."""

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from ledger_building import METER
from years_building import START, build

from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.ledger import LedgerReader
from tictally_shared.calendar import By, zone

PARIS: Final = zone("Europe/Paris")


def main(*, short: bool) -> dict[str, float | int | str]:
    """Seconds by day and by month over all of it, milliseconds of one day, and their ratios to the reading."""
    days = 30 if short else 7 * 365 + 2
    end = START + timedelta(days=days)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "ledger.sqlite"
        build(path, days)
        with LedgerReader.open(path) as reader:
            rows_s = _seconds(lambda: _rows_read(path))
            by_day_s = _seconds(lambda: _asked(reader, START, end, By.DAY))
            by_month_s = _seconds(lambda: _asked(reader, START, end, By.MONTH))
            newest_s = _seconds(lambda: _asked(reader, end - timedelta(days=1), end, By.DAY), times=20)
            oldest_s = _seconds(lambda: _asked(reader, START, START + timedelta(days=1), By.DAY), times=20)
    return {
        "quarters": days * 96,
        "rows_alone_s": round(rows_s, 3),
        "by_day_s": round(by_day_s, 2),
        "by_month_s": round(by_month_s, 2),
        "newest_day_ms": round(newest_s * 1000, 1),
        "oldest_day_ms": round(oldest_s * 1000, 1),
        "by_day_to_rows_alone": round(by_day_s / rows_s, 1),
        "by_day_to_by_month": round(by_day_s / by_month_s, 2),
        "by_day_us_per_quarter": round(by_day_s / days / 96 * 1e6, 1),
    }


def _asked(reader: LedgerReader, start: datetime, end: datetime, by: By) -> None:
    assert energy(reader, EnergyQuery(METER, start, end, by, PARIS))


def _rows_read(path: Path) -> None:
    """What no answer can do without: the rows' bytes out of the file."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert sum(len(packed) for (packed,) in connection.execute("SELECT packed FROM quarter ORDER BY quarter"))


def _seconds(work: Callable[[], None], times: int = 3) -> float:
    """The shortest of some runs: the others were held up by something else."""
    best = float("inf")
    for _ in range(times):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best
