"""The content of a ledger: its raw frames, its quarters, and counts of messages it did not store."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tictally_recorder.ledger import LedgerReader, Quarter
from tictally_recorder.ledger.frame_codec import decode_body
from tictally_recorder.ledger.frame_numbers import Status

_FRAMES: Final = """
SELECT edge.name, boot.boot, seq, time_ms, meter.id, meter.key, mode, body
FROM frame JOIN boot ON boot.id = frame.boot JOIN edge ON edge.id = boot.edge JOIN meter ON meter.id = frame.meter
ORDER BY time_ms, boot.boot, edge.name, seq
"""
_LOST: Final = """
SELECT edge.name, sum(last - first + 1) FROM frame_number
JOIN boot ON boot.id = frame_number.boot JOIN edge ON edge.id = boot.edge
WHERE status = ? GROUP BY edge.name
"""
_FOR_EVER: Final = 1 << 48


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A raw frame."""

    edge: str
    boot: str
    seq: int
    time_ms: int
    meter_id: int
    meter: str
    mode: str
    values: dict[str, int | str]
    dated: dict[str, str]

    def __str__(self) -> str:
        return f"{self.edge} {self.boot[:4]}/{self.seq}"


@dataclass(frozen=True, slots=True)
class LedgerContent:
    """A ledger's content.

    Attributes:
        frames: in the order in which quarters are computed from them.
        quarters: all of them, in order for each meter.
        unprocessed: messages that were rejected or deferred.
        lost: edge → frames recorded as lost.
    """

    frames: list[StoredFrame]
    quarters: list[Quarter]
    unprocessed: int
    lost: dict[str, int]


def read_ledger(path: Path) -> LedgerContent:
    """Read everything, as of one moment.

    Raises:
        LedgerError: it cannot be read.
        sqlite3.Error: likewise.
    """
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        rows = connection.execute(_FRAMES).fetchall()
        lost = dict(connection.execute(_LOST, (Status.LOST,)).fetchall())
    finally:
        connection.close()
    frames = [_stored_frame(row) for row in rows]
    with LedgerReader.open(path) as reader, reader.snapshot():
        counts = reader.counts()
        meters = sorted({frame.meter_id for frame in frames})
        quarters = [each for meter in meters for each in reader.quarters(meter, 0, _FOR_EVER)]
    return LedgerContent(frames, quarters, counts.deferred + sum(counts.rejected.values()), lost)


def _stored_frame(row: tuple[str, str, int, int, int, str, str, bytes]) -> StoredFrame:
    edge, boot, seq, time_ms, meter_id, meter, mode, body = row
    values, dated = decode_body(body)
    return StoredFrame(edge, boot, seq, time_ms, meter_id, meter, mode, values, dated)
