"""What days ahead come to: made on each day of a simulated year from what was known that day."""

from datetime import date, timedelta
from math import cos, tau
from random import Random
from statistics import mean

from cost_building import d

from tictally_recorder.cost.forecast import Forecast, forecast, forecast_with_range

FIRST = d("2022-01-01")


def household(day: date) -> float:
    """Heating in winter, more at weekends, and days that are never alike."""
    rng = Random(f"{day}")
    season = 1 + 0.6 * cos(tau * (day.timetuple().tm_yday - 15 - rng.random()) / 365)
    return 15_000 * season * (1.2 if day.weekday() >= 5 else 1) * rng.uniform(0.75, 1.25)


KNOWN = {day: household(day) for n in range(3 * 366) for day in [FIRST + timedelta(days=n)]}


def months(year: int) -> list[tuple[date, date, date]]:
    """Each day of a year with the first day of its month and that of the next."""
    found = []
    for n in range(365):
        day = date(year, 1, 1) + timedelta(days=n)
        found.append((day, day.replace(day=1), (day.replace(day=28) + timedelta(days=4)).replace(day=1)))
    return found


def total(first: date, end: date) -> float:
    return sum(KNOWN[first + timedelta(days=n)] for n in range((end - first).days))


def made_on(day: date, end: date) -> Forecast:
    """With the days before alone, as nobody knew more."""
    found = forecast_with_range({each: wh for each, wh in KNOWN.items() if each < day}, day, (end - day).days)
    assert found is not None
    return found


def test_the_month_is_foretold_better_than_by_the_last_one_on_each_day_of_a_year() -> None:
    errors: dict[int, list[float]] = {}
    last_month, within = [], []
    for day, first, end in months(2024):
        found, truth = made_on(day, end), total(first, end)
        month_before = (first - timedelta(days=1)).replace(day=1)
        errors.setdefault(day.day, []).append(abs(total(first, day) + found.value - truth) / truth)
        last_month.append(abs(total(month_before, first) - truth) / truth)
        assert found.low is not None
        assert found.high is not None
        within.append(found.low <= total(day, end) <= found.high)
    by_day = {day: mean(found) for day, found in errors.items()}
    assert by_day[1] < mean(last_month) / 2
    assert by_day[1] < 0.08
    assert by_day[15] < 0.04
    assert by_day[25] < 0.02
    assert 0.65 < mean(within) < 0.95


def test_without_a_year_before_the_last_seven_days_go_on() -> None:
    known = {d("2025-06-01") + timedelta(days=n): 10.0 + n for n in range(10)}
    today = d("2025-06-11")
    assert forecast(known, today, 20) == Forecast(20 * mean([*known.values()][-7:]))
    assert forecast_with_range(known, today, 20) == forecast(known, today, 20)


def test_too_few_known_days_are_no_forecast() -> None:
    today = d("2025-06-11")
    assert forecast({}, today, 20) is None
    assert forecast({today - timedelta(days=n): 1.0 for n in (1, 2)}, today, 20) is None
    assert forecast({today - timedelta(days=n): 1.0 for n in range(20, 400)}, today, 20) is None


def test_days_that_are_unknown_are_left_out() -> None:
    known = {day: wh for day, wh in KNOWN.items() if day < d("2024-03-05") and day.day != 29}
    assert forecast(known, d("2024-03-05"), 27) is not None


def test_the_range_of_an_income_has_its_lower_end_below_the_higher() -> None:
    day = date(2024, 6, 10)
    earned = {each: -wh for each, wh in KNOWN.items() if each < day}
    found = forecast_with_range(earned, day, 20)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high < 0
