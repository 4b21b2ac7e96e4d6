"""Is a backup what it was when it was made? It is read as a restore would read it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from tictally_recorder.backup.errors import BackupError
from tictally_recorder.backup.file_format import Header, reading
from tictally_recorder.backup.tables import Tables


def verify(path: Path) -> Header:
    """Read every bit of it and every row in it.

    Raises:
        BackupError: it is no backup, cut short, damaged, or of a form that this program does not know.
    """
    return take_in(path, None, lambda _name, _content: None)


def take_in(path: Path, into: sqlite3.Connection | None, take_file: Callable[[str, bytes], None]) -> Header:
    """Read a backup.

    Args:
        path: of the backup.
        into: an empty database that its tables are made in, or None.
        take_file: is given each file in it, by name.

    Raises:
        BackupError: as `verify`.
        sqlite3.Error: the database cannot take it.
    """
    tables = Tables(into)
    with reading(path) as (header, records):
        try:
            for about, data in records:
                if "file" in about:
                    take_file(str(about["file"]), data)
                else:
                    tables.take(about, data)
        except BackupError as error:
            if str(path) in str(error):
                raise
            raise BackupError(f"the backup {path} is damaged: {error}") from None
    if not tables.is_complete:
        raise BackupError(f"the backup {path} is damaged: rows are missing in it")
    return header
