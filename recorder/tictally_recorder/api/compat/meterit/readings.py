"""Stored readings of stations: the raw ones of the last two days, and the mean of each quarter-hour before."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from tictally_recorder.api.compat.meterit.integrator import MILLIWATTS, Integrator, meter_of
from tictally_recorder.ledger import INTEGRATED_EDGE, LedgerReader, Meter, Quarter
from tictally_shared.calendar import QUARTER_MS

STATE_KEY: Final = "http-readings"
"""The name of the value that has the integrator's state."""
_POWER: Final = "SINSTS"
_MILLI: Final = 1000
_METERS: Final = 1024


@dataclass(frozen=True, slots=True)
class StoredReading:
    """A reading, or the mean of those of a quarter-hour.

    Attributes:
        meter_id: in the ledger.
        station: its id.
        time_ms: in milliseconds since 1970; of a quarter-hour, its start.
        milliwatts: power.
    """

    meter_id: int
    station: str
    time_ms: int
    milliwatts: int

    @property
    def id(self) -> int:
        """A number that no other reading has, higher for a later one, and exact also in JavaScript."""
        return self.time_ms * _METERS + self.meter_id % _METERS


def stored_readings(reader: LedgerReader, limit: int, offset: int) -> list[StoredReading]:
    """Readings of all stations, newest first.

    Args:
        reader: the ledger.
        limit: maximum number.
        offset: how many of the newest to leave out.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    stations = {meter_of(station): station for station in Integrator.restore(reader.get_value(STATE_KEY), str).stations}
    integrated = reader.meters_of_edge(INTEGRATED_EDGE)
    meters = {
        meter.id: meter
        for site in reader.sites()
        for meter in site.meters
        if meter.id in integrated and meter.key in stations
    }
    with reader.snapshot():
        found = [
            StoredReading(meter_id, stations[meters[meter_id].key], time_ms, int(values.get(MILLIWATTS, 0)))
            for meter_id, time_ms, values in reader.latest_frames(meters, limit, offset)
        ]
        if len(found) == limit:
            return found
        raw = sum(reader.raw_between(meter_id, 0, 2**62)[0] for meter_id in meters)
        each_meters = (_quarters(reader, meter, stations[meter.key]) for meter in meters.values())
        older = heapq.merge(*each_meters, key=lambda each: each.time_ms, reverse=True)
        skipped = max(offset - raw, 0)
        return found + list(islice(older, skipped, skipped + limit - len(found)))


def _quarters(reader: LedgerReader, meter: Meter, station: str) -> Iterator[StoredReading]:
    """The quarter-hours of a meter whose raw readings are gone, newest first."""
    oldest_raw_ms = reader.oldest_raw_ms(meter.id)
    end_ms = meter.last_ms + QUARTER_MS if oldest_raw_ms is None else oldest_raw_ms // QUARTER_MS * QUARTER_MS
    quarters: Iterator[Quarter] = reader.quarters(meter.id, 0, end_ms, newest_first=True)
    for quarter in quarters:
        power = quarter.live.get(_POWER)
        if power is not None:
            yield StoredReading(meter.id, station, quarter.start_ms, power.sum * _MILLI // power.n)
