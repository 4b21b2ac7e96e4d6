"""The base load of a night: what a home draws when nobody uses anything. Pure: numbers of raw frames in, VA out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Final
from zoneinfo import ZoneInfo

from tictally_shared.calendar import local_time

LABELS: Final = ("SINSTS", "PAPP", "SINSTI")
"""What a frame must be asked for: consumed by all phases together (standard mode, historique), and injected."""
ENOUGH_MINUTES: Final = 180
"""Half of an ordinary night. In less, one cycle of a water heater or the hour in which people rise may be all of it."""

_BEGIN, _END = time(), time(6)
_PERCENT: Final = 10
_MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class BaseLoad:
    """The base load of a night's frames.

    Attributes:
        va: the 10th percentile of the minutes' mean powers, by nearest rank: a power that was really there.
        minutes: that have a power.
    """

    va: int
    minutes: int


def night_of_day(day: date, tz: ZoneInfo) -> tuple[int, int]:
    """From when to when, excluded, the night lasts with which a local day begins, in milliseconds since 1970.

    From midnight to 06:00 by the clock: five hours where clocks go forward meanwhile, seven where they go back.
    """
    begin, end = (local_time(day, clock, tz) for clock in (_BEGIN, _END))
    return int(begin.timestamp()) * 1000, int(end.timestamp()) * 1000


def base_load(frames: Iterable[tuple[int, Mapping[str, int]]]) -> BaseLoad | None:
    """The base load of a night, or None if less than `ENOUGH_MINUTES` of it are known.

    Args:
        frames: (milliseconds since 1970, numbers of `LABELS`) of that night, in any order.
    """
    return base_load_of(_minute_powers(frames))


def base_load_of(minute_powers: Iterable[int]) -> BaseLoad | None:
    """The same from the mean powers of its minutes, in any order."""
    powers = sorted(minute_powers)
    if len(powers) < ENOUGH_MINUTES:
        return None
    rank = -(-len(powers) * _PERCENT // 100)
    return BaseLoad(powers[rank - 1], len(powers))


def _minute_powers(frames: Iterable[tuple[int, Mapping[str, int]]]) -> Iterable[int]:
    """The mean power of each minute, in whole VA, half of one upwards."""
    sums: dict[int, list[int]] = {}
    for time_ms, numbers in frames:
        power = numbers.get("SINSTS", numbers.get("PAPP"))
        # While a battery or a roof feeds the grid, what the home itself uses is not seen: 0 VA would be no base load.
        if power is not None and not numbers.get("SINSTI"):
            of_minute = sums.setdefault(time_ms // _MINUTE_MS, [0, 0])
            of_minute[0] += power
            of_minute[1] += 1
    return [(2 * total + n) // (2 * n) for total, n in sums.values()]
