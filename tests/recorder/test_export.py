"""Exported tables have the figures of the commands, and every column is documented."""

import csv
import importlib
import os
import re
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from backup_building import PARIS, build, values
from ledger_building import METER, MINUTE_MS, NOON_MS, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.cost.contracts import TariffsNamed, read_contracts
from tictally_recorder.cost.model import Terms
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.export import TABLES
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_shared.calendar import By

PAGE = Path(__file__).parent.parent.parent / "docs" / "export.md"
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
BYS = {"quarters": By.QUARTER, "hours": By.HOUR, "days": By.DAY}
FORMATS = ["csv", "parquet"]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger across the end of a month, with a gap and late frames."""
    path = tmp_path_factory.mktemp("nas") / "ledger.sqlite"
    build(path)
    with Ledger.open(path) as opened:
        later = range(13_000, 15_500, 3)
        opened.store(message(frame(seq, NOON_MS + seq * MINUTE_MS, values(seq))) for seq in later)
    return path


@pytest.fixture(scope="module")
def folder(ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "tables"
    for to in FORMATS:
        assert main(["export", str(path), "--ledger", str(ledger), "--format", to]) == 0
    return path


def answered(ledger: Path, by: By) -> list[EnergyRow]:
    with LedgerReader.open(ledger) as reader:
        return energy(reader, EnergyQuery(METER, START, END, by, PARIS))


def queried(select: str) -> list[Any]:
    """The rows of a query by DuckDB, which shares no code with the project."""
    found = duckdb.sql(select)
    assert found is not None
    rows: list[Any] = found.fetchall()
    return rows


def test_there_is_one_file_per_table_and_no_other(folder: Path) -> None:
    assert {each.name for each in folder.iterdir()} == {f"{name}.{to}" for name in TABLES for to in FORMATS}


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("name", BYS)
def test_duckdb_reads_the_energies_that_the_command_shows(ledger: Path, folder: Path, name: str, to: str) -> None:
    select = f"""
        SELECT epoch_ms("from"::TIMESTAMPTZ), epoch_ms("to"::TIMESTAMPTZ),
            register, period, energy, unit, estimated, first, last
        FROM '{folder / name}.{to}' ORDER BY ALL
    """  # noqa: S608
    exported = queried(select)
    expected = [
        (r.start_ms, r.end_ms, r.register, r.period, r.energy, r.unit, r.estimated, r.first_value, r.last_value)
        for r in answered(ledger, BYS[name])
    ]
    assert exported == sorted(expected, key=lambda row: (*row[:3], row[3] or "~"))
    assert any(row[6] for row in exported)
    sums = queried(f"SELECT register, sum(energy)::BIGINT FROM '{folder / name}.{to}' GROUP BY ALL")  # noqa: S608
    assert dict(sums) == {row.register: row.energy for row in answered(ledger, By.YEAR)}


@pytest.mark.parametrize("to", FORMATS)
def test_costs_are_those_of_the_command(ledger: Path, folder: Path, to: str) -> None:
    catalogue = load_catalogue(ledger.parent / "tariffs")
    with LedgerReader.open(ledger) as reader:
        (site,) = reader.sites()
        contracts = read_contracts(ledger.parent / "contracts.toml", TariffsNamed(catalogue.tariffs, PARIS), {site.id})
        rows = cost_of(reader, SiteDays(site, START.date(), END.date(), PARIS), Terms(contracts, catalogue.tariffs))
    expected = sum((row.amount for row in rows if row.amount is not None), Decimal(0))
    assert expected
    select = (
        f"SELECT count(*), sum(amount::DECIMAL(38, 18)), min(day), count(DISTINCT version) FROM '{folder}/cost.{to}'"  # noqa: S608
    )
    ((n, amount, first, versions),) = queried(select)
    assert (n, first, versions) == (len(rows), date(2026, 11, 21), 1)
    assert abs(amount - expected) < Decimal("1e-12")


@pytest.mark.parametrize("to", FORMATS)
def test_powers_and_texts_are_those_of_the_ledger(ledger: Path, folder: Path, to: str) -> None:
    with LedgerReader.open(ledger) as reader:
        lives = [quarter.live["SINSTS"] for quarter in reader.quarters(1, 0, 2**62)]
        texts = list(reader.text_changes(1, ["LTARF", "NGTF"], 0, 2**62))
    select = f"SELECT sum(frames), sum(sum), min(min), max(max) FROM '{folder}/powers.{to}' WHERE label = 'SINSTS'"  # noqa: S608
    expected = (
        sum(each.n for each in lives),
        sum(each.sum for each in lives),
        min(each.min for each in lives),
        max(each.max for each in lives),
    )
    assert queried(select) == [expected]
    select = f"SELECT epoch_ms(time::TIMESTAMPTZ), label, value FROM '{folder}/texts.{to}' ORDER BY ALL"  # noqa: S608
    assert queried(select) == sorted((each.time_ms, each.label, each.value) for each in texts)


def test_parquet_has_explicit_types(folder: Path) -> None:
    parquet: Any = importlib.import_module("pyarrow.parquet")
    types = {field.name: str(field.type) for field in parquet.read_schema(folder / "days.parquet")}
    assert (types["from"], types["energy"], types["estimated"]) == ("timestamp[ms, tz=UTC]", "int64", "bool")
    types = {field.name: str(field.type) for field in parquet.read_schema(folder / "cost.parquet")}
    assert (types["day"], types["amount"]) == ("date32[day]", "decimal128(38, 18)")


def test_csv_has_local_times_with_offset(folder: Path) -> None:
    with (folder / "days.csv").open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    assert first["from"] == "2026-11-21T00:00:00+01:00"
    assert (first["estimated"], first["quality"], first["period"]) == ("false", "measured", "")


def test_a_window_and_a_table_can_be_chosen(ledger: Path, tmp_path: Path) -> None:
    window = ["--from", "2026-11-22", "--to", "2026-11-22T12:00", "--what", "hours", "--what", "cost"]
    assert main(["export", str(tmp_path / "t"), "--ledger", str(ledger), *window]) == 0
    assert {each.name for each in (tmp_path / "t").iterdir()} == {"hours.csv", "cost.csv"}
    lines = (tmp_path / "t" / "hours.csv").read_text().splitlines()
    assert lines[1].startswith(f"{METER},2026-11-22T00:00:00+01:00")
    assert lines[-1].startswith(f"{METER},2026-11-22T11:00:00+01:00")
    # Cost is by whole days, and that window has none.
    assert len((tmp_path / "t" / "cost.csv").read_text().splitlines()) == 1


def test_files_of_a_killed_export_are_deleted_and_those_of_a_running_one_are_not(ledger: Path, tmp_path: Path) -> None:
    stale = [tmp_path / f".{name}.{to}.17.part" for name in TABLES for to in FORMATS]
    others = [tmp_path / ".hours.csv.18.part", tmp_path / ".mine.part", tmp_path / "hours.csv.part"]
    for each in (*stale, *others):
        each.touch()
    for each in (*stale, *others[1:]):
        os.utime(each, (0, 0))
    os.utime(others[0])  # a file system may have its own clock
    assert main(["export", str(tmp_path), "--ledger", str(ledger), "--what", "hours"]) == 0
    assert set(tmp_path.iterdir()) == {*others, tmp_path / "hours.csv"}


def test_without_pyarrow_the_message_names_the_package_to_install(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["export", str(tmp_path / "t"), "--ledger", str(ledger), "--format", "parquet"]) == 1
    assert "`pipx inject tictally-recorder pyarrow`" in capsys.readouterr().err
    assert not (tmp_path / "t").exists()


def test_a_folder_that_cannot_be_created_is_one_sentence(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    assert main(["export", str(tmp_path / "a" / "b"), "--ledger", str(ledger)]) == 1
    missing = f"there is no folder {tmp_path}/a to create b in; is its disk or share mounted?"
    assert capsys.readouterr().err == f"tictally: {missing}\n"


def test_the_page_describes_every_column_and_no_other() -> None:
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    documented = {
        name: re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
        for section in sections
        for name in re.findall(r"`(\w+)`", section.splitlines()[0])
    }
    assert documented == {name: [column.name for column in table.columns] for name, table in TABLES.items()}
