"""What a change saved is that of a home made for it, within the range as often as the range promises."""

import math
import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tictally_recorder.climate import ClimateDay, Line, line_of, line_saving, mean_saving
from tictally_recorder.climate.effect import ENOUGH

BASE_C = Decimal(18)
FIRST = date(2026, 1, 1)


def days_of(count: int, wh: Callable[[float], float], temperature: Callable[[int], float]) -> list[ClimateDay]:
    """Days from the first on, with a consumption by their degree-days."""
    found = []
    for n in range(count):
        mean = Decimal(str(round(temperature(n), 1)))
        found.append(ClimateDay(FIRST + timedelta(days=n), mean, round(wh(max(18 - float(mean), 0)))))
    return found


def required(line: Line | None) -> Line:
    assert line is not None
    return line


def test_a_heat_pump_saves_what_its_slope_is_lower() -> None:
    """Before 10 kWh a day and 3 for each degree-day, after 10 and 1: on a day of 12 degree-days it saves 24 kWh."""
    before = required(line_of(days_of(28, lambda x: 10_000 + 3000 * x, lambda n: n % 10), BASE_C))
    after = required(line_of(days_of(56, lambda x: 10_000 + 1000 * x, lambda n: 5 + n % 9), BASE_C))
    saved = line_saving(before, after, 12)
    assert (saved.value, saved.low, saved.high) == pytest.approx((24_000, 24_000, 24_000), abs=1)
    assert line_saving(before, after, 0).value == pytest.approx(0, abs=1)
    # On the mean nothing shows that the second span was warmer.
    assert mean_saving(before, after).value == pytest.approx(before.mean_wh - after.mean_wh)


def test_the_line_is_that_of_least_squares() -> None:
    rng = random.Random(1)
    days = days_of(40, lambda x: 8000 + 900 * x + rng.gauss(0, 1500), lambda n: 3 + 9 * math.sin(n / 7))
    points = [(float(each.degree_days(BASE_C) or 0), float(each.energy_wh or 0)) for each in days]
    # By the normal equations, and the variance of a mean at x by the inverse of their matrix.
    n, sx, sy = len(points), sum(x for x, _ in points), sum(y for _, y in points)
    sxx, sxy = sum(x * x for x, _ in points), sum(x * y for x, y in points)
    det = n * sxx - sx * sx
    slope, height = (n * sxy - sx * sy) / det, (sxx * sy - sx * sxy) / det
    line = required(line_of(days, BASE_C))
    assert (line.slope, line.at(0)) == pytest.approx((slope, height))
    variance = sum((y - height - slope * x) ** 2 for x, y in points) / (n - 2)
    assert line.variance == pytest.approx(variance)
    plain = variance * (sxx - 2 * 5 * sx + 25 * n) / det
    assert line.variance_at(5) == pytest.approx(plain * n / line.effective_days)


@pytest.mark.parametrize("alike", [0.0, 0.5])
def test_the_range_holds_the_truth_nineteen_times_out_of_twenty(alike: float) -> None:
    """8 weeks on either side, with a household's whims that may last for days."""
    rng, held, runs = random.Random(2), 0, 400

    def side(height: float, slope: float, warmer: float) -> Line:
        whim = 0.0
        found = []
        for n in range(56):
            whim = alike * whim + rng.gauss(0, 2000)
            mean = Decimal(str(round(6 + warmer + 4 * math.sin(n / 9) + rng.gauss(0, 2), 1)))
            wh = height + slope * max(18 - float(mean), 0) + whim
            found.append(ClimateDay(FIRST + timedelta(days=n), mean, round(wh)))
        return required(line_of(found, BASE_C))

    for _ in range(runs):
        saved = line_saving(side(12_000, 2500, 0), side(11_000, 900, 3), 6.5)
        held += saved.low <= 1000 + 1600 * 6.5 <= saved.high
    assert 0.90 <= held / runs <= 0.99


def test_days_that_are_too_few_or_equally_warm_have_no_line() -> None:
    few = days_of(ENOUGH - 1, lambda x: x, lambda n: n)
    assert line_of(few, BASE_C) is None
    assert line_of(few, None) is None
    warm = days_of(40, lambda _: 5000, lambda _: 25)
    assert line_of(warm, BASE_C) is None
    assert required(line_of(warm, None)).mean_wh == 5000
    unknown = [ClimateDay(each.day, None, each.energy_wh) for each in days_of(40, lambda x: x, lambda n: n)]
    assert line_of(unknown, BASE_C) is None
