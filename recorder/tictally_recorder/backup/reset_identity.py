"""Resets the state of a restored ledger that belongs to its old place.

Whatever keeps state outside of the ledger, such as a sink at its cursor, adds its reset to `_RESETS`.
"""

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tictally_recorder.ledger.connection import STATE_PREFIX

# The topic filters that the broker's session is subscribed to.
_SESSION_FILTERS: Final = f"{STATE_PREFIX}filters"
_BACKUP_STATE: Final = f"{STATE_PREFIX}job:backup"
# The names under which the recorder was on its broker: elsewhere they may be another's.
_HUB_NAMES: Final = f"{STATE_PREFIX}hub-names"


@dataclass(frozen=True, slots=True)
class LedgerIdentity:
    """The identity of a ledger's recorder at the broker.

    Attributes:
        client_id: MQTT client id of its session.
        filters: topic filters of that session, or None.
    """

    client_id: str
    filters: str | None


def identity_of(ledger: Path) -> LedgerIdentity | None:
    """The identity in a ledger; None if there is no readable one."""
    # Opening an empty file would delete the log beside it.
    if not ledger.exists() or ledger.stat().st_size == 0:
        return None
    try:
        with closing(sqlite3.connect(f"{ledger.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            values = dict(connection.execute("SELECT name, value FROM meta"))
    except sqlite3.Error:
        return None
    return LedgerIdentity(values["client_id"], values.get(_SESSION_FILTERS)) if "client_id" in values else None


def reset_identity(connection: sqlite3.Connection, replaced: LedgerIdentity | None) -> str | None:
    """Give a restored ledger the identity of its place; in a transaction.

    The client id belongs to the place and not to the data: that of the replaced ledger stays. Where there is none this
    may be another machine while the old one still runs, and two clients with one id disconnect each other.

    Args:
        connection: to the restored ledger.
        replaced: identity of the ledger that it replaces.

    Returns:
        The backup's client id, None if it is the same as before.
    """
    (old,) = connection.execute("SELECT value FROM meta WHERE name = 'client_id'").fetchone()
    new = replaced or LedgerIdentity(f"tictally-{secrets.token_hex(8)}", None)
    connection.execute("UPDATE meta SET value = ? WHERE name = 'client_id'", (new.client_id,))
    connection.execute("DELETE FROM meta WHERE name IN (?, ?, ?)", (_SESSION_FILTERS, _BACKUP_STATE, _HUB_NAMES))
    if new.filters is not None:
        connection.execute("INSERT INTO meta VALUES (?, ?)", (_SESSION_FILTERS, new.filters))
    for reset in _RESETS:
        reset(connection)
    return old if old != new.client_id else None


def _reset_sinks(connection: sqlite3.Connection) -> None:
    """Sinks without a row start from the beginning: what they have need not match this ledger."""
    # Tables that reference a sink before the sinks themselves.
    tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'sink*' ORDER BY name DESC"
    for (name,) in connection.execute(tables).fetchall():
        connection.execute(f'DELETE FROM "{name}"')  # noqa: S608 - a name of the schema's


_RESETS: Final[Sequence[Callable[[sqlite3.Connection], None]]] = (_reset_sinks,)
