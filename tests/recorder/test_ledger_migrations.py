"""A ledger of an older version is migrated to this program's, completely or not at all, after it was copied."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ledger_building import NOON_MS, frame, message

from tictally_recorder.ledger import BatchResult, Ledger, LedgerError, LedgerReader, integrity, join_sites
from tictally_recorder.ledger import connection as opening
from tictally_recorder.ledger.migrations import STEPS, Step, migrate
from tictally_recorder.ledger.schema import PRERELEASE_APPLICATION_ID, SCHEMA_VERSION

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
    monkeypatch.setattr(opening, "STEPS", TO_3)
    monkeypatch.setattr(opening, "SCHEMA_VERSION", 3)


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [*connection.iterdump(), str(connection.execute("PRAGMA user_version").fetchone())]


def test_the_steps_end_at_this_programs_version() -> None:
    versions = [version for version, _ in STEPS]
    assert versions == list(range(2, SCHEMA_VERSION + 1))


@pytest.mark.parametrize("version", [1, 4])
def test_a_pre_release_ledger_is_rejected_and_unchanged(tmp_path: Path, version: int) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID")
        connection.execute(f"PRAGMA application_id = {PRERELEASE_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    for open_it in (Ledger.open, LedgerReader.open):
        with pytest.raises(LedgerError, match=r"is of a pre-release version.*move it away"):
            open_it(path)
    assert path.read_bytes() == before


@pytest.mark.usefixtures("tomorrow")
def test_an_older_ledger_is_migrated_when_the_recorder_starts(old: Path) -> None:
    before = dump(old)
    with Ledger.open(old) as ledger:
        assert ledger.store([message(frame(4, NOON_MS + 4, {"EAST": 4}))]) == BatchResult(stored=1)
        assert ledger.counts().frames == 4
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("SELECT * FROM novelty").fetchall() == [(1, 7)]
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    (copy,) = old.parent.glob("ledger.sqlite.v1-*")
    # The copy is a single file: it needs none of those beside the ledger.
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
def test_reading_and_joining_leave_an_older_ledger_unchanged(old: Path) -> None:
    before = dump(old)
    for do in (LedgerReader.open, lambda path: join_sites(path, "a", "b")):
        with pytest.raises(LedgerError, match=r"has version 1; `tictally record` migrates it to 3 when it starts"):
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
