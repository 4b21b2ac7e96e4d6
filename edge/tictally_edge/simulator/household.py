"""Consumption of a household and its solar panels, in VA for every ten seconds of a local day; pure, by a seed.

One that follows a load curve consumes what the curve shows, and nothing where it has no value. The power factor is 1:
a VA is a W. Everything is computed with integers, so that a day is the same on every machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from math import cos, tau
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tictally_edge.simulator.load_curve import LoadCurve
from tictally_edge.simulator.times import to_ms, wall_ms

STEP_MS: Final = 10_000
_MINUTE_STEPS: Final = 60_000 // STEP_MS
_DAY_MINUTES: Final = 24 * 60
_WINTER_DAY: Final = 15  # mid-January is the coldest
_SATURDAY: Final = 5
_OVERLOAD_PERCENT: Final = 130  # beyond ISOUSC also at 245 V: 130 % of 200 V is more than 245 V
# The highest share of the subscription that is consumed without overload; no phase has more than 40 % of the total.
_CAP_PERCENT: Final = {1: 95, 3: 80}


@dataclass(frozen=True, slots=True)
class Overload:
    """When more is consumed than subscribed; every step of ten seconds that it touches counts in full.

    Attributes:
        first: when the first time begins.
        duration_s: how long each lasts.
        every_s: from the beginning of one to that of the next, or None for one only.
    """

    first: datetime
    duration_s: int
    every_s: int | None = None

    def windows(self, start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
        """The overloads that meet [start_ms, end_ms), each as [from, to)."""
        begin, every = to_ms(self.first), (self.every_s or 0) * 1000
        if every and begin < start_ms:
            begin += (start_ms - begin) // every * every
        while begin < end_ms:
            yield begin, begin + self.duration_s * 1000
            if not every:
                return
            begin += every


@dataclass(frozen=True, slots=True)
class Household:
    """A home behind a meter.

    Attributes:
        seed: decides its habits and its days.
        subscribed_va: consumed power stays below, but in an overload.
        phases: 1 or 3.
        producer: True with solar panels on the roof.
        overload: when it draws more than subscribed.
        curve: what it draws, whatever is subscribed; None for what the seed makes of it.
        tz: whose days it lives by; None for French legal time.
    """

    seed: int
    subscribed_va: int
    phases: int
    producer: bool
    overload: Overload | None = None
    curve: LoadCurve | None = None
    tz: ZoneInfo | None = None


class Load(NamedTuple):
    """An appliance that runs: from a minute of the day on the wall, for so many minutes, with so many VA."""

    minute: int
    minutes: int
    va: int


def net_power(home: Household, day: date) -> list[int]:
    """The VA consumed (above zero) or injected (below) in each ten seconds of a local day of 23, 24 or 25 hours."""
    start_ms, end_ms = wall_ms(day, 0, home.tz), wall_ms(day, _DAY_MINUTES, home.tz)
    if home.curve is not None:
        return home.curve.power(start_ms, end_ms, STEP_MS)
    steps = (end_ms - start_ms) // STEP_MS
    rng = Random(f"household {home.seed} {day}")
    standby = 70 + Random(home.seed).randrange(60)
    power = [standby + (noise >> 4) for noise in rng.randbytes(steps)]
    for load in _loads(rng, day):
        first = (wall_ms(day, load.minute, home.tz) - start_ms) // STEP_MS
        for step in range(first, min(first + load.minutes * _MINUTE_STEPS, steps)):
            power[step] += load.va
    cap = home.subscribed_va * _CAP_PERCENT[home.phases] // 100
    power = [min(va, cap) for va in power]
    if home.producer:
        power = [consumption - given for consumption, given in zip(power, _solar(rng, day, steps), strict=True)]
    if home.overload is not None:
        _overload(home, home.overload, power, start_ms)
    return power


def _overload(home: Household, overload: Overload, power: list[int], start_ms: int) -> None:
    consumption = home.subscribed_va * _OVERLOAD_PERCENT // 100
    for begin, end in overload.windows(start_ms, start_ms + len(power) * STEP_MS):
        for step in range(max((begin - start_ms) // STEP_MS, 0), min(-(-(end - start_ms) // STEP_MS), len(power))):
            power[step] = consumption + step % 7 * 10


def _loads(rng: Random, day: date) -> Iterator[Load]:
    weekend = day.weekday() >= _SATURDAY
    cold = _cold_percent(rng, day)
    yield from _fridge(rng)
    yield from _water_heater(rng, cold)
    yield from _breakfast(rng, later=150 if weekend else 0)
    if weekend:
        yield from _meal(rng, 12 * 60)
    yield from _meal(rng, 18 * 60 + 40)
    yield Load(18 * 60 - cold // 2, 270 + cold // 2, 180)  # lights and screens, longer in winter
    if rng.randrange(100) < (60 if weekend else 25):
        yield from _washing_machine(rng)
    yield from _heating(rng, cold)


def _cold_percent(rng: Random, day: date) -> int:
    """How cold it is: about 100 in mid-January, 0 in summer."""
    season = round(50 + 50 * cos(tau * (day.timetuple().tm_yday - _WINTER_DAY) / 365))
    return min(max(season + rng.randrange(-15, 16), 0), 100)


def _fridge(rng: Random) -> Iterator[Load]:
    for minute in range(rng.randrange(40), _DAY_MINUTES, 40):
        yield Load(minute, 14, 90)


def _water_heater(rng: Random, cold: int) -> Iterator[Load]:
    # Inside every contract's cheap hours, and inside one local day.
    yield Load(60 + rng.randrange(20), 110 + rng.randrange(40) + cold // 2, 2200)


def _breakfast(rng: Random, later: int) -> Iterator[Load]:
    begin = 6 * 60 + 30 + later + rng.randrange(30)
    yield Load(begin, 50, 160)
    yield Load(begin + 4, 3, 1900)
    yield Load(begin + 9, 6, 1000)


def _meal(rng: Random, around: int) -> Iterator[Load]:
    begin = around + rng.randrange(40)
    for course in range(rng.randrange(3, 7)):
        yield Load(begin + 9 * course, 6, rng.choice((1200, 1800, 2300)))


def _washing_machine(rng: Random) -> Iterator[Load]:
    begin = rng.randrange(9 * 60, 20 * 60)
    yield Load(begin, 16, 2000)
    yield Load(begin + 16, 55, 220)
    yield Load(begin + 71, 9, 450)


def _heating(rng: Random, cold: int) -> Iterator[Load]:
    for minute in range(0, _DAY_MINUTES, 10):
        asleep = not 6 * 60 <= minute < 23 * 60
        # A thermostat that opens for some minutes of every ten, not at all when it is mild.
        if minutes := max(cold - 35, 0) * rng.randrange(4, 9) // 65:
            yield Load(minute, minutes, 1000 if asleep else 2400)


def _solar(rng: Random, day: date, steps: int) -> list[int]:
    """VA from panels of 3 kW: a parabola from sunrise to sunset, under clouds that change every half hour."""
    season = -cos(tau * (day.timetuple().tm_yday + 10) / 365)  # -1 at the winter solstice, 1 at the summer's
    half = round(365 + 115 * season) * _MINUTE_STEPS
    noon = (steps - 24 * 60 * _MINUTE_STEPS) // 2 + (13 * 60 + 20) * _MINUTE_STEPS
    crest = round(2250 + 750 * season)
    given = [0] * steps
    half_hour = 30 * _MINUTE_STEPS
    for first in range(noon - half, noon + half, half_hour):
        clear = rng.choice((30, 55, 80, 95, 100))
        for step in range(first, min(first + half_hour, noon + half)):
            given[step] = crest * clear * (half * half - (step - noon) ** 2) // (half * half * 100)
    return given
