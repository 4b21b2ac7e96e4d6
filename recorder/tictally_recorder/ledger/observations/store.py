"""Stores import runs and their observations; every call is inside a transaction."""

import sqlite3
from collections.abc import Iterator, Sequence

from tictally_recorder.ledger.meters import LabelIds
from tictally_recorder.ledger.observations.derive import Rank
from tictally_recorder.ledger.observations.model import (
    ImportedFile,
    ImportRun,
    IntervalEnergy,
    Observation,
    ObservedFile,
    RegisterReading,
)
from tictally_recorder.ledger.temperatures import put_imported

_READINGS = """
SELECT run, hash, label.name, time_ms, wh FROM register_reading JOIN import_file ON import_file.id = file
JOIN import_run ON import_run.id = run JOIN label ON label.id = label WHERE site = ?
"""
_ENERGIES = """
SELECT run, hash, label.name, start_ms, end_ms, watt_minutes, integrated FROM interval_energy
JOIN import_file ON import_file.id = file JOIN import_run ON import_run.id = run JOIN label ON label.id = label
WHERE site = ?
"""
_OF_FILE = (
    """
SELECT label.name, time_ms, wh FROM register_reading JOIN label ON label.id = label
WHERE file = ? AND time_ms >= ? AND time_ms < ? ORDER BY label, time_ms
""",
    """
SELECT label.name, start_ms, end_ms, watt_minutes, integrated FROM interval_energy JOIN label ON label.id = label
WHERE file = ? AND end_ms > ? AND start_ms < ? ORDER BY label, start_ms, end_ms
""",
)
_FILES = """
SELECT run, importer, import_file.name, hash, delivery_point,
    (SELECT count(*) FROM register_reading WHERE file = import_file.id),
    (SELECT count(*) FROM interval_energy WHERE file = import_file.id), first_ms, last_ms
FROM import_file ORDER BY import_file.id
"""
_INSERT_FILE = """
INSERT INTO import_file (run, importer, name, hash, delivery_point, first_ms, last_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
RETURNING id
"""
_EXTENT = """
SELECT min(first_ms), max(last_ms) FROM import_file JOIN import_run ON import_run.id = run WHERE site = ?
"""


def put_run(
    connection: sqlite3.Connection, labels: LabelIds, site_id: int, imported_ms: int, files: Sequence[ObservedFile]
) -> int:
    """Store a run; returns its number."""
    insert = "INSERT INTO import_run (site, imported_ms) VALUES (?, ?) RETURNING id"
    ((run,),) = connection.execute(insert, (site_id, imported_ms)).fetchall()
    for file in files:
        readings = [each for each in file.observations if isinstance(each, RegisterReading)]
        energies = [each for each in file.observations if isinstance(each, IntervalEnergy)]
        row = (run, file.importer, file.name, file.hash, file.delivery_point, file.first_ms, file.last_ms)
        ((file_id,),) = connection.execute(_INSERT_FILE, row).fetchall()
        connection.executemany(
            "INSERT INTO register_reading VALUES (?, ?, ?, ?)",
            ((file_id, labels.id(each.register), each.time_ms, each.wh) for each in readings),
        )
        connection.executemany(
            "INSERT INTO interval_energy VALUES (?, ?, ?, ?, ?, ?)",
            (
                (file_id, labels.id(each.register), each.start_ms, each.end_ms, each.watt_minutes, each.is_integrated)
                for each in energies
            ),
        )
        put_imported(connection, file_id, file.temperatures)
    return int(run)


def delete_run(connection: sqlite3.Connection, run: int) -> None:
    """Delete a run with its observations."""
    for table in ("register_reading", "interval_energy", "imported_temperature"):
        delete = f"DELETE FROM {table} WHERE file IN (SELECT id FROM import_file WHERE run = ?)"  # noqa: S608 - names of ours
        connection.execute(delete, (run,))
    connection.execute("DELETE FROM import_file WHERE run = ?", (run,))
    connection.execute("DELETE FROM import_run WHERE id = ?", (run,))


def observations(connection: sqlite3.Connection, site_id: int) -> Iterator[tuple[Rank, Observation]]:
    """Every observation of a site with its rank."""
    for run, digest, register, time_ms, wh in connection.execute(_READINGS, (site_id,)):
        yield (run, digest), RegisterReading(register, time_ms, wh)
    for run, digest, register, start_ms, end_ms, energy, integrated in connection.execute(_ENERGIES, (site_id,)):
        yield (run, digest), IntervalEnergy(register, start_ms, end_ms, energy, bool(integrated))


def observations_between(
    connection: sqlite3.Connection, site_id: int, start_ms: int, end_ms: int
) -> Iterator[tuple[int, str, str, Observation]]:
    """Run, importer, file and observation, in order of run, file, register and time; an energy where it has a share."""
    select = "SELECT import_file.id, run, importer, name FROM import_file JOIN import_run ON import_run.id = run"
    for file, run, importer, name in connection.execute(f"{select} WHERE site = ? ORDER BY 1", (site_id,)).fetchall():
        for register, time_ms, wh in connection.execute(_OF_FILE[0], (file, start_ms, end_ms)):
            yield run, importer, name, RegisterReading(register, time_ms, wh)
        for row in connection.execute(_OF_FILE[1], (file, start_ms, end_ms)):
            register, since_ms, until_ms, energy, integrated = row
            yield run, importer, name, IntervalEnergy(register, since_ms, until_ms, energy, bool(integrated))


def extent(connection: sqlite3.Connection, site_id: int) -> tuple[int, int] | None:
    """The start of a site's oldest observation and the end of its newest; None if it has none."""
    first_ms, last_ms = connection.execute(_EXTENT, (site_id,)).fetchone()
    return None if first_ms is None else (first_ms, last_ms)


def import_runs(connection: sqlite3.Connection) -> list[ImportRun]:
    """Every run, the oldest first."""
    files: dict[int, list[ImportedFile]] = {}
    for run, *fields in connection.execute(_FILES):
        files.setdefault(run, []).append(ImportedFile(*fields))
    select = "SELECT import_run.id, site.name, imported_ms FROM import_run JOIN site ON site.id = site ORDER BY 1"
    return [
        ImportRun(run, site, imported_ms, tuple(files[run])) for run, site, imported_ms in connection.execute(select)
    ]
