"""One local day behind the meter, laid out so that energy, means and maxima up to any moment cost one look."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from tictally_edge.simulator.household import STEP_MS, Household, net_power
from tictally_edge.simulator.times import wall_ms

_MINUTE_STEPS: Final = 60_000 // STEP_MS
_SHARE_STEPS: Final = 30 * _MINUTE_STEPS
_VOLT_STEPS: Final = 10 * _MINUTE_STEPS
_LOWEST_V, _HIGHEST_V = 224, 241
_WHOLE: Final = 1000


@dataclass(frozen=True)
class Curve:
    """A quantity that keeps its value for each step of ten seconds since midnight."""

    values: list[int]

    @cached_property
    def _before(self) -> list[int]:
        return list(accumulate(self.values, initial=0))

    @cached_property
    def _crest(self) -> list[int]:
        crest, steps = 0, []
        for step, value in enumerate(self.values):
            if value > self.values[crest]:
                crest = step
            steps.append(crest)
        return steps

    def integral_ms(self, elapsed_ms: int) -> int:
        """The integral from midnight to so many milliseconds later: VA·ms for a power."""
        step, into_ms = divmod(elapsed_ms, STEP_MS)
        total = self._before[step] * STEP_MS
        return total + self.values[step] * into_ms if into_ms else total

    def mean(self, first: int, end: int) -> int:
        """The mean over the steps [first, end), rounded to the nearest."""
        count = end - first
        return (self._before[end] - self._before[first] + count // 2) // count

    def maximum(self, step: int) -> tuple[int, int]:
        """The highest value from midnight to a step, that step included, and the step that first had it."""
        crest = self._crest[step]
        return self.values[crest], crest


@dataclass(frozen=True)
class HouseholdDay:
    """A local day of a household.

    Attributes:
        start_ms: its midnight.
        consumption: VA consumed, over all phases; zero while more is given than used.
        injection: VA injected.
        consumption_by_phase: the parts of `consumption`, one for each phase.
        volts: V, one for each phase.
        shares: each phase's part of the total in thousandths, for every half hour.
        tz: whose day it is; None for French legal time.
    """

    start_ms: int
    consumption: Curve
    injection: Curve
    consumption_by_phase: tuple[Curve, ...]
    volts: tuple[Curve, ...]
    shares: tuple[tuple[int, ...], ...]
    tz: ZoneInfo | None = None

    def step(self, moment_ms: int) -> int:
        """The step that holds a moment of this day."""
        return (moment_ms - self.start_ms) // STEP_MS

    def amperes(self, step: int) -> tuple[int, ...]:
        """The current of each phase, whichever way it flows, rounded to whole A."""
        power = self.consumption.values[step] + self.injection.values[step]  # one of them is zero
        parts = split(power, self.shares[step // _SHARE_STEPS])
        return tuple(
            (va * 2 + volt.values[step]) // (volt.values[step] * 2) for va, volt in zip(parts, self.volts, strict=True)
        )


def split(total: int, shares: tuple[int, ...]) -> tuple[int, ...]:
    """Split a power over the phases; the parts add up to it."""
    parts = [total * share // _WHOLE for share in shares[:-1]]
    return (*parts, total - sum(parts))


@lru_cache(maxsize=8)
def day_of(home: Household, day: date) -> HouseholdDay:
    """A household's local day."""
    net = net_power(home, day)
    rng = Random(f"grid {home.seed} {day}")
    consumption = Curve([max(va, 0) for va in net])
    shares = tuple(_shares(rng, home.phases) for _ in range(0, len(net), _SHARE_STEPS))
    return HouseholdDay(
        start_ms=wall_ms(day, 0, home.tz),
        consumption=consumption,
        injection=Curve([max(-va, 0) for va in net]),
        consumption_by_phase=(consumption,) if home.phases == 1 else _by_phase(consumption, shares),
        volts=tuple(Curve(_volts(rng, len(net))) for _ in range(home.phases)),
        shares=shares,
        tz=home.tz,
    )


def day_before(home: Household, day: date) -> HouseholdDay:
    """The local day before a date."""
    return day_of(home, day - timedelta(days=1))


def _shares(rng: Random, phases: int) -> tuple[int, ...]:
    if phases == 1:
        return (_WHOLE,)
    first, second = rng.randrange(300, 380), rng.randrange(300, 380)
    return first, second, _WHOLE - first - second


def _by_phase(consumption: Curve, shares: tuple[tuple[int, ...], ...]) -> tuple[Curve, ...]:
    parts = [split(va, shares[step // _SHARE_STEPS]) for step, va in enumerate(consumption.values)]
    return tuple(Curve(list(values)) for values in zip(*parts, strict=True))


def _volts(rng: Random, steps: int) -> list[int]:
    level, volts = rng.randrange(228, 238), list[int]()
    for first in range(0, steps, _VOLT_STEPS):
        level = min(max(level + rng.randrange(-1, 2), _LOWEST_V), _HIGHEST_V)
        volts += [level + (noise & 1) for noise in rng.randbytes(min(_VOLT_STEPS, steps - first))]
    return volts
