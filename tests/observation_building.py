"""Observations from elsewhere and the registers that a ledger makes of them, for tests."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from ledger_building import METER, frame, message

from tictally_recorder.ledger import (
    CONSUMPTION,
    WATT_MINUTES,
    IntervalEnergy,
    Ledger,
    LedgerReader,
    Observation,
    ObservedFile,
    RegisterReading,
    importing,
)

HOUR_MS = 3_600_000
QUARTER_MS = 900_000


def energy(start_ms: int, minutes: int, wh: int, register: str = CONSUMPTION) -> IntervalEnergy:
    return IntervalEnergy(register, start_ms, start_ms + minutes * 60_000, wh * WATT_MINUTES)


def hours(start_ms: int, *wh: int) -> list[IntervalEnergy]:
    return [energy(start_ms + n * HOUR_MS, 60, each) for n, each in enumerate(wh)]


def reading(time_ms: int, wh: int, register: str = CONSUMPTION) -> RegisterReading:
    return RegisterReading(register, time_ms, wh)


def observed(observations: Sequence[Observation], importer: str = "test") -> ObservedFile:
    digest = sha256(repr(observations).encode()).hexdigest()
    return ObservedFile(importer, f"{digest[:6]}.csv", digest, None, tuple(observations))


def put(path: Path, *files: Sequence[Observation], site: str = METER) -> int:
    """Import files as one run; returns its number."""
    with importing(path) as ledger:
        return ledger.put(site, 0, [observed(each) for each in files])


def undo(path: Path, run: int) -> None:
    with importing(path) as ledger:
        ledger.undo(run)


def store(
    path: Path, frames: Mapping[int, Mapping[str, int | str]] | Iterable[tuple[int, int]], first_seq: int = 1
) -> None:
    """Store frames by time, of values or of EAST alone, and recompute what imports fill."""
    items = frames.items() if isinstance(frames, Mapping) else ((at, {CONSUMPTION: wh}) for at, wh in frames)
    with Ledger.open(path) as ledger:
        ledger.store(message(frame(first_seq + n, at, values)) for n, (at, values) in enumerate(items))
        while ledger.recompute_dirty(1000):
            pass
        while ledger.recompute_imports():
            pass


def points(path: Path, register: str = CONSUMPTION) -> list[tuple[int, int]]:
    """(time, value) of a register's observations, frames' and imported ones."""
    with LedgerReader.open(path) as reader:
        found = [
            point
            for site in reader.sites()
            for meter in site.meters
            for quarter in reader.registers(meter.id, 0, 2**50)
            for run in quarter.registers.get(register, ())
            for point in ((run.first_ms, run.first), (run.last_ms, run.last))
        ]
    return list(dict.fromkeys(found))


def rows(path: Path) -> list[tuple[object, ...]]:
    """Everything that imports fill, of whatever meter."""
    columns = {
        "imported_quarter": "quarter, hex(packed)",
        "imported_span": "label, imported.first_ms, imported.last_ms",
        "imported_break": "label, time_ms",
        "imported_range": "first, last",
    }
    with importing(path, is_dry_run=True) as ledger:
        return [
            row
            for table, names in columns.items()
            for row in ledger._connection.execute(
                f"SELECT key, {names} FROM {table} AS imported JOIN meter ON meter.id = meter ORDER BY 1, 2, 3"  # noqa: S608
            )
        ]
