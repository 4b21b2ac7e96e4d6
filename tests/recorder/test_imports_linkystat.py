"""LinkyStat's dump: hourly registers in local time, two tables whose columns differ."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from imported_files import PARIS, local, observations, read, readings, shown
from ledger_building import METER
from linkystat_dump import dump, history, realtime

from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.imports.errors import ImportFileError
from tictally_recorder.ledger import Ledger, LedgerReader, importing
from tictally_shared.calendar import By


def hours_of(start: datetime, count: int) -> list[str]:
    """Rows of every hour as LinkyStat has them: the local end of the hour; of the same time the later one remains."""
    utc = start.replace(tzinfo=PARIS).astimezone(UTC)
    rows: dict[str, str] = {}
    for n in range(1, count + 1):
        time = (utc + timedelta(hours=n - 1)).astimezone(PARIS).replace(tzinfo=None) + timedelta(hours=1)
        rows[f"{time:%Y-%m-%d %H:%M:%S}"] = f"{1000 + 100 * n},{2000 + 200 * n},12.5"
    return [f"('{time}',{values})" for time, values in rows.items()]


def test_a_row_of_the_history_is_a_reading_of_both_registers_at_the_end_of_its_hour(tmp_path: Path) -> None:
    path = dump(tmp_path, history(["('2026-01-05 01:00:00',1000,2000,7.5)", "('2026-01-05 02:00:00',1000,2300,NULL)"]))
    assert shown(observations(path)) == [
        ("HCHC", "2026-01-05T00:00", "1000"),
        ("HCHP", "2026-01-05T00:00", "2000"),
        ("HCHC", "2026-01-05T01:00", "1000"),
        ("HCHP", "2026-01-05T01:00", "2300"),
    ]


@pytest.mark.parametrize(("day", "hours", "lost"), [(local(2026, 3, 29), 23, 0), (local(2026, 10, 25), 25, 1)])
def test_clock_changes_lose_no_energy(tmp_path: Path, day: datetime, hours: int, lost: int) -> None:
    found = readings(observations(dump(tmp_path, history(hours_of(day, hours)))))
    of_hc = [each for each in found if each.register == "HCHC"]
    assert len(of_hc) == hours - lost
    start_ms = round(day.replace(tzinfo=PARIS).timestamp()) * 1000
    assert all(each.wh == 1000 + 100 * (each.time_ms - start_ms) // 3_600_000 for each in of_hc)


def test_the_frames_table_has_its_registers_in_the_other_order(tmp_path: Path) -> None:
    path = dump(
        tmp_path,
        history(["('2026-01-05 01:00:00',1000,2000,7.5)", "('2026-01-05 02:00:00',1050,2000,7.5)"]),
        realtime(
            ["('2026-01-05 01:20:01',900,2000,1040,7.5,'HC')", "('2026-01-05 01:20:31',900,2000,1050,7.5,'HC..')"]
        ),
    )
    # The history's last row is of an hour that has not ended: the frames show when it had its registers.
    assert shown(observations(path)) == [
        ("HCHC", "2026-01-05T00:00", "1000"),
        ("HCHP", "2026-01-05T00:00", "2000"),
        ("HCHC", "2026-01-05T00:20", "1050"),
        ("HCHP", "2026-01-05T00:20", "2000"),
    ]


def test_columns_that_the_dump_names_may_have_any_order(tmp_path: Path) -> None:
    path = dump(
        tmp_path,
        "INSERT INTO `linky_history` (`HCHP`, `temperature`, `time`, `HCHC`) VALUES\n"
        "(2000,7,'2026-01-05 01:00:00',1000);\n",
    )
    assert [each.wh for each in readings(observations(path))] == [1000, 2000]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (history(["('2026-01-05 01:00:00',1000,2000,7)"])[:-4], "line 2: it ends too early or is damaged"),
        (history(["('2026-13-05 01:00:00',1000,2000,7)"]), "line 2: 2026-13-05 01:00:00 is not a date or time"),
        (history(["('2026-01-05 01:00:00','many',2000,7)"]), "line 2: many is not a number"),
        (history(["('2026-01-05 01:00:00',-1,2000,7)"]), "line 2: the value is negative"),
        (
            history(["('2026-01-05 02:00:00',1,2,7)", "('2026-01-05 01:00:00',1,2,7)"]),
            "line 2: the time is not after the one before it",
        ),
    ],
)
def test_a_wrong_dump_is_an_error(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ImportFileError, match=problem):
        observations(dump(tmp_path, text))


def test_a_compressed_dump_that_is_cut_short_is_an_error(tmp_path: Path) -> None:
    path = dump(tmp_path, history(hours_of(local(2026, 1, 1), 5000)))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ImportFileError, match="it ends too early or is damaged"):
        observations(path)


def test_a_bomb_ends_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "bomb.sql.gz"
    with gzip.open(path, "wb", 9) as file:
        file.write(history(["('2026-01-05 01:00:00',1000,2000,7)"]).encode())
        for _ in range(300):
            file.write(bytes(1 << 20))
    with pytest.raises(ImportFileError, match="it unpacks to more than"):
        observations(path)


def test_a_year_with_an_exchange_missing_hours_and_both_clock_changes_is_counted_to_the_wh(tmp_path: Path) -> None:
    start = local(2025, 1, 1).replace(tzinfo=PARIS).astimezone(UTC)
    exchanged, lost = 4000, {500, 501, 6000}
    registers = [(1_000_000, 2_000_000)]
    rows: dict[str, str] = {}
    for n in range(8760):
        hc, hp = (17, 43) if n + 1 == exchanged else registers[-1]
        registers.append((hc + 100 + n % 7 * 10, hp + 300 + n % 11 * 10))
        time = (start + timedelta(hours=n)).astimezone(PARIS).replace(tzinfo=None) + timedelta(hours=1)
        if n not in lost:
            rows[f"{time:%Y-%m-%d %H:%M:%S}"] = f"{registers[-1][0]},{registers[-1][1]},NULL"
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    (one,) = read(dump(tmp_path, history([f"('{time}',{values})" for time, values in rows.items()])))
    with importing(path) as ledger:
        ledger.put(METER, 0, [one.file])
    with LedgerReader.open(path) as reader:
        by_hour = asked(reader, By.HOUR)
        by_month = asked(reader, By.MONTH)
    found = {row.start_ms: row for row in by_hour if row.register == "HCHC"}
    at = [round((start + timedelta(hours=n)).timestamp()) * 1000 for n in range(8761)]
    october = next(n for n in range(8760) if (start + timedelta(hours=n)).isoformat() == "2025-10-26T00:00:00+00:00")
    # The first row is of the first hour's end; of the hours around those that are missing only the sum is known.
    unsure = {0, exchanged - 1, *lost, *(n + 1 for n in lost), october, october + 1}
    for n in range(8760):
        if n not in unsure:
            assert (found[at[n]].energy, found[at[n]].estimated) == (registers[n + 1][0] - registers[n][0], False)
    assert sum(found[at[n]].energy for n in (october, october + 1)) == registers[october + 2][0] - registers[october][0]
    assert sum(found[at[n]].energy for n in (500, 501, 502)) == registers[503][0] - registers[500][0]
    assert found[at[exchanged - 1]].unknown
    months = {row.start_ms: row for row in by_month if row.register == "HCHC"}
    for start_ms, row in months.items():
        first, last = at.index(start_ms), at.index(row.end_ms) if row.end_ms in at else 8760
        parts = [(max(first, 1), min(last, exchanged - 1)), (max(first, exchanged), last)]
        assert row.energy == sum(registers[end][0] - registers[begin][0] for begin, end in parts if begin < end)
    assert len(months) == 12


def asked(reader: LedgerReader, by: By) -> list[EnergyRow]:
    year = (local(2025, 1, 1).replace(tzinfo=PARIS), local(2026, 1, 1).replace(tzinfo=PARIS))
    return energy(reader, EnergyQuery(METER, *year, by, PARIS))
