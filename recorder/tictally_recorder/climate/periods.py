"""Days together by period or by temperature. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tictally_recorder.climate.days import ClimateDay
from tictally_shared.calendar import By, local_midnight, period_start

_CLASS_C: Final = Decimal(2)


@dataclass(frozen=True, slots=True)
class ClimatePeriod:
    """Days together.

    Attributes:
        name: first day of the period, or the lower bound of the class of temperature, °C.
        days: those with a temperature.
        mean_c: their mean temperature, °C; None if there are none.
        degree_days: their sum, None likewise.
        energy_wh: consumption of the days that have both.
        used_days: how many have both.
        used_degree_days: the degree-days of those.
    """

    name: str
    days: int
    mean_c: Decimal | None
    degree_days: Decimal | None
    energy_wh: int
    used_days: int
    used_degree_days: Decimal

    @property
    def wh_a_day(self) -> Decimal | None:
        """Mean consumption of a day that has both."""
        return Decimal(self.energy_wh) / self.used_days if self.used_days else None

    @property
    def wh_a_degree_day(self) -> Decimal | None:
        """Consumption for each degree-day, all of it; None without any."""
        return self.energy_wh / self.used_degree_days if self.used_degree_days else None


def rows_of(days: Iterable[ClimateDay], by: By | None, base_c: Decimal, tz: ZoneInfo) -> list[ClimatePeriod]:
    """The days together by periods, or where `by` is None by classes of temperature."""
    return by_temperature(days, base_c) if by is None else by_period(days, by, base_c, tz)


def by_period(days: Iterable[ClimateDay], by: By, base_c: Decimal, tz: ZoneInfo) -> list[ClimatePeriod]:
    """The days of each period of the local calendar together, in order."""
    grouped: dict[str, list[ClimateDay]] = {}
    for each in days:
        first = period_start(local_midnight(each.day, tz), by, tz).astimezone(tz)
        grouped.setdefault(f"{first:%Y-%m-%d}", []).append(each)
    return [_together(first, of_period, base_c) for first, of_period in sorted(grouped.items())]


def by_temperature(days: Iterable[ClimateDay], base_c: Decimal) -> list[ClimatePeriod]:
    """The days of each class of two degrees together, from cold to warm."""
    grouped: dict[Decimal, list[ClimateDay]] = {}
    for each in days:
        if each.mean_c is not None:
            lower = (each.mean_c / _CLASS_C).to_integral_value(ROUND_FLOOR) * _CLASS_C
            grouped.setdefault(lower, []).append(each)
    return [_together(f"{lower:f}", of_class, base_c) for lower, of_class in sorted(grouped.items())]


def _together(name: str, days: Sequence[ClimateDay], base_c: Decimal) -> ClimatePeriod:
    means = [each.mean_c for each in days if each.mean_c is not None]
    used = [each for each in days if each.mean_c is not None and each.energy_wh is not None]
    return ClimatePeriod(
        name,
        len(means),
        sum(means, Decimal(0)) / len(means) if means else None,
        _degree_days(days, base_c) if means else None,
        sum(each.energy_wh or 0 for each in used),
        len(used),
        _degree_days(used, base_c),
    )


def _degree_days(days: Iterable[ClimateDay], base_c: Decimal) -> Decimal:
    return sum((each.degree_days(base_c) or Decimal(0) for each in days), Decimal(0))
