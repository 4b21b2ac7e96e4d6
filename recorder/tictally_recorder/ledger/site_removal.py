"""Deletes a site with all that was recorded of it, a part at a time, so that a recorder that runs is never held up."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from tictally_recorder.ledger.connection import open_for_writing, require, transaction
from tictally_recorder.ledger.errors import LedgerUnavailable
from tictally_recorder.ledger.sites import find_site, note_change

_ROWS_AT_ONCE: Final = 5000
_OF_METERS: Final = (
    *("frame", "quarter", "dirty_quarter", "text_change", "label_seen", "invalidated", "standby", "daily_maximum"),
    "voltage_mean",
    *("sink_quarter", "meter_edge", "imported_quarter", "imported_span", "imported_break", "imported_range"),
)
_METERS: Final = "meter IN (SELECT id FROM meter WHERE site = ?)"
_OF_SITE: Final = ("cost", "cost_day", "consumption_day", "sink_cost", "dirty_import", "note")
_OBSERVATIONS: Final = ("register_reading", "interval_energy", "imported_temperature")
_FILES: Final = "file IN (SELECT import_file.id FROM import_file JOIN import_run ON import_run.id = run WHERE site = ?)"
_RUNS: Final = "run IN (SELECT id FROM import_run WHERE site = ?)"
# What refers to other tables comes before them.
_TABLES: Final = (
    *((_OF_METERS, _METERS), (_OF_SITE, "site = ?"), (_OBSERVATIONS, _FILES)),
    *((("import_file",), _RUNS), (("import_run",), "site = ?")),
)
# An edge that has read no other meter goes as well, with its frame numbers.
_IDLE_BOOTS: Final = """
SELECT boot.id FROM boot WHERE edge IN (SELECT value FROM json_each(?))
    AND NOT EXISTS (SELECT 1 FROM meter_edge WHERE meter_edge.edge = boot.edge)
"""
_ATTEMPTS: Final = 30
_PAUSE_S: Final = 0.2


def remove_site(path: Path, name: str, pause: Callable[[float], object] = time.sleep) -> str:
    """Delete a site. It is ignored from the first step on: where this is interrupted, the same call goes on.

    Args:
        path: the ledger.
        name: id of the site, or the key of one of its meters.
        pause: waits for some seconds while the ledger is busy.

    Returns:
        The site's id.

    Raises:
        LedgerError: it is unknown.
        LedgerUnavailable: the ledger is busy for longer than some seconds.
    """
    require(path)
    with closing(open_for_writing(path)) as connection:
        with transaction(connection):
            site, site_name = find_site(connection, name)
            note_change(connection)
            connection.execute("UPDATE site SET ignored_ms = coalesce(ignored_ms, 0) WHERE id = ?", (site,))
        edges = [
            edge
            for (edge,) in connection.execute(f"SELECT DISTINCT edge FROM meter_edge WHERE {_METERS}", (site,))  # noqa: S608 - text of ours
        ]
        for tables, where in _TABLES:
            for table in tables:
                _delete(connection, table, where, site, pause)
        _retrying(lambda: _finish(connection, site, edges), pause)
    return site_name


def _delete(
    connection: sqlite3.Connection, table: str, where: str, site: int, pause: Callable[[float], object]
) -> None:
    """Delete rows of a site, so many in one transaction; of tables without rowid by the columns of their key."""
    columns = ", ".join(name for _, name, *_, key in connection.execute(f"PRAGMA table_info({table})") if key)
    some = f"SELECT {columns} FROM {table} WHERE {where} LIMIT {_ROWS_AT_ONCE}"  # noqa: S608 - names of ours
    delete = f"DELETE FROM {table} WHERE ({columns}) IN ({some})"  # noqa: S608 - names of ours

    def part() -> int:
        with transaction(connection):
            return connection.execute(delete, (site,)).rowcount

    while _retrying(part, pause) >= _ROWS_AT_ONCE:
        pause(0)


def _finish(connection: sqlite3.Connection, site: int, edges: list[int]) -> int:
    """Delete what the rows hung on, after what the recorder may have computed meanwhile."""
    with transaction(connection):
        for tables, where in _TABLES:
            for table in tables:
                connection.execute(f"DELETE FROM {table} WHERE {where}", (site,))  # noqa: S608 - names of ours
        note_change(connection)
        connection.execute("DELETE FROM meter WHERE site = ?", (site,))
        connection.execute("DELETE FROM site WHERE id = ?", (site,))
        listed = "[" + ",".join(map(str, edges)) + "]"
        boots = [boot for (boot,) in connection.execute(_IDLE_BOOTS, (listed,))]
        for table in ("frame_number", "lost_range"):
            connection.executemany(f"DELETE FROM {table} WHERE boot = ?", [(boot,) for boot in boots])  # noqa: S608 - names of ours
        connection.executemany("DELETE FROM boot WHERE id = ?", [(boot,) for boot in boots])
        connection.execute(
            "DELETE FROM edge WHERE id IN (SELECT value FROM json_each(?)) "
            "AND NOT EXISTS (SELECT 1 FROM boot WHERE edge = edge.id)",
            (listed,),
        )
        return 0


def _retrying(work: Callable[[], int], pause: Callable[[float], object]) -> int:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return work()
        except LedgerUnavailable:
            if attempt == _ATTEMPTS:
                raise
            pause(_PAUSE_S)
    raise AssertionError  # pragma: no cover - the last attempt returns or raises
