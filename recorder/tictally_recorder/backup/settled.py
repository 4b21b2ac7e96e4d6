"""Quarters as they are when no raw frames stand beside them."""

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from tictally_recorder.ledger.names import LabelNames
from tictally_recorder.ledger.packing import pack
from tictally_recorder.ledger.quarters import compute

# As the ledger's own pruning leaves it: all that packed holds is settled.
_WHOLE: Final = b""
_QUARTERS: Final = """
SELECT meter, quarter, packed FROM quarter
WHERE NOT EXISTS (SELECT 1 FROM dirty WHERE dirty.meter = quarter.meter AND dirty.quarter = quarter.quarter)
ORDER BY meter, quarter
"""


def settled_quarters(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """The rows of `quarter`, in which raw frames are wholly taken in; those that late frames touched come last."""
    for row in connection.execute(_QUARTERS):
        yield (*row, _WHOLE)
    labels = LabelNames(connection)
    for meter, number in connection.execute("SELECT meter, quarter FROM dirty ORDER BY meter, quarter").fetchall():
        quarter = compute(connection, labels.names, meter, number)
        if quarter is not None:
            yield meter, number, pack(quarter, labels.ids), _WHOLE
