"""The ledger's figures and its meters' times, cheap enough to be read every minute."""

import sqlite3
from typing import Final, NamedTuple

from tictally_recorder.ledger.frame_numbers import Status
from tictally_recorder.ledger.model import LedgerCounts

# A meter that stands for imports alone has no frame.
_NEWEST: Final = """
SELECT key, max(last_ms) FROM meter JOIN site ON site.id = meter.site
WHERE ignored_ms IS NULL AND first_ms <= last_ms GROUP BY key ORDER BY key
"""


def ledger_counts(connection: sqlite3.Connection) -> LedgerCounts:
    """The figures of what is committed."""

    def scalar(sql: str, *values: int) -> int:
        return int(connection.execute(sql, values).fetchone()[0])

    numbers = "SELECT coalesce(sum(last - first + 1), 0) FROM frame_number WHERE status = ?"
    return LedgerCounts(
        # A stored frame's number stays for ever, also after retention deleted the raw frame.
        frames=scalar(numbers, Status.STORED),
        rejected=dict(connection.execute("SELECT reason, n FROM rejection ORDER BY reason")),
        deferred=scalar("SELECT count(*) FROM deferred_message"),
        lost=scalar(numbers, Status.LOST),
        ignored=scalar(numbers, Status.IGNORED),
        newest_ms=dict(connection.execute(_NEWEST)),
        dirty=scalar("SELECT count(*) FROM dirty_quarter"),
        size_bytes=scalar("PRAGMA page_count") * scalar("PRAGMA page_size"),
    )


# A meter that stands for imports alone has no frame: its first is later than its last.
_EXTENTS: Final = """
SELECT meter.id, site, key, serial, min(first_ms, coalesce(first, first_ms)), max(last_ms, coalesce(last, last_ms)),
    coalesce(last > last_ms, 0)
FROM meter LEFT JOIN (
    SELECT meter, min(first_ms) AS first, max(last_ms) AS last FROM imported_span GROUP BY meter
) AS imported ON imported.meter = meter.id
WHERE first_ms <= last_ms OR first IS NOT NULL ORDER BY 5, 1
"""


class MeterExtent(NamedTuple):
    """A meter and the times of its first and last data, milliseconds since 1970; whether imports end after frames."""

    id: int
    site: int
    key: str
    serial: str | None
    first_ms: int
    last_ms: int
    is_imported_last: int


def meter_extents(connection: sqlite3.Connection) -> list[MeterExtent]:
    """Every meter that has data, in the order of its first."""
    return [MeterExtent(*row) for row in connection.execute(_EXTENTS)]
