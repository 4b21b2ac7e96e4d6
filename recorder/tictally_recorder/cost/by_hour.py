"""What each hour of a day cost: the day's amounts, divided by the energy of its hours. Pure.

The amounts of the hours add up to the day's own, so that a sum over hours is the sum that `tictally cost` shows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from tictally_recorder.cost.dynamic_price import WH_PER_KWH
from tictally_recorder.cost.model import LUMP_SUM, CostRow
from tictally_recorder.energy.register_totals import RegisterPart
from tictally_recorder.tariffs.model import Direction

HOUR_MS: Final = 3_600_000


class Slice(NamedTuple):
    """What one register counted in a part of the day, an hour or a quarter-hour.

    Attributes:
        start_ms: its start, milliseconds since 1970.
        end_ms: its end, excluded.
        energy_wh: what was counted.
    """

    start_ms: int
    end_ms: int
    energy_wh: int


@dataclass(frozen=True, slots=True)
class DayOfHours:
    """A local day and what its registers counted.

    Attributes:
        start_ms: its midnight, milliseconds since 1970.
        end_ms: the next midnight.
        slices: register → its energy in parts of the day, in order.
        step_ms: what it is divided into, in milliseconds: hours, or quarter-hours.
    """

    start_ms: int
    end_ms: int
    slices: Mapping[str, Sequence[Slice]]
    step_ms: int = HOUR_MS

    @property
    def hours(self) -> list[int]:
        """The starts of the hours that begin in it, milliseconds since 1970; of a day that is metered in part too."""
        step_ms = self.step_ms
        return list(range(self.step(self.start_ms), self.end_ms, step_ms))[: (self.end_ms - self.start_ms) // step_ms]

    def step(self, time_ms: int) -> int:
        """The start of the hour that holds a moment, milliseconds since 1970."""
        return time_ms // self.step_ms * self.step_ms


def amounts_by_hour(rows: Iterable[CostRow], day: DayOfHours) -> dict[Direction, dict[int, Decimal] | None]:
    """Direction → start of an hour → what it cost; negative where it is income. Only directions that have rows.

    None for a direction of which an amount is unknown: a part of a day's cost is not its cost.

    Args:
        rows: of the day's cost.
        day: the same day.
    """
    found: dict[Direction, dict[int, Decimal] | None] = {}
    for row in rows:
        sums = found.setdefault(row.direction, {})
        if sums is None or row.amount is None:
            found[row.direction] = None
            continue
        for hour_ms, amount in _shares(row, row.amount, day):
            sums[hour_ms] = sums.get(hour_ms, Decimal(0)) + amount
    return found


def _shares(row: CostRow, amount: Decimal, day: DayOfHours) -> Iterator[tuple[int, Decimal]]:
    """A row's amount by hour: all of an amount that is paid once, equal parts of a subscription, energy by its time."""
    if row.period == LUMP_SUM:
        yield day.hours[0], amount
    elif row.period is None:
        yield from _equal(amount, day.hours)
    elif any(part.price is not None for part in row.parts):
        for part in row.parts:
            yield day.step(part.start_ms), row.sign * part.energy_wh / WH_PER_KWH * (part.price or Decimal(0))
    else:
        weights = _weights(row.parts, day)
        total = sum(weights.values())
        if total or not amount:
            yield from ((hour_ms, amount * weight / (total or 1)) for hour_ms, weight in weights.items())
        else:
            yield from _equal(amount, day.hours)


def _equal(amount: Decimal, hours: Sequence[int]) -> Iterator[tuple[int, Decimal]]:
    yield from ((hour_ms, amount / len(hours)) for hour_ms in hours)


def _weights(parts: Iterable[RegisterPart], day: DayOfHours) -> dict[int, Decimal]:
    """Start of an hour → the energy that the parts have in it."""
    found: dict[int, Decimal] = {}
    for part in parts:
        for each in day.slices.get(part.register, ()):
            shared_ms = min(each.end_ms, part.end_ms) - max(each.start_ms, part.start_ms)
            if shared_ms > 0:
                weight = each.energy_wh * Decimal(shared_ms) / (each.end_ms - each.start_ms)
                step_ms = day.step(each.start_ms)
                found[step_ms] = found.get(step_ms, Decimal(0)) + weight
    return found
