"""The ledger's figures, cheap enough to be asked for every minute."""

import sqlite3

from tictally_recorder.ledger.frame_numbers import Status
from tictally_recorder.ledger.model import LedgerCounts


def count(connection: sqlite3.Connection) -> LedgerCounts:
    """The figures of what is committed."""

    def one(sql: str, *values: int) -> int:
        return int(connection.execute(sql, values).fetchone()[0])

    return LedgerCounts(
        # Every stored frame has its number for ever, also when the raw frame is gone.
        frames=one("SELECT coalesce(sum(last - first + 1), 0) FROM number WHERE status = ?", Status.STORED),
        refused=dict(connection.execute("SELECT reason, n FROM refused ORDER BY reason")),
        kept=one("SELECT count(*) FROM kept"),
        lost=one("SELECT coalesce(sum(last - first + 1), 0) FROM number WHERE status = ?", Status.LOST),
        newest_ms=dict(connection.execute("SELECT key, max(last_ms) FROM meter GROUP BY key ORDER BY key")),
        dirty=one("SELECT count(*) FROM dirty"),
        size_bytes=one("PRAGMA page_count") * one("PRAGMA page_size"),
    )
