"""Notes on days: what a household changed, and when. A deleted one keeps its row: deleting can be undone."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from tictally_recorder.ledger.connection import open_for_writing, transaction
from tictally_recorder.ledger.errors import LedgerError
from tictally_recorder.ledger.sites import find_site
from tictally_recorder.problem import ProblemCode
from tictally_shared.calendar import FIRST_YEAR, LAST_YEAR
from tictally_shared.phrase import Phrase

MAX_CHARACTERS: Final = 300

_SELECT: Final = """
SELECT note.id, site.name, day, text, is_deleted FROM note JOIN site ON site.id = note.site
WHERE site.ignored_ms IS NULL
"""
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Note:
    """A note.

    Attributes:
        id: its number, never that of another one.
        site: id of the site.
        day: local.
        text: a line.
        is_deleted: whether it is shown no more.
    """

    id: int
    site: str
    day: date
    text: str
    is_deleted: bool = False


class NoteError(LedgerError):
    """A note that cannot be stored, or that does not exist."""


class Notes:
    """The notes of a ledger.

    Args:
        connection: for changes in a transaction.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, site: str | None = None, *, deleted: bool = False) -> list[Note]:
        """The notes by day, then in the order in which they were added; not those of ignored sites.

        Args:
            site: id of the site; None: of every site.
            deleted: the deleted ones in place of the others.
        """
        rows = self._connection.execute(f"{_SELECT} AND is_deleted = ? ORDER BY day, note.id", (deleted,))
        return [each for each in map(_note, rows) if site in {None, each.site}]

    def get(self, number: int) -> Note:
        """A note, also a deleted one.

        Raises:
            NoteError: there is none.
        """
        row = self._connection.execute(f"{_SELECT} AND note.id = ?", (number,)).fetchone()
        if row is None:
            raise NoteError(Phrase(ProblemCode.NOTE_UNKNOWN, {"note": number}))
        return _note(row)

    def add(self, site: str, day: date, text: str) -> Note:
        """Add a note.

        Args:
            site: id of the site, or the key of one of its meters.
            day: local.
            text: runs of spaces and line ends become one space.

        Raises:
            NoteError: it is empty or too long, or the day too far away.
            LedgerError: the site is unknown.
        """
        row = find_site(self._connection, site)[0], *_checked(day, text)
        added = self._connection.execute("INSERT INTO note (site, day, text, is_deleted) VALUES (?, ?, ?, 0)", row)
        return self.get(int(added.lastrowid or 0))

    def change(self, number: int, day: date, text: str) -> Note:
        """Change a note; a deleted one is shown again. Arguments and errors as `add`, and as `get`."""
        self.get(number)
        row = (*_checked(day, text), number)
        self._connection.execute("UPDATE note SET day = ?, text = ?, is_deleted = 0 WHERE id = ?", row)
        return self.get(number)

    def delete(self, number: int, *, undo: bool = False) -> Note:
        """Show a note no more, or undo that; one that is so already stays so. Raises as `get`."""
        self.get(number)
        self._connection.execute("UPDATE note SET is_deleted = ? WHERE id = ?", (not undo, number))
        return self.get(number)


def edit_notes(path: Path, work: Callable[[Notes], _Result]) -> _Result:
    """Change notes in one transaction, also while a recorder runs.

    Args:
        path: the ledger.
        work: what to change.

    Raises:
        LedgerError: as `work`, or the ledger cannot be opened.
        LedgerUnavailable: the ledger is busy.
    """
    with closing(open_for_writing(path)) as connection, transaction(connection):
        return work(Notes(connection))


def _note(row: tuple[int, str, int, str, int]) -> Note:
    number, site, day, text, is_deleted = row
    return Note(number, site, date.fromordinal(day), text, bool(is_deleted))


def _checked(day: date, text: str) -> tuple[int, str]:
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    if not line:
        raise NoteError(Phrase(ProblemCode.NOTE_EMPTY))
    if len(line) > MAX_CHARACTERS:
        raise NoteError(Phrase(ProblemCode.NOTE_TOO_LONG, {"most": MAX_CHARACTERS}))
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise NoteError(Phrase(ProblemCode.NOTE_TOO_FAR, {"first": FIRST_YEAR, "last": LAST_YEAR}))
    return day.toordinal(), line
