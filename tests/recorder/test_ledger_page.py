"""docs/ledger.md describes every table and column of the ledger, and no other."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tictally_recorder.ledger import Ledger, Status
from tictally_recorder.ledger.schema import SCHEMA_VERSION

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")


def test_it_describes_every_table_and_column(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
        columns = "SELECT name FROM pragma_table_info(?)"
        there = {name: [row[0] for row in connection.execute(columns, (name,))] for (name,) in tables}
    sections = re.split(r"^### `(\w+)`$", PAGE, flags=re.MULTILINE)[1:]
    described = {
        name: re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
        for name, section in zip(sections[::2], sections[1::2], strict=True)
    }
    assert described == there


def test_it_is_of_this_version() -> None:
    assert f"this page describes version {SCHEMA_VERSION}." in PAGE


def test_it_describes_every_status_of_a_number() -> None:
    for status in Status:
        assert f"{status.value} {status.name.lower()}" in PAGE


def test_the_files_that_it_names_exist() -> None:
    assert [path for path in re.findall(r"`(recorder/[\w/.]+)`", PAGE) if not (ROOT / path).exists()] == []
