"""Outdoor temperatures by the hour: of imports, of a sensor, and of the weather service for the recorder's place."""

import sqlite3
from collections.abc import Mapping
from typing import Final

HOUR_MS: Final = 3_600_000

_OF_SERVICE: Final = "SELECT hour, centidegrees FROM temperature WHERE hour >= ? AND hour < ?"
_MEASURED: Final = "SELECT hour, centidegrees FROM measured_temperature WHERE hour >= ? AND hour < ?"
_OF_IMPORTS: Final = """
SELECT hour, centidegrees FROM imported_temperature JOIN import_file ON import_file.id = file
JOIN import_run ON import_run.id = run WHERE site = ? AND hour >= ? AND hour < ? ORDER BY run, import_file.id
"""
_CHANGED: Final = """
INSERT INTO temperature (hour, centidegrees) VALUES (?, ?)
ON CONFLICT (hour) DO UPDATE SET centidegrees = excluded.centidegrees WHERE centidegrees <> excluded.centidegrees
"""


def put_temperatures(connection: sqlite3.Connection, temperatures: Mapping[int, int]) -> int:
    """Store the service's, in a transaction; returns how many changed."""
    before = connection.total_changes
    connection.executemany(_CHANGED, sorted(temperatures.items()))
    return connection.total_changes - before


def put_measured(connection: sqlite3.Connection, means: Mapping[int, int]) -> None:
    """Store hourly means of the sensor, in a transaction; of an hour that is stored twice the later one counts."""
    connection.executemany("INSERT OR REPLACE INTO measured_temperature VALUES (?, ?)", sorted(means.items()))


def put_imported(connection: sqlite3.Connection, file: int, temperatures: Mapping[int, int]) -> None:
    """Store those of an imported file, in a transaction."""
    rows = ((file, hour, value) for hour, value in sorted(temperatures.items()))
    connection.executemany("INSERT INTO imported_temperature VALUES (?, ?, ?)", rows)


def temperatures_between(
    connection: sqlite3.Connection, site: int | None, start_ms: int, end_ms: int
) -> dict[int, int]:
    """Milliseconds of the hour → hundredths of a degree.

    Imports of a site come before the sensor, later ones before earlier; the weather service last.
    """
    hours = -(-start_ms // HOUR_MS), -(-end_ms // HOUR_MS)
    found = dict(connection.execute(_OF_SERVICE, hours))
    found.update(connection.execute(_MEASURED, hours))
    if site is not None:
        found.update(connection.execute(_OF_IMPORTS, (site, *hours)))
    return {hour * HOUR_MS: found[hour] for hour in sorted(found)}
