"""A ledger of an older version becomes one of this program's, wholly or not at all, and what it was is kept."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ledger_building import NOON_MS, frame, make_first_version, message

from tictally_recorder.ledger import Ledger, LedgerError, LedgerReader, Stored, integrity, join_sites, schema
from tictally_recorder.ledger.migrations import STEPS, Step, migrate

NOW = datetime(2026, 11, 21, 23, 15, tzinfo=UTC)


def add_table(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE novelty (meter INTEGER REFERENCES meter, wh INTEGER) STRICT")


def fill_table(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO novelty SELECT id, 7 FROM meter")


def break_off(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM quarter")
    connection.execute("INSERT INTO nothing VALUES (1)")


def make_orphans(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM meter")


TO_3: list[Step] = [(2, add_table), (3, fill_table)]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger of version 1 with three frames."""
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store([message(frame(seq, NOON_MS + seq, {"EAST": seq})) for seq in (1, 2, 3)])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 1")
    return path


@pytest.fixture
def tomorrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is two versions ahead."""
    monkeypatch.setattr(schema, "STEPS", TO_3)
    monkeypatch.setattr(schema, "SCHEMA_VERSION", 3)


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [*connection.iterdump(), str(connection.execute("PRAGMA user_version").fetchone())]


def test_the_steps_end_at_this_programs_version() -> None:
    versions = [version for version, _ in STEPS]
    assert versions == list(range(2, schema.SCHEMA_VERSION + 1))


def test_the_steps_make_the_tables_of_a_new_ledger(tmp_path: Path) -> None:
    def tables(path: Path) -> set[str]:
        with Ledger.open(path), closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
        return {" ".join(sql.split()) for (sql,) in rows}

    new, old = tmp_path / "new.sqlite", tmp_path / "old.sqlite"
    Ledger.open(old).close()
    make_first_version(old)
    assert tables(old) == tables(new)


@pytest.mark.usefixtures("tomorrow")
def test_an_older_ledger_is_brought_up_when_the_recorder_starts(old: Path) -> None:
    before = dump(old)
    with Ledger.open(old) as ledger:
        assert ledger.store([message(frame(4, NOON_MS + 4, {"EAST": 4}))]) == Stored(stored=1)
        assert ledger.counts().frames == 4
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("SELECT * FROM novelty").fetchall() == [(1, 7)]
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    (copy,) = old.parent.glob("ledger.sqlite.v1-*")
    # The copy is one file: it needs none of those that stand beside the ledger.
    alone = old.parent / "elsewhere" / "copy.sqlite"
    alone.parent.mkdir()
    shutil.copy(copy, alone)
    assert dump(alone) == before
    with Ledger.open(old):
        pass
    assert list(old.parent.glob("ledger.sqlite.v1-*")) == [copy]


@pytest.mark.usefixtures("tomorrow")
def test_a_new_ledger_needs_no_copy(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite"):
        assert {each.name.split(".v")[0] for each in tmp_path.iterdir()} == {each.name for each in tmp_path.iterdir()}


@pytest.mark.usefixtures("tomorrow")
def test_who_only_reads_or_joins_leaves_an_older_ledger_alone(old: Path) -> None:
    before = dump(old)
    for do in (LedgerReader.open, lambda path: join_sites(path, "a", "b")):
        with pytest.raises(LedgerError, match=r"has version 1; `tictally record` brings it to 3 when it starts"):
            do(old)
    assert integrity(old)
    assert dump(old) == before
    assert list(old.parent.glob("*.v1-*")) == []


@pytest.mark.parametrize(
    ("last", "error"), [(break_off, sqlite3.OperationalError), (make_orphans, LedgerError)], ids=["breaks", "orphans"]
)
def test_a_step_that_fails_leaves_the_ledger_as_it_was(
    old: Path, last: Callable[[sqlite3.Connection], None], error: type[Exception]
) -> None:
    before = dump(old)
    with closing(sqlite3.connect(old, isolation_level=None)) as connection, pytest.raises(error):
        migrate(connection, old, [*TO_3, (4, last)], NOW)
    assert dump(old) == before
    assert dump(old.parent / "ledger.sqlite.v1-20261121T231500Z") == before


def test_without_a_copy_nothing_is_changed(old: Path) -> None:
    before = dump(old)
    (old.parent / "ledger.sqlite.v1-20261121T231500Z").mkdir()  # what stands in its way
    with (
        closing(sqlite3.connect(old, isolation_level=None)) as connection,
        pytest.raises(LedgerError, match=r"a copy of the ledger cannot be made .* nothing was changed"),
    ):
        migrate(connection, old, TO_3, NOW)
    assert dump(old) == before
    assert not list(old.parent.glob("*.part"))


def test_only_steps_beyond_the_ledgers_version_are_done(old: Path) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        assert migrate(connection, old, TO_3[:1], NOW) == old.parent / "ledger.sqlite.v1-20261121T231500Z"
        assert migrate(connection, old, TO_3[:1], NOW) is None
        assert migrate(connection, old, TO_3, NOW) == old.parent / "ledger.sqlite.v2-20261121T231500Z"
        assert connection.execute("SELECT count(*) FROM novelty").fetchone() == (1,)
