"""The recorder's own small state in its ledger, by name."""

import sqlite3
from typing import Final

STATE_PREFIX: Final = "state:"


def get_value(connection: sqlite3.Connection, name: str) -> str | None:
    """The value stored under a name, or None."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (STATE_PREFIX + name,)).fetchone()
    return None if row is None else str(row[0])


def put_value(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Store a value under a name; in a transaction."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (STATE_PREFIX + name, value))
