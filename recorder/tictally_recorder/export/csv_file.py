"""A table as CSV: UTF-8, a header, true and false in lower case, nothing where there is no value."""

import csv
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from tictally_recorder.export.columns import Row, Value
from tictally_recorder.export.tables import Table


def write_csv(path: Path, table: Table, rows: Iterable[Row]) -> int:
    """Write it; how many rows there were.

    Raises:
        OSError: it cannot be written.
    """
    n = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(column.name for column in table.columns)
        for row in rows:
            writer.writerow(map(_text, row))
            n += 1
    return n


def _text(value: Value) -> str | int | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if value is None or isinstance(value, str | int) else value.isoformat()
