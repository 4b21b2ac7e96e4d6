"""The ledger's figures, cheap enough to be read every minute."""

import sqlite3
from typing import Final

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
