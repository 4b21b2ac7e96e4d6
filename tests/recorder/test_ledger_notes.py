"""Notes stay in the ledger, with their site, through every change, a backup and an older version."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cost_building import PARIS
from ledger_building import METER, NOON_MS, frame, message
from observation_building import energy

from tictally_recorder.backup.create import dump
from tictally_recorder.backup.file_format import Header, write
from tictally_recorder.backup.restore import restore
from tictally_recorder.backup.summary import summarize
from tictally_recorder.ledger import (
    Ledger,
    LedgerError,
    LedgerReader,
    Note,
    NoteError,
    ObservedFile,
    edit_notes,
    ignore_site,
    importing,
    join_sites,
    remove_site,
    undo_ignore,
)
from tictally_recorder.ledger.notes import MAX_CHARACTERS
from tictally_recorder.ledger.schema import SCHEMA_VERSION
from tictally_shared.calendar import day_bounds_ms

OTHER = "021900000099"
DAY = date(2026, 11, 3)
PUMP = Note(1, METER, DAY, "heat pump installed")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of two sites, with a note."""
    found = tmp_path / "ledger.sqlite"
    with Ledger.open(found) as ledger:
        ledger.store([message(frame(1, NOON_MS, {"EAST": 1})), message(frame(2, NOON_MS, {"EAST": 5}, meter=OTHER))])
        assert ledger.edit_notes(lambda notes: notes.add(METER, DAY, "heat pump installed")) == PUMP
    return found


@pytest.fixture
def reader(path: Path) -> Iterator[LedgerReader]:
    with LedgerReader.open(path) as opened:
        yield opened


def test_notes_are_in_order_of_their_days(path: Path, reader: LedgerReader) -> None:
    edit_notes(path, lambda notes: notes.add(OTHER, date(2024, 2, 29), "a leap\n  day\x00"))
    assert [(each.site, each.text) for each in reader.notes()] == [(OTHER, "a leap day"), (METER, PUMP.text)]
    assert reader.notes(METER) == [PUMP]


def test_a_deleted_note_can_be_shown_again(path: Path, reader: LedgerReader) -> None:
    assert edit_notes(path, lambda notes: notes.delete(1)).is_deleted
    assert (reader.notes(), [each.id for each in reader.notes(deleted=True)]) == ([], [1])
    # Another note never gets its number.
    assert edit_notes(path, lambda notes: notes.add(METER, DAY, "another")).id == 2
    edit_notes(path, lambda notes: notes.delete(1, undo=True))
    assert reader.note(1) == PUMP
    edit_notes(path, lambda notes: notes.delete(1))
    changed = edit_notes(path, lambda notes: notes.change(1, date(2026, 11, 4), "heat pump"))
    assert (changed, reader.note(1)) == (Note(1, METER, date(2026, 11, 4), "heat pump"), changed)


@pytest.mark.parametrize(
    ("day", "text", "problem"),
    [
        (DAY, " \n\x00", "the note is empty"),
        (DAY, "x" * (MAX_CHARACTERS + 1), f"the note is longer than {MAX_CHARACTERS} characters"),
        (date(1, 1, 1), "long ago", "notes are for days of the years 1971 to 2999"),
    ],
)
def test_what_cannot_be_a_note_is_refused(path: Path, reader: LedgerReader, day: date, text: str, problem: str) -> None:
    with pytest.raises(NoteError, match=problem):
        edit_notes(path, lambda notes: notes.add(METER, day, text))
    with pytest.raises(NoteError, match=problem):
        edit_notes(path, lambda notes: notes.change(1, day, text))
    assert reader.notes() == [PUMP]


def test_unknown_notes_and_sites_are_errors(path: Path) -> None:
    with pytest.raises(NoteError, match="there is no note 7"):
        edit_notes(path, lambda notes: notes.delete(7))
    with pytest.raises(LedgerError, match="there is no site 'nobody'"):
        edit_notes(path, lambda notes: notes.add("nobody", DAY, "x"))


def test_notes_follow_their_site(path: Path, reader: LedgerReader) -> None:
    ignore_site(path, METER, NOON_MS)
    assert reader.notes() == []
    undo_ignore(path, METER)
    join_sites(path, METER, OTHER)
    assert [each.site for each in reader.notes()] == [OTHER]
    remove_site(path, OTHER)
    assert (reader.notes(), reader.notes(deleted=True)) == ([], [])


@pytest.mark.parametrize("again", ["import", "frame"])
def test_notes_outlive_the_undoing_of_the_only_import(tmp_path: Path, again: str) -> None:
    path = tmp_path / "imported.sqlite"
    Ledger.open(path).close()
    start_ms = day_bounds_ms(DAY, PARIS)[0]
    observed = ObservedFile("enedis", "a", "a" * 64, None, (energy(start_ms, 1440, 9000),))
    with importing(path) as ledger:
        run = ledger.put(METER, NOON_MS, [observed])
    edit_notes(path, lambda notes: notes.add(METER, DAY, "heat pump installed"))
    with importing(path) as ledger:
        ledger.undo(run)
    with LedgerReader.open(path) as opened:
        assert opened.sites() == []
    if again == "import":
        with importing(path) as ledger:
            ledger.put(METER, NOON_MS, [observed])
    else:
        with Ledger.open(path) as ledger_:
            ledger_.store([message(frame(1, NOON_MS, {"EAST": 1}))])
    with LedgerReader.open(path) as opened:
        assert ([each.id for each in opened.sites()], opened.notes(METER)) == ([METER], [PUMP])


def test_a_backup_has_them_deleted_ones_as_well(path: Path, tmp_path: Path) -> None:
    edit_notes(path, lambda notes: notes.delete(notes.add(METER, DAY, "a mistake").id))
    backup, restored = tmp_path / "a.backup", tmp_path / "restored" / "ledger.sqlite"
    restored.parent.mkdir()
    with LedgerReader.open(path) as opened:
        sites = summarize(opened)
    with closing(sqlite3.connect(path)) as connection, backup.open("wb") as file:
        header = Header(SCHEMA_VERSION, "0.1.0", NOON_MS, "nas", is_complete=False, sites=sites)
        write(file, header, dump(connection, is_complete=False))
    restore(backup, restored, tmp_path / "contracts.toml", tmp_path / "tariffs", datetime(2026, 12, 1, tzinfo=UTC))
    with LedgerReader.open(restored) as opened:
        assert opened.notes() == [PUMP]
        assert [each.text for each in opened.notes(deleted=True)] == ["a mistake"]


def test_a_ledger_of_the_version_before_gets_their_table(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for later in ("note", "voltage_mean", "production"):
            connection.execute(f"DROP TABLE {later}")
        connection.execute("PRAGMA user_version = 1")
    with Ledger.open(path) as ledger:
        assert ledger.counts().frames == 2
        assert ledger.edit_notes(lambda notes: notes.add(METER, DAY, "heat pump installed")) == PUMP
