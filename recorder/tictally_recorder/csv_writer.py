"""The CSV of commands, API answers and exports: line feeds, and no cell that a spreadsheet runs as a formula."""

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, TextIO

_FORMULA_STARTS: Final = frozenset("=+-@\t\r")
# A plain number, or the dashes that a meter sends for "none".
_HARMLESS: Final = re.compile(r"[+-]?\d+(\.\d+)?|-+", re.ASCII)


def write_csv(file: TextIO, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> int:
    """Write a header and rows; returns how many rows there were.

    Booleans are `true` and `false`, None is an empty cell, dates and times are ISO 8601, decimals are written without
    exponent, lists and objects as JSON. Line breaks inside of a string are line feeds. A string that a spreadsheet
    would run as a formula gets an apostrophe in front.

    Args:
        file: text, opened with `newline=""`.
        columns: the header.
        rows: a value for each column.

    Raises:
        OSError: it cannot be written.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    n = 0
    for row in rows:
        writer.writerow(map(_cell, row))
        n += 1
    return n


def csv_text(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A header and rows as a string, see `write_csv`; it ends with a line feed."""
    file = io.StringIO()
    write_csv(file, columns, rows)
    return file.getvalue()


def _cell(value: object) -> object:
    match value:
        case str():
            # The csv module quotes no carriage return where lines end in a line feed.
            text = value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value
            return f"'{text}" if value[:1] in _FORMULA_STARTS and not _HARMLESS.fullmatch(value) else text
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case date():  # a datetime is one too
            return value.isoformat()
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return value
