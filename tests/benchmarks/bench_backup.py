"""Seven years of a simulated household: how large ledger, backup and export are, and how long they take."""

import contextlib
import io
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from backup_building import PARIS
from household_years import build

from tictally_recorder.backup.create import BackupSpec, back_up
from tictally_recorder.backup.restore import restore
from tictally_recorder.backup.verify import verify
from tictally_recorder.cli.app import main as tictally
from tictally_shared.labels import Mode

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)


def main(*, short: bool) -> dict[str, float | int | str]:
    """Megabytes and seconds; targets are 6 MB and 5 s for a backup, 300 kB for an export like the forerunner's dump."""
    days = 20 if short else 7 * 365 + 2
    figures: dict[str, float | int | str] = {"days": days}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        standard, historique = folder / "standard.sqlite", folder / "historique.sqlite"
        build(standard, days)
        build(historique, days, mode=Mode.HISTORIQUE)
        backup = folder / "b"
        of = BackupSpec(standard, folder / "contracts.toml", folder / "tariffs", "nas", PARIS)
        new = folder / "new" / "ledger.sqlite"
        figures |= {
            "ledger_mb": round(standard.stat().st_size / 1e6, 2),
            "back_up_and_read_back_s": _seconds(lambda: back_up(of, backup, NOW)),
            "backup_mb": round(backup.stat().st_size / 1e6, 2),
            "backup_bytes_per_quarter": round(backup.stat().st_size / days / 96, 1),
            "read_back_s": _seconds(lambda: verify(backup)),
            "restore_s": _seconds(lambda: restore(backup, new, folder / "contracts.toml", folder / "tariffs", NOW)),
            "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
            "historique_ledger_mb": round(historique.stat().st_size / 1e6, 2),
        }
        back_up(BackupSpec(historique, of.contracts, of.tariffs, "nas", PARIS), backup, NOW)
        figures["historique_backup_mb"] = round(backup.stat().st_size / 1e6, 2)
        for to in ("parquet", "csv"):
            seconds = _seconds(lambda to=to: _export(historique, folder / "tables", to))  # type: ignore[misc]
            figures[f"hours_of_two_registers_{to}_s"] = seconds
            figures[f"hours_of_two_registers_{to}_kb"] = round(
                (folder / "tables" / f"hours.{to}").stat().st_size / 1000
            )
    return figures


def _export(ledger: Path, folder: Path, to: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        assert tictally(["export", str(folder), "--ledger", str(ledger), "--what", "hours", "--format", to]) == 0


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return round(time.perf_counter() - begin, 2)
