"""What a degree-day takes: the straight line through the days' consumption over their degree-days. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tictally_recorder.climate.days import ClimateDay

ENOUGH_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Fit:
    """A least-squares line.

    Attributes:
        days: how many it rests on.
        wh_a_degree_day: its slope.
        wh_a_day: its value without a degree-day: what heating does not take.
        r2: the share of the days' variance that it explains, 0 to 1.
    """

    days: int
    wh_a_degree_day: Decimal
    wh_a_day: Decimal
    r2: Decimal


def fit_of(days: Iterable[ClimateDay], base_c: Decimal) -> Fit | None:
    """The line of the days that have both; None for fewer than thirty, or where all of them are equally warm.

    Args:
        days: in any order.
        base_c: of the degree-days, °C.
    """
    points = [
        (degree_days, Decimal(each.energy_wh))
        for each in days
        if (degree_days := each.degree_days(base_c)) is not None and each.energy_wh is not None
    ]
    count = len(points)
    if count < ENOUGH_DAYS:
        return None
    mean_x, mean_y = (sum(values, Decimal(0)) / count for values in zip(*points, strict=True))
    xx = sum(((x - mean_x) ** 2 for x, _ in points), Decimal(0))
    yy = sum(((y - mean_y) ** 2 for _, y in points), Decimal(0))
    xy = sum(((x - mean_x) * (y - mean_y) for x, y in points), Decimal(0))
    if not xx or not yy:
        return None
    slope = xy / xx
    return Fit(count, slope, mean_y - slope * mean_x, xy * xy / (xx * yy))
