"""Imports of histories as people have them: seconds and peak memory of `tictally import`, a process for each."""

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from imported_files import half_hours, load_curve_xlsx, local
from ledger_building import METER
from linkystat_dump import dump, history, years_of_hours

from tictally_recorder.ledger import Ledger, LedgerReader

_METERIT_START: Final = datetime(2024, 1, 1, tzinfo=UTC)
_METERIT_STEP: Final = timedelta(seconds=2)


def main(*, short: bool) -> dict[str, float | int | str]:
    """Rows, seconds and megabytes; the target is that memory does not grow with the rows of meterit's table."""
    end = "2020-01-01" if short else "2026-11-01"
    half_hour_count, meterit_rows = (480, 100_000) if short else (17_520, 10_000_000)
    figures: dict[str, float | int | str] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        makers = {
            "linkystat_hours": partial(_linkystat, folder, end),
            "enedis_half_hours": partial(_enedis, folder, half_hour_count),
            "meterit_tenth": partial(_meterit, folder, meterit_rows // 10),
            "meterit": partial(_meterit, folder, meterit_rows),
        }
        for kind, make in makers.items():
            path, rows = make()
            figures[f"{kind}_rows"] = rows
            for name_of_figure, value in _imported(path, folder / f"{kind}.sqlite").items():
                figures[f"{kind}_{name_of_figure}"] = value
            path.unlink()
    return figures


def _linkystat(folder: Path, end: str) -> tuple[Path, int]:
    truth = years_of_hours("2019-11-01", end, exchanged=600, lost={500, 501})
    rows = truth.rows
    return dump(folder, history(rows)), len(rows)


def _enedis(folder: Path, count: int) -> tuple[Path, int]:
    powers = (f"{(n * 7919 % 6000) / 1000:.3f}" for n in range(count))
    return load_curve_xlsx(folder / "curve.xlsx", half_hours(local(2025, 11, 1), powers)), count


def _meterit(folder: Path, count: int) -> tuple[Path, int]:
    path = folder / "meterlog.csv"
    with path.open("w") as file:
        file.write("id,time_created,time_updated,watts,station_id,price\n")
        for n in range(count):
            at = _METERIT_START + n * _METERIT_STEP
            file.write(f"{n},{at:%Y-%m-%d %H:%M:%S},,{300 + n * 7919 % 3000},1,0.2\n")
    return path, count


def _imported(path: Path, ledger: Path) -> dict[str, float]:
    """Seconds, those of the processor too, which a busy machine does not change, and megabytes of one import."""
    Ledger.open(ledger).close()
    command = [*("-m", "tictally_recorder", "import", str(path)), *("--site", METER, "--ledger", str(ledger))]
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the import of {path.name} ended with {process.returncode}")
    with LedgerReader.open(ledger) as reader:
        (site,) = reader.sites()
        if not any(reader.imported_quarters(meter.id) for meter in site.meters):
            raise RuntimeError(f"nothing of {path.name} is in the ledger")
    cpu_s = usage.ru_utime + usage.ru_stime
    return {"s": round(seconds, 2), "cpu_s": round(cpu_s, 2), "peak_mb": round(usage.ru_maxrss / 1000)}
