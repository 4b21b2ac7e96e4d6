"""What a ledger that was restored must not go on with: the one place for it. What comes to keep state elsewhere, such
as a sink at its cursor, is added to `_FORGET`.
"""  # noqa: D205 - one sentence is too short

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tictally_recorder.ledger.key_value import STATE_PREFIX

# Notes about the broker's session; they go where the session goes.
_OF_SESSION: Final = f"{STATE_PREFIX}filters"
_OF_BACKUPS: Final = f"{STATE_PREFIX}job:backup"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a ledger's recorder is to the broker.

    Attributes:
        client_id: names its session there.
        filters: note of what that session has subscribed to, or None.
    """

    client_id: str
    filters: str | None


def identity_of(ledger: Path) -> Identity | None:
    """That of a ledger, None where there is none that can be read."""
    # Opened, an empty file would lose the log that stands beside it.
    if not ledger.exists() or ledger.stat().st_size == 0:
        return None
    try:
        with closing(sqlite3.connect(f"{ledger.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            notes = dict(connection.execute("SELECT name, value FROM meta"))
    except sqlite3.Error:
        return None
    return Identity(notes["client_id"], notes.get(_OF_SESSION)) if "client_id" in notes else None


def begin_anew(connection: sqlite3.Connection, here: Identity | None) -> str | None:
    """Make a restored ledger one of this place; in a transaction.

    The client id belongs to the place and not to the data: that of the ledger which is here already stays. Where there
    is none this may be another machine while the old one still runs, and two with one id throw each other out.

    Args:
        connection: to the restored ledger.
        here: identity of the ledger that it takes the place of.

    Returns:
        The client id that was given up, None where it is the same as before.
    """
    (old,) = connection.execute("SELECT value FROM meta WHERE name = 'client_id'").fetchone()
    here = here or Identity(f"tictally-{secrets.token_hex(8)}", None)
    connection.execute("UPDATE meta SET value = ? WHERE name = 'client_id'", (here.client_id,))
    connection.execute("DELETE FROM meta WHERE name IN (?, ?)", (_OF_SESSION, _OF_BACKUPS))
    if here.filters is not None:
        connection.execute("INSERT INTO meta VALUES (?, ?)", (_OF_SESSION, here.filters))
    for forget in _FORGET:
        forget(connection)
    return old if old != here.client_id else None


def _sinks(connection: sqlite3.Connection) -> None:
    """A sink without a row begins at the beginning: what it has had need not be what this ledger says."""
    # Those that name a sink before the sinks themselves.
    tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'sink*' ORDER BY name DESC"
    for (name,) in connection.execute(tables).fetchall():
        connection.execute(f'DELETE FROM "{name}"')  # noqa: S608 - a name of the schema's


_FORGET: Final[Sequence[Callable[[sqlite3.Connection], None]]] = (_sinks,)
