"""What stations said last, and the register that the recorder keeps for each of them. Pure.

Such a device tells powers and counts nothing. Its energy is what lies under the straight lines between its readings, in
whole numbers, so that nothing is lost by rounding; over a longer silence nobody knows what was used, and nothing is
counted.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Self

from tictally_recorder.ledger import INTEGRATED_EDGE, Message
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

HOLDS_MS: Final = 5 * 60 * 1000
STATIONS_AT_MOST: Final = 64
MILLIWATTS: Final = "MILLIWATTS"
# Half of a mW·ms, as the area under a line has it, in a Wh.
_PER_WH: Final = 2 * 1000 * 3_600_000
_MILLI: Final = 1000


class StaleReadingError(ValueError):
    """A reading that is not newer than its station's newest."""


class TooManyStationsError(ValueError):
    """One station more than is kept."""


@dataclass(slots=True)
class Station:
    """What a station said last.

    Attributes:
        time_ms: when.
        milliwatts: what.
        halves: twice the mW·ms that it has used since its first reading.
    """

    time_ms: int
    milliwatts: int
    halves: int = 0

    def add(self, time_ms: int, milliwatts: int) -> None:
        """Take in the next reading."""
        gap_ms = time_ms - self.time_ms
        if gap_ms <= HOLDS_MS:
            self.halves += (self.milliwatts + milliwatts) * gap_ms
        self.time_ms, self.milliwatts = time_ms, milliwatts

    @property
    def register_wh(self) -> int:
        """What a register would show."""
        return self.halves // _PER_WH


@dataclass(slots=True)
class Integrator:
    """All stations, and the number of the newest frame that was made of their readings.

    Attributes:
        boot: of the frames.
        seq: of the newest frame.
        stations: by id.
    """

    boot: str
    seq: int = 0
    stations: dict[int, Station] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str | None, new_boot: Callable[[], str]) -> Self:
        """The book that was kept, or a new one."""
        if text is None:
            return cls(new_boot())
        kept: dict[str, Any] = json.loads(text)
        stations = {int(station): Station(*values) for station, values in kept["stations"].items()}
        return cls(kept["boot"], kept["seq"], stations)

    def to_json(self) -> str:
        """As it is kept."""
        stations = {
            str(station): [each.time_ms, each.milliwatts, each.halves] for station, each in self.stations.items()
        }
        return json.dumps({"boot": self.boot, "seq": self.seq, "stations": stations}, separators=(",", ":"))

    def frame(self, station: int, time_ms: int, milliwatts: int) -> Frame:
        """The frame that a reading makes.

        Raises:
            StaleReadingError: it is not newer than its station's newest.
            TooManyStationsError: its station is new, and there are enough.
        """
        known = self.stations.get(station)
        if known is None:
            if len(self.stations) >= STATIONS_AT_MOST:
                raise TooManyStationsError(f"there are {STATIONS_AT_MOST} stations already")
            known = self.stations[station] = Station(time_ms, milliwatts)
        elif time_ms <= known.time_ms:
            raise StaleReadingError(f"station {station} has told a newer reading already")
        else:
            known.add(time_ms, milliwatts)
        self.seq += 1
        values: dict[str, int | str] = {
            "EAST": known.register_wh,
            "SINSTS": (milliwatts + _MILLI // 2) // _MILLI,
            MILLIWATTS: milliwatts,
        }
        return Frame(meter_of(station), INTEGRATED_EDGE, self.boot, self.seq, time_ms, Mode.STANDARD, values)


def meter_of(station: int) -> str:
    """The key of a station's meter."""
    return f"station-{station}"


def station_of(meter: str) -> int:
    """The station whose meter has a key."""
    return int(meter.rsplit("-", 1)[1])


def message_of(frame: Frame, now_ms: int) -> Message:
    """A frame as the ledger takes it in."""
    return Message(INTEGRATED_EDGE, frame.to_json().encode(), now_ms, f"http/{frame.meter}")
