"""From when to when each meter has data: frames, and imports beyond them."""

import sqlite3
from typing import Final, NamedTuple

# A meter that stands for imports alone has no frame: its first is later than its last.
_EXTENTS: Final = """
SELECT meter.id, site, key, serial, min(first_ms, coalesce(first, first_ms)), max(last_ms, coalesce(last, last_ms))
FROM meter LEFT JOIN (
    SELECT meter, min(first_ms) AS first, max(last_ms) AS last FROM imported_span GROUP BY meter
) AS imported ON imported.meter = meter.id
WHERE first_ms <= last_ms OR first IS NOT NULL ORDER BY 5, 1
"""


class MeterExtent(NamedTuple):
    """A meter and the times of its first and last data, milliseconds since 1970."""

    id: int
    site: int
    key: str
    serial: str | None
    first_ms: int
    last_ms: int


def meter_extents(connection: sqlite3.Connection) -> list[MeterExtent]:
    """Every meter that has data, in the order of its first."""
    return [MeterExtent(*row) for row in connection.execute(_EXTENTS)]
