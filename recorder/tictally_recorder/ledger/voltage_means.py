"""The ten-minute means of the voltage that a meter reports, for ever: a quarter-hour has its first and last alone."""

import json
import sqlite3
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from tictally_shared.frames import Frame

TEN_MINUTES_MS: Final = 600_000
_PHASES: Final = (1, 2, 3)
_LABELS: Final = tuple(f"UMOY{phase}" for phase in _PHASES)
_PUT: Final = {
    label: f"INSERT INTO voltage_mean (meter, number, volts_{phase}) VALUES (?, ?, ?) "  # noqa: S608 - names of ours
    f"ON CONFLICT DO UPDATE SET volts_{phase} = excluded.volts_{phase}"
    for phase, label in zip(_PHASES, _LABELS, strict=True)
}
_BETWEEN: Final = """
SELECT number, volts_1, volts_2, volts_3 FROM voltage_mean
WHERE meter IN (SELECT value FROM json_each(?)) AND number > ? AND number <= ? ORDER BY number, meter
"""
# The meter's clock may be some minutes off; one that is wrong by hours dates nothing.
_EARLY_MS: Final = 5 * 60_000
_LATE_MS: Final = TEN_MINUTES_MS + _EARLY_MS


class VoltageMean(NamedTuple):
    """The mean voltages of ten minutes.

    Attributes:
        start_ms: their start, milliseconds since 1970.
        volts: of phases 1, 2 and 3; None where the meter reports none.
    """

    start_ms: int
    volts: tuple[int | None, int | None, int | None]


class VoltageMeans:
    """Stores the means of frames, in a transaction.

    Args:
        connection: of the ledger.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._latest: dict[tuple[int, str], tuple[object, str]] = {}

    def add(self, meter_id: int, frame: Frame) -> None:
        """Store the means that a frame reports (UMOY1-3), where they are new. Source: Enedis-NOI-CPT_54E §6.2."""
        for label in _LABELS:
            volts, horodate = frame.values.get(label), frame.dated.get(label)
            if (
                not isinstance(volts, int)
                or horodate is None
                or self._latest.get((meter_id, label)) == (volts, horodate)
            ):
                continue
            self._latest[meter_id, label] = volts, horodate
            try:
                end_ms = int(datetime.fromisoformat(horodate).timestamp()) * 1000
            except (ValueError, OverflowError):  # written as a time, and none: 30 February
                continue
            if frame.time_ms - _LATE_MS < end_ms <= frame.time_ms + _EARLY_MS:
                self._connection.execute(_PUT[label], (meter_id, end_ms // TEN_MINUTES_MS, volts))


def means_between(
    connection: sqlite3.Connection, meter_ids: Collection[int], start_ms: int, end_ms: int
) -> Iterator[VoltageMean]:
    """The means of some meters over the ten minutes that start in [start_ms, end_ms), by time."""
    bounds = -(-start_ms // TEN_MINUTES_MS), -(-end_ms // TEN_MINUTES_MS)
    for number, *volts in connection.execute(_BETWEEN, (json.dumps(list(meter_ids)), *bounds)):
        yield VoltageMean((number - 1) * TEN_MINUTES_MS, (volts[0], volts[1], volts[2]))
