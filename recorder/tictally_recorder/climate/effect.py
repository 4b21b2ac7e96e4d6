"""What a change saved: days before and after it, each along a straight line over their degree-days. Pure.

Each side's consumption is a + b · degree-days (least squares). What was saved is the line of the days before minus that
of the days after, at the degree-days for which it is asked: heating of another kind changes the slope, an appliance the
height. The range is that of the difference of two such predictions of a mean; neighbouring days are alike, so each side
counts as fewer days, n · (1 - r) / (1 + r) with r the correlation of its residuals from one day to the next, as ASHRAE
Guideline 14 counts them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import sqrt
from statistics import NormalDist, fmean
from typing import Final

from tictally_recorder.climate.days import ClimateDay

ENOUGH: Final = 20
"""Days that a side needs."""
MOST_SURE: Final = 0.95
"""In how many cases the range holds the true figure."""
_MOST_ALIKE: Final = 0.8
_PARAMETERS: Final = 2
_LEAST_EFFECTIVE: Final = 4.0
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its range.

    Attributes:
        value: the figure.
        low: the range's lower end.
        high: its upper end.
    """

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Estimate":
        """The same, multiplied by a factor that is not negative."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Line:
    """A side of a comparison: a line through its days, or without temperatures their mean.

    Attributes:
        days: how many it rests on.
        effective_days: as how many independent ones they count.
        mean_x: their mean degree-days.
        mean_wh: their mean consumption.
        slope: Wh a degree-day.
        sum_xx: sum of the squared differences of their degree-days from the mean.
        variance: of a day's consumption around the line, Wh².
    """

    days: int
    effective_days: float
    mean_x: float
    mean_wh: float
    slope: float
    sum_xx: float
    variance: float

    def at(self, degree_days: float) -> float:
        """Consumption of a day with so many degree-days."""
        return self.mean_wh + self.slope * (degree_days - self.mean_x)

    def variance_at(self, degree_days: float) -> float:
        """Of the mean that the line predicts there."""
        apart = (degree_days - self.mean_x) ** 2 / self.sum_xx * self.days if self.sum_xx else 0.0
        return self.variance / self.effective_days * (1 + apart)


def line_of(days: Sequence[ClimateDay], base_c: Decimal | None) -> Line | None:
    """The line through the days that have what it needs; None for fewer than twenty, or where all are equally warm.

    Args:
        days: of one side, in order.
        base_c: of the degree-days, °C; None: the mean in place of a line.
    """
    points: list[tuple[date, float, float]] = []
    for each in days:
        degree_days = Decimal(0) if base_c is None else each.degree_days(base_c)
        if degree_days is not None and each.energy_wh is not None:
            points.append((each.day, float(degree_days), float(each.energy_wh)))
    if len(points) < ENOUGH:
        return None
    mean_x, mean_y = fmean(x for _, x, _ in points), fmean(y for _, _, y in points)
    sum_xx = sum((x - mean_x) ** 2 for _, x, _ in points)
    if base_c is not None and not sum_xx:
        return None
    slope = sum((x - mean_x) * (y - mean_y) for _, x, y in points) / sum_xx if sum_xx else 0.0
    residuals = {day: y - mean_y - slope * (x - mean_x) for day, x, y in points}
    squares = sum(each**2 for each in residuals.values())
    freedom = len(points) - (_PARAMETERS if base_c is not None else 1)
    alike = _alike(residuals, squares)
    effective = max(len(points) * (1 - alike) / (1 + alike), _LEAST_EFFECTIVE)
    return Line(len(points), effective, mean_x, mean_y, slope, sum_xx, squares / freedom)


def line_saving(before: Line, after: Line, degree_days: float) -> Estimate:
    """What a day with so many degree-days takes less after than before, in Wh, with its range."""
    value = before.at(degree_days) - after.at(degree_days)
    parts = [(each.variance_at(degree_days), each.effective_days - _PARAMETERS) for each in (before, after)]
    return _with_range(value, parts)


def mean_saving(before: Line, after: Line) -> Estimate:
    """What a day takes less after than before on the mean, whatever the weather, in Wh, with its range."""
    parts = [(each.variance / each.effective_days, each.effective_days - 1) for each in (before, after)]
    return _with_range(before.mean_wh - after.mean_wh, parts)


def _alike(residuals: dict[date, float], squares: float) -> float:
    """The correlation of residuals from one day to the next, between 0 and the most that is taken into account."""
    if not squares:
        return 0.0
    pairs = [(here, residuals[day + _DAY]) for day, here in residuals.items() if day + _DAY in residuals]
    return min(max(sum(a * b for a, b in pairs) / squares, 0.0), _MOST_ALIKE)


def _with_range(value: float, parts: Sequence[tuple[float, float]]) -> Estimate:
    """Two independent means with unequal variances (Welch, Satterthwaite)."""
    variance = sum(each for each, _ in parts)
    if not variance:
        return Estimate(value, value, value)
    freedom = variance**2 / sum(each**2 / max(free, 1.0) for each, free in parts)
    reach = _quantile(freedom) * sqrt(variance)
    return Estimate(value, value - reach, value + reach)


def _quantile(freedom: float) -> float:
    """Of Student's t, two-sided. Abramowitz and Stegun 26.7.5: exact to a hundredth from five degrees of freedom on."""
    z = NormalDist().inv_cdf((1 + MOST_SURE) / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / freedom**n for n, term in enumerate(terms, 1))
