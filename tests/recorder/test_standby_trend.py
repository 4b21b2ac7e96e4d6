"""Nights compared with other nights: medians computed by hand."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import pytest
from cost_building import d

from tictally_recorder.cost.standby import Typical, by_period, trend
from tictally_recorder.ledger import Night
from tictally_shared.calendar import By

LAST = d("2026-11-30")


def nights(powers: Mapping[str, int]) -> list[Night]:
    return [Night(1, d(day), va, 360) for day, va in sorted(powers.items())]


def row(last: str, powers: Iterable[int]) -> list[Night]:
    """Consecutive nights, the last of which is `last`."""
    powers = list(powers)
    return [Night(1, d(last) - timedelta(days=len(powers) - 1 - n), va, 360) for n, va in enumerate(powers)]


def test_the_last_thirty_nights_are_compared_with_the_thirty_before_and_those_a_year_earlier() -> None:
    year_ago = row("2025-11-30", [500, *[180] * 30])
    found = trend([*year_ago, *row("2026-11-30", [999, *[160] * 30, *[150] * 20, *[90] * 10])])
    assert found is not None
    assert found.last == Night(1, LAST, 90, 360)
    assert found.recent == Typical(d("2026-11-01"), d("2026-12-01"), 30, 10_800, 150)
    assert found.before == Typical(d("2026-10-02"), d("2026-11-01"), 30, 10_800, 160)
    assert found.year_ago == Typical(d("2025-11-01"), d("2025-12-01"), 30, 10_800, 180)
    assert [found.change_since(each) for each in (found.before, found.year_ago)] == [-10, -30]


@pytest.mark.parametrize(("powers", "median"), [([5, 1, 9] * 4, 5), ([1] * 6 + [4] * 6, 3), ([1] * 6 + [3] * 6, 2)])
def test_the_median_is_of_the_nights_by_their_power_and_whole(powers: list[int], median: int) -> None:
    found = trend(row("2026-11-30", powers))
    assert found is not None
    assert found.recent.va == median


@pytest.mark.parametrize(("known", "median"), [(9, None), (10, 70)])
def test_fewer_than_ten_nights_have_no_median_and_no_change(known: int, median: int | None) -> None:
    earlier = row("2026-10-31", [70] * known)
    found = trend([*earlier, *row("2026-11-30", [100] * 30)])
    assert found is not None
    assert (found.before.nights, found.before.va) == (known, median)
    assert found.change_since(found.before) == (None if median is None else 30)
    alone = trend(earlier)
    assert alone is not None
    assert alone.recent.va == median


def test_missing_nights_are_not_replaced_by_older_ones() -> None:
    found = trend(nights({"2026-11-30": 1, **{f"2026-10-{day:02}": 500 for day in range(1, 32)}}))
    assert found is not None
    assert (found.recent.nights, found.before.nights) == (1, 30)


def test_the_year_before_a_leap_day_ends_with_the_last_of_february() -> None:
    found = trend(nights({"2028-02-29": 1}))
    assert found is not None
    assert (found.year_ago.start, found.year_ago.end) == (d("2027-01-30"), d("2027-03-01"))


def test_without_nights_there_is_no_trend() -> None:
    assert trend([]) is None


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (
            By.DAY,
            [
                Typical(d("2025-12-31"), d("2026-01-01"), 1, 360, 80),
                Typical(d("2026-01-01"), d("2026-01-02"), 1, 360, 0),
                Typical(d("2026-01-03"), d("2026-01-04"), 1, 360, 100),
                Typical(d("2026-03-01"), d("2026-03-02"), 1, 360, 140),
            ],
        ),
        (
            By.MONTH,
            [
                Typical(d("2025-12-31"), d("2026-01-01"), 1, 360, 80),
                Typical(d("2026-01-01"), d("2026-01-04"), 2, 720, 50),
                Typical(d("2026-03-01"), d("2026-03-02"), 1, 360, 140),
            ],
        ),
        (
            By.YEAR,
            [
                Typical(d("2025-12-31"), d("2026-01-01"), 1, 360, 80),
                Typical(d("2026-01-01"), d("2026-03-02"), 3, 1080, 100),
            ],
        ),
    ],
)
def test_days_months_and_years_have_the_median_of_their_nights_from_the_first_to_the_last(
    by: By, expected: list[Typical]
) -> None:
    powers = {"2025-12-31": 80, "2026-01-01": 0, "2026-01-03": 100, "2026-03-01": 140}
    assert by_period(nights(powers), by) == expected
