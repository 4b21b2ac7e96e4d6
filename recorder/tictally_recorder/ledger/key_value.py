"""Notes that the recorder keeps for itself in its ledger, by name."""

import sqlite3
from typing import Final

_NOTE: Final = "note:"


def note(connection: sqlite3.Connection, name: str) -> str | None:
    """A note, or None."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (_NOTE + name,)).fetchone()
    return None if row is None else str(row[0])


def put_note(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Keep a note; in a transaction."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_NOTE + name, value))
