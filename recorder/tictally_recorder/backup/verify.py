"""Verifies a backup: reads it as a restore does, without writing anything."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from tictally_recorder.backup.file_format import BackupError, Header, reading
from tictally_recorder.backup.tables import TableLoader


def verify(path: Path) -> Header:
    """Read a backup completely: its checksum and every row.

    Raises:
        BackupError: it is not a backup, truncated, damaged, or of a format that this program does not know.
    """
    return read_backup(path, None, lambda _name, _content: None)


def read_backup(path: Path, into: sqlite3.Connection | None, take_file: Callable[[str, bytes], None]) -> Header:
    """Read a backup.

    Args:
        path: of the backup.
        into: an empty database to create its tables in, or None.
        take_file: called with the name and the content of each file in it.

    Raises:
        BackupError: as `verify`.
        sqlite3.Error: the database cannot take it.
    """
    tables = TableLoader(into)
    with reading(path) as (header, records):
        try:
            for about, data in records:
                if "file" in about:
                    take_file(str(about["file"]), data)
                else:
                    tables.load(about, data)
        except BackupError as error:
            if str(path) in str(error):
                raise
            raise BackupError(f"the backup {path} is damaged: {error}") from None
    if not tables.is_complete:
        raise BackupError(f"the backup {path} is damaged: rows are missing in it")
    return header
