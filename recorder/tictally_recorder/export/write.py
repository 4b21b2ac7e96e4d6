"""Writes tables into a folder: each appears under its name when it is whole."""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from tictally_recorder.backup.create import clear_parts
from tictally_recorder.export.errors import ExportError
from tictally_recorder.export.parquet_file import require, write_parquet
from tictally_recorder.export.tables import TABLES, Asked, Row, Table, Value


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


class Format(StrEnum):
    """How a table is written."""

    CSV = "csv"
    PARQUET = "parquet"


def export(asked: Asked, names: Sequence[str], to: Format, folder: Path) -> Iterator[tuple[Path, int]]:
    """Write tables, all of one moment; each as it is done, with how many rows it has.

    Args:
        asked: what is to be told.
        names: of tables.
        to: how.
        folder: made where it is missing; tables of these names that are there already are replaced.

    Raises:
        ExportError: it cannot be written.
        LedgerError: the ledger cannot be read.
    """
    if to is Format.PARQUET:
        require()
    try:
        folder.mkdir(exist_ok=True)
        for each in (f"{name}.{form}" for name in TABLES for form in Format):
            clear_parts(folder, f".{each}.")
        with asked.reader.snapshot():
            for name in names:
                path = folder / f"{name}.{to}"
                yield path, _write(asked, name, to, path)
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error.strerror or error}") from None


def _write(asked: Asked, name: str, to: Format, path: Path) -> int:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    table = TABLES[name]
    write = write_csv if to is Format.CSV else write_parquet
    try:
        n = write(part, table, table.rows(asked))
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return n
