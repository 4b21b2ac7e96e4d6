"""Integrates the powers of stations, which have no register, into a register for each. Pure.

The energy of a station is the area under the straight lines between its readings, in integers, so that rounding loses
nothing. Over a longer gap the power is unknown, and nothing is counted.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Self

from tictally_recorder.ledger import INTEGRATED_EDGE, Message
from tictally_shared.frames import KEY, Frame
from tictally_shared.labels import Mode

MAX_GAP_MS: Final = 5 * 60 * 1000
MAX_STATIONS: Final = 64
MILLIWATTS: Final = "MILLIWATTS"
# In half mW·ms: the area of a trapezium is half of what is summed.
_HALVES_PER_WH: Final = 2 * 1000 * 3_600_000
_MILLI: Final = 1000


class StaleReadingError(ValueError):
    """A reading that is not newer than the latest of its station."""


class TooManyStationsError(ValueError):
    """A new station beyond the maximum."""


@dataclass(slots=True)
class Station:
    """A station's latest reading and its energy.

    Attributes:
        time_ms: of the latest reading, in milliseconds since 1970.
        milliwatts: power of the latest reading.
        halves: energy since its first reading, in half mW·ms.
    """

    time_ms: int
    milliwatts: int
    halves: int = 0

    def add(self, time_ms: int, milliwatts: int) -> None:
        """Add the next reading."""
        gap_ms = time_ms - self.time_ms
        if gap_ms <= MAX_GAP_MS:
            self.halves += (self.milliwatts + milliwatts) * gap_ms
        self.time_ms, self.milliwatts = time_ms, milliwatts

    @property
    def register_wh(self) -> int:
        """The energy as a register in Wh."""
        return self.halves // _HALVES_PER_WH


@dataclass(slots=True)
class Integrator:
    """The registers of all stations, and the frames made of their readings.

    Attributes:
        boot: of the frames.
        seq: of the latest frame.
        stations: id → station.
    """

    boot: str
    seq: int = 0
    stations: dict[str, Station] = field(default_factory=dict)

    @classmethod
    def restore(cls, text: str | None, new_boot: Callable[[], str]) -> Self:
        """The integrator that `to_json` saved, or a new one if there is none."""
        if text is None:
            return cls(new_boot())
        saved: dict[str, Any] = json.loads(text)
        stations = {station: Station(*values) for station, values in saved["stations"].items()}
        return cls(saved["boot"], saved["seq"], stations)

    def to_json(self) -> str:
        """Its state, for `restore`."""
        stations = {station: [each.time_ms, each.milliwatts, each.halves] for station, each in self.stations.items()}
        return json.dumps({"boot": self.boot, "seq": self.seq, "stations": stations}, separators=(",", ":"))

    def frame(self, station: str, time_ms: int, milliwatts: int) -> Frame:
        """Add a reading, and make its frame.

        Raises:
            StaleReadingError: it is not newer than the latest of its station.
            TooManyStationsError: its station is new, and the maximum is reached.
        """
        known = self.stations.get(station)
        if known is None:
            if len(self.stations) >= MAX_STATIONS:
                raise TooManyStationsError(f"the maximum of {MAX_STATIONS} stations is reached")
            known = self.stations[station] = Station(time_ms, milliwatts)
        elif time_ms <= known.time_ms:
            raise StaleReadingError(f"station {station} already has a newer reading")
        else:
            known.add(time_ms, milliwatts)
        self.seq += 1
        values: dict[str, int | str] = {
            "EAST": known.register_wh,
            "SINSTS": (milliwatts + _MILLI // 2) // _MILLI,
            MILLIWATTS: milliwatts,
        }
        return Frame(meter_of(station), INTEGRATED_EDGE, self.boot, self.seq, time_ms, Mode.STANDARD, values)


def meter_of(station: str) -> str:
    """Key of the meter of a station: its id as far as a key may have such characters, else a hash of it."""
    key = f"station-{station}"
    return key if KEY.fullmatch(key) else f"station-{hashlib.sha256(station.encode()).hexdigest()[:16]}"


def message_of(frame: Frame, now_ms: int) -> Message:
    """A frame as a message for the ledger."""
    return Message(INTEGRATED_EDGE, frame.to_json().encode(), now_ms, f"http/{frame.meter}")
