"""A backup of every released version of the ledger is restored by this one.

`data/ledger-v<version>.backup` is of that version. A new version of the ledger's tables needs one:
`PYTHONPATH=tests python tests/recorder/test_backup_versions.py` writes it.
"""

import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ledger_building import METER, NOON_MS, frame, message

from tictally_recorder.backup.create import dump
from tictally_recorder.backup.file_format import Header, read_header, write
from tictally_recorder.backup.restore import restore
from tictally_recorder.backup.summary import summarize
from tictally_recorder.backup.verify import verify
from tictally_recorder.energy import EnergyQuery, energy
from tictally_recorder.ledger import Ledger, LedgerReader, integrity
from tictally_recorder.ledger.schema import SCHEMA_VERSION
from tictally_shared.calendar import By, zone

DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 11, 25, 2, 15, tzinfo=UTC)
VERSIONS = range(1, SCHEMA_VERSION + 1)
LAST = 600
TABLES = """
SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name
"""


def make(path: Path) -> None:
    """A backup of a small ledger of this version."""
    with tempfile.TemporaryDirectory() as name:
        ledger = Path(name) / "ledger.sqlite"
        with Ledger.open(ledger) as opened:
            opened.store(message(frame(seq, NOON_MS + seq * 30_000, _values(seq))) for seq in range(1, LAST + 1))
        with LedgerReader.open(ledger) as reader:
            sites = summarize(reader)
        with closing(sqlite3.connect(ledger)) as connection, path.open("wb") as file:
            header = Header(SCHEMA_VERSION, "0.1.0", int(NOW.timestamp() * 1000), "nas", is_complete=True, sites=sites)
            write(file, header, dump(connection, is_complete=True))


def _values(seq: int) -> dict[str, int | str]:
    return {"EAST": 1_000_000 + 7 * seq, "SINSTS": 840, "LTARF": "HEURE PLEINE" if seq > LAST / 2 else "HEURE CREUSE"}


@pytest.fixture(params=VERSIONS)
def backup(request: pytest.FixtureRequest) -> Path:
    path = DATA / f"ledger-v{request.param}.backup"
    assert read_header(path).schema == request.param
    return path


def test_verification_succeeds(backup: Path) -> None:
    verify(backup)


def test_it_becomes_a_ledger_of_this_version(backup: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    restore(backup, ledger, tmp_path / "contracts.toml", tmp_path / "tariffs", NOW)
    assert integrity(ledger) == []
    assert sorted(each.name for each in tmp_path.iterdir()) == ["ledger.sqlite", "ledger.sqlite.lock"]
    new = tmp_path / "new" / "ledger.sqlite"
    new.parent.mkdir()
    Ledger.open(new).close()
    assert _tables(ledger) == _tables(new)


def test_its_energy_is_unchanged_and_its_frame_numbers_are_known(backup: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    restore(backup, ledger, tmp_path / "contracts.toml", tmp_path / "tariffs", NOW)
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    with LedgerReader.open(ledger) as reader:
        (row,) = energy(reader, EnergyQuery(METER, start, end, By.YEAR, zone("Europe/Paris")))
        assert row.energy == 7 * (LAST - 1) == read_header(backup).sites[0].consumption_wh
    with Ledger.open(ledger) as opened:
        late = message(frame(LAST, NOON_MS + LAST * 30_000, _values(LAST)))
        assert opened.store([late]).duplicates == 1


def _tables(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return [(name, " ".join(sql.split())) for name, sql in connection.execute(TABLES)]


if __name__ == "__main__":
    make(DATA / f"ledger-v{SCHEMA_VERSION}.backup")
    sys.stdout.write(f"{DATA}/ledger-v{SCHEMA_VERSION}.backup\n")
