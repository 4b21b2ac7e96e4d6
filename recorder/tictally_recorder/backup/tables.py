"""Dumps a database's tables as records and loads them: any tables, so that any version of a ledger is covered.

    {"table": …, "sql": …, "columns": [[name, kind], …]}     kind: integer, text, blob, or quarters
    {"rows": n, "columns": […], "bytes": …}                  rows of the preceding table, by column
    {"index": …, "sql": …}
    {"end": {table: rows, …}}

A column is {"steps": […]}, the first integer and then the differences; {"values": […]};
{"base64": […]} of bytes; or {"quarters": …}, see `tictally_recorder.backup.quarter_columns`. null is itself.
"""

import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, islice, pairwise
from typing import Any, Final

from tictally_recorder.backup.file_format import BackupError
from tictally_recorder.backup.quarter_columns import pack_quarters, unpack_quarters
from tictally_recorder.ledger.meters import LabelIds
from tictally_recorder.ledger.quarter_codec import pack
from tictally_recorder.ledger.quarters import compute_quarter

# As the ledger's own retention leaves it: the whole quarter is settled.
_WHOLE: Final = b""
_SETTLED: Final = """
SELECT meter, quarter, packed FROM quarter
WHERE NOT EXISTS (
    SELECT 1 FROM dirty_quarter AS dirty WHERE dirty.meter = quarter.meter AND dirty.quarter = quarter.quarter
)
ORDER BY meter, quarter
"""


def settled_quarters(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """The rows of `quarter`, all settled; those with late frames are computed and come last."""
    for row in connection.execute(_SETTLED):
        yield (*row, _WHOLE)
    labels = LabelIds(connection)
    for meter, number in connection.execute(
        "SELECT meter, quarter FROM dirty_quarter ORDER BY meter, quarter"
    ).fetchall():
        quarter = compute_quarter(connection, labels.names, meter, number)
        if quarter is not None:
            yield meter, number, pack(quarter, labels.ids), _WHOLE


_QUARTERS: Final = ("quarter", "packed")
# Rows in one record. A blob may be 64 KiB; a quarter is some hundred bytes, and more of them compress better.
_ROWS: Final = 2048
_BLOB_ROWS: Final = 256
_QUARTER_ROWS: Final = 8192

Record = tuple[dict[str, Any], bytes]
Rows = Iterable[Sequence[Any]]
Source = Callable[[sqlite3.Connection], Rows]


def dump_tables(connection: sqlite3.Connection, instead: Mapping[str, Source]) -> Iterator[Record]:
    """The records of a database's tables and indexes.

    Args:
        connection: in a transaction, so that all of it is of one snapshot.
        instead: table → source of the rows to dump instead of its own, with the same columns.
    """
    counts: dict[str, int] = {}
    for name, sql in _definitions(connection, "table"):
        columns = _columns(connection, name)
        yield {"table": name, "sql": sql, "columns": columns}, b""
        source = instead.get(name)
        rows = iter(source(connection) if source is not None else connection.execute(f'SELECT * FROM "{name}"'))  # noqa: S608 - a name of the schema's
        counts[name] = 0
        while chunk := list(islice(rows, _rows_at_once([kind for _, kind in columns]))):
            counts[name] += len(chunk)
            yield _chunk(chunk, [kind for _, kind in columns])
    for name, sql in _definitions(connection, "index"):
        yield {"index": name, "sql": sql}, b""
    yield {"end": counts}, b""


class TableLoader:
    """Loads records into a database.

    Args:
        connection: an empty database; None only checks the records.
    """

    def __init__(self, connection: sqlite3.Connection | None) -> None:
        self._connection = connection
        self._insert = ""
        self._kinds: list[str] = []
        self._table = ""
        self._counts: dict[str, int] = {}
        self.is_complete = False

    def load(self, about: Mapping[str, Any], data: bytes) -> None:
        """Load the next record; one of an unknown kind is skipped.

        Raises:
            BackupError: it is damaged.
            sqlite3.Error: the database cannot take it.
        """
        if "table" in about:
            self._begin(str(about["table"]), about["columns"])
            self._make("CREATE TABLE ", about["sql"])
        elif "rows" in about:
            self._put(_rows(about, self._kinds, data), int(about["rows"]))
        elif "index" in about:
            self._make("CREATE INDEX ", about["sql"])
        elif "end" in about:
            self.is_complete = about["end"] == self._counts

    def _begin(self, name: str, columns: Sequence[Sequence[str]]) -> None:
        self._table = name
        self._counts[name] = 0
        self._kinds = [kind for _, kind in columns]
        self._insert = f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(columns))})'  # noqa: S608

    def _make(self, begins: str, sql: str) -> None:
        # A file from elsewhere must not run any other statement.
        if not sql.startswith(begins):
            raise BackupError(f"it would run another statement than CREATE: {sql[:40]!r}")
        if self._connection is not None:
            self._connection.execute(sql)

    def _put(self, rows: list[tuple[Any, ...]], expected: int) -> None:
        if len(rows) != expected:
            raise BackupError(f"rows of its table {self._table} are missing")
        self._counts[self._table] += len(rows)
        if self._connection is not None:
            self._connection.executemany(self._insert, rows)


def _definitions(connection: sqlite3.Connection, kind: str) -> list[tuple[str, str]]:
    select = "SELECT name, sql FROM sqlite_schema WHERE type = ? AND sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
    return connection.execute(select, (kind,)).fetchall()


def _columns(connection: sqlite3.Connection, table: str) -> list[list[str]]:
    columns = connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall()
    return [[name, "quarters" if (table, name) == _QUARTERS else str(of_type).lower()] for name, of_type in columns]


def _rows_at_once(kinds: Sequence[str]) -> int:
    if "quarters" in kinds:
        return _QUARTER_ROWS
    return _BLOB_ROWS if "blob" in kinds else _ROWS


def _chunk(rows: Sequence[Sequence[Any]], kinds: Sequence[str]) -> Record:
    data = b""
    columns: list[dict[str, Any]] = []
    for kind, column in zip(kinds, zip(*rows, strict=True), strict=True):
        if kind == "quarters":
            about, data = pack_quarters(column)
            columns.append({"quarters": about})
        elif kind == "blob":
            columns.append({"base64": [None if each is None else b64encode(each).decode() for each in column]})
        elif kind == "integer" and None not in column:
            columns.append({"steps": [column[0], *(after - before for before, after in pairwise(column))]})
        else:
            columns.append({"values": column})
    return {"rows": len(rows), "columns": columns}, data


def _rows(about: Mapping[str, Any], kinds: Sequence[str], data: bytes) -> list[tuple[Any, ...]]:
    try:
        columns = [_column(column, data) for _, column in zip(kinds, about["columns"], strict=True)]
        return list(zip(*columns, strict=True))
    except (KeyError, TypeError, ValueError):
        raise BackupError("a table's rows cannot be read") from None


def _column(column: Mapping[str, Any], data: bytes) -> Sequence[Any]:
    if "quarters" in column:
        return unpack_quarters(column["quarters"], data)
    if "base64" in column:
        return [None if each is None else b64decode(each) for each in column["base64"]]
    if "steps" in column:
        return list(accumulate(column["steps"]))
    values: Sequence[Any] = column["values"]
    return values
