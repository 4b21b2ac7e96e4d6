"""Times of the nights in which the clocks change are exact, in each table and each format."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from backup_building import PARIS, values
from ledger_building import METER, MINUTE_MS, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_shared.calendar import QUARTER_MS, By

# From an hour before to two hours after the change, at 01:00 UTC; with milliseconds, as in frames.
NIGHTS = {"autumn": datetime(2026, 10, 25, tzinfo=UTC), "spring": datetime(2026, 3, 29, tzinfo=UTC)}
MINUTES = 180
ODD_MS = 437
ReadTimes = Callable[[Path, str], list[tuple[int, ...]]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BYS = {"quarters": By.QUARTER, "hours": By.HOUR, "days": By.DAY}
OF_ONE = {
    **dict.fromkeys(BYS, "register = 'EAST'"),
    "powers": "label = 'SINSTS'",
    "texts": "label = 'LTARF'",
}


@pytest.fixture(scope="module", params=NIGHTS)
def ledger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of one of the nights; a string changes every five minutes."""
    path = tmp_path_factory.mktemp("nas") / "ledger.sqlite"
    start_ms = to_ms(NIGHTS[request.param]) + ODD_MS
    with Ledger.open(path) as opened:
        opened.store(
            message(frame(seq, start_ms + seq * MINUTE_MS, values(seq) | {"LTARF": f"PERIOD {seq // 5 % 2}"}))
            for seq in range(1, MINUTES)
        )
    return path


@pytest.fixture(scope="module")
def folder(ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "tables"
    for to in ("csv", "parquet"):
        assert main(["export", str(path), "--ledger", str(ledger), "--format", to]) == 0
    return path


def to_ms(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def expected(ledger: Path, name: str) -> list[tuple[int, ...]]:
    """Times in the ledger, milliseconds since 1970: start and end of each row, or the one time of a string."""
    window = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    with LedgerReader.open(ledger) as reader:
        if name in BYS:
            rows = energy(reader, EnergyQuery(METER, *window, BYS[name], PARIS))
            return [(row.start_ms, row.end_ms) for row in rows if row.register == "EAST"]
        if name == "powers":
            return [(each.start_ms, each.start_ms + QUARTER_MS) for each in reader.quarters(1, 0, 2**62)]
        return [(each.time_ms,) for each in reader.text_changes(1, ["LTARF"], 0, 2**62)]


def times_in_csv(folder: Path, name: str) -> list[tuple[int, ...]]:
    column, of_one = (part.strip("'") for part in OF_ONE[name].split(" = "))
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row[column] == of_one]
    times = [[row[each] for each in ("from", "to", "time") if each in row] for row in rows]
    return [tuple(to_ms(datetime.fromisoformat(each)) for each in row) for row in times]


def times_in_parquet(folder: Path, name: str) -> list[tuple[int, ...]]:
    what = "epoch_ms(time)" if name == "texts" else 'epoch_ms("from"), epoch_ms("to")'
    found = duckdb.sql(f"SELECT {what} FROM '{folder}/{name}.parquet' WHERE {OF_ONE[name]} ORDER BY ALL")  # noqa: S608
    assert found is not None
    rows: list[Any] = found.fetchall()
    return rows


@pytest.mark.parametrize("read_times", [times_in_csv, times_in_parquet])
@pytest.mark.parametrize("name", OF_ONE)
def test_a_repeated_or_missing_hour_moves_no_time(ledger: Path, folder: Path, name: str, read_times: ReadTimes) -> None:
    rows = read_times(folder, name)
    assert rows == expected(ledger, name)
    assert len({row[0] for row in rows}) == len(rows)
    if name != "texts":
        assert all(before[1] == after[0] for before, after in pairwise(rows))
    assert len(rows) >= {"days": 1, "hours": 3, "texts": 30}.get(name, 12)


def test_csv_distinguishes_the_two_equal_hours_by_their_offset(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    start_ms = to_ms(NIGHTS["autumn"])
    with Ledger.open(path) as opened:
        opened.store(message(frame(seq, start_ms + seq * MINUTE_MS, values(seq))) for seq in range(1, MINUTES))
    assert main(["export", str(tmp_path / "t"), "--ledger", str(path), "--what", "hours"]) == 0
    with (tmp_path / "t" / "hours.csv").open(encoding="utf-8", newline="") as file:
        spans = [(row["from"][11:], row["to"][11:]) for row in csv.DictReader(file) if row["register"] == "EAST"]
    assert spans == [
        ("02:00:00+02:00", "02:00:00+01:00"),
        ("02:00:00+01:00", "03:00:00+01:00"),
        ("03:00:00+01:00", "04:00:00+01:00"),
    ]
