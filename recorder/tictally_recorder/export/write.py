"""Writes tables into a folder: each appears under its name when it is whole."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from tictally_recorder.backup.write import clear_parts
from tictally_recorder.export.csv_file import write_csv
from tictally_recorder.export.errors import ExportError
from tictally_recorder.export.parquet_file import require, write_parquet
from tictally_recorder.export.tables import TABLES, Asked


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
