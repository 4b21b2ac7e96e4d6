"""Writes tables into a folder: each file appears when it is complete."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from tictally_recorder.csv_writer import write_csv
from tictally_recorder.export.parquet_file import require, write_parquet
from tictally_recorder.export.tables import TABLES, ExportError, ExportQuery
from tictally_recorder.problem import ProblemCode
from tictally_shared.phrase import Phrase
from tictally_shared.runtime.atomic_file import remove_stale_parts, replacement_path


class Format(StrEnum):
    """The file format of a table."""

    CSV = "csv"
    PARQUET = "parquet"


def export(query: ExportQuery, names: Sequence[str], to: Format, folder: Path) -> Iterator[tuple[Path, int]]:
    """Write tables, all of one snapshot; yields each file when it is complete, with its number of rows.

    Args:
        query: what to export.
        names: of tables.
        to: the file format.
        folder: created if it is missing; existing files of these tables are replaced.

    Raises:
        ExportError: it cannot be written.
        LedgerError: the ledger cannot be read.
    """
    if to is Format.PARQUET:
        require()
    if not folder.parent.is_dir():
        raise ExportError(
            Phrase(ProblemCode.EXPORT_FOLDER_MISSING, {"folder": str(folder.parent), "name": folder.name})
        )
    if folder.exists() and not folder.is_dir():
        raise ExportError(Phrase(ProblemCode.EXPORT_INTO_FILE, {"path": str(folder)}))
    try:
        folder.mkdir(exist_ok=True)
        for each in (f"{name}.{suffix}" for name in TABLES for suffix in Format):
            remove_stale_parts(folder, each)
        with query.reader.snapshot():
            for name in names:
                path = folder / f"{name}.{to}"
                yield path, _write(query, name, to, path)
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error.strerror or error}") from None


def _write(query: ExportQuery, name: str, to: Format, path: Path) -> int:
    table = TABLES[name]
    with replacement_path(path) as part:
        if to is Format.PARQUET:
            return write_parquet(part, table, table.rows(query))
        with part.open("x", encoding="utf-8", newline="") as file:
            return write_csv(file, (column.name for column in table.columns), table.rows(query))
