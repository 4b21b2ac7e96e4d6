"""A day's cost divided by its hours: the hours add up to the day, each with what it counted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from cost_building import PARIS, SITE, d

from tictally_recorder.cost.by_hour import HOUR_MS, DayOfHours, Slice, amounts_by_hour
from tictally_recorder.cost.model import LUMP_SUM, CostRow, Quality
from tictally_recorder.energy.register_totals import RegisterPart
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms

DAY = d("2026-01-05")
START_MS, END_MS = day_bounds_ms(DAY, PARIS)
CONSUMPTION = Direction.CONSUMPTION


def part(register: str, first: int, last: int, wh: int, price: str | None = None) -> RegisterPart:
    """What a register counted from one quarter-hour of the day to another."""
    start_ms, end_ms = START_MS + first * QUARTER_MS, START_MS + last * QUARTER_MS
    return RegisterPart(register, start_ms, end_ms, 0, wh, wh, price=None if price is None else Decimal(price))


def row(period: str | None, amount: str | None, *parts: RegisterPart, day: date = DAY) -> CostRow:
    quality = Quality.UNKNOWN if amount is None else Quality.MEASURED
    wh, money = sum(each.energy_wh for each in parts), None if amount is None else Decimal(amount)
    return CostRow(SITE, day, CONSUMPTION, period, wh, None, money, "EUR", None, 6, quality, None, parts)


def day_of(*, by: int = 4, **energies_wh: Sequence[int]) -> DayOfHours:
    """The day with what registers counted in parts of `by` quarter-hours, from midnight on."""
    length_ms = by * QUARTER_MS
    slices = {
        name: [Slice(START_MS + n * length_ms, START_MS + (n + 1) * length_ms, wh) for n, wh in enumerate(all_of)]
        for name, all_of in energies_wh.items()
    }
    return DayOfHours(START_MS, END_MS, slices)


def amounts(rows: Sequence[CostRow], day: DayOfHours) -> list[Decimal]:
    """By hour of the day, from the first on."""
    found = amounts_by_hour(rows, day)[CONSUMPTION]
    assert found is not None
    return [
        found.get(START_MS + hour * HOUR_MS, Decimal(-1))
        for hour in range(max(found) // HOUR_MS - START_MS // HOUR_MS + 1)
    ]


def test_energy_costs_what_its_hours_counted() -> None:
    rows = [row("HC", "0.9", part("EASF01", 0, 96, 900)), row("HP", "0.4", part("EASF02", 0, 96, 200))]
    day = day_of(EASF01=[300, 600, 0, 0], EASF02=[0, 0, 50, 150])
    assert amounts(rows, day) == [Decimal(each) for each in ("0.3", "0.6", "0.1", "0.3")]


def test_a_period_that_begins_within_an_hour_is_divided_by_quarter_hours() -> None:
    rows = [row("HC", "0.1", part("EAST", 0, 2, 100)), row("HP", "0.8", part("EAST", 2, 8, 400))]
    day = day_of(by=1, EAST=[40, 60, 70, 30, 100, 100, 50, 50])
    assert amounts(rows, day) == [Decimal("0.1") + Decimal("0.2"), Decimal("0.6")]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-01-05", 24)])
def test_a_subscription_is_spread_over_the_hours_there_are(day: str, hours: int) -> None:
    of_day = DayOfHours(*day_bounds_ms(d(day), PARIS), {})
    found = amounts_by_hour([row(None, "0.6", day=d(day))], of_day)[CONSUMPTION]
    assert found is not None
    assert (len(found), {*found.values()}) == (hours, {Decimal("0.6") / hours})
    assert round(sum(found.values()), 20) == Decimal("0.6")


def test_each_quarter_hour_has_its_own_price_in_a_series() -> None:
    parts = [part("EAST", 0, 1, 1000, "0.10"), part("EAST", 1, 2, 1000, "0.30"), part("EAST", 4, 5, 500, "0.20")]
    assert amounts([row("TOTAL", "0.5", *parts)], day_of()) == [Decimal("0.40"), Decimal("0.10")]


def test_income_is_negative_and_stands_for_itself() -> None:
    parts = [part("EAIT", 0, 4, 1000, "0.04")]
    sold = replace(row("TOTAL", "-0.04", *parts), direction=Direction.INJECTION)
    found = amounts_by_hour([row("BASE", "0.2", part("EAST", 0, 8, 100)), sold], day_of(EAST=[50, 50]))
    assert found == {
        CONSUMPTION: {START_MS: Decimal("0.1"), START_MS + HOUR_MS: Decimal("0.1")},
        Direction.INJECTION: {START_MS: Decimal("-0.04")},
    }


def test_a_day_of_which_a_part_is_unknown_has_no_amounts() -> None:
    rows = [row("HC", "0.9", part("EASF01", 0, 96, 900)), row("HP", None, part("EASF02", 0, 96, 200))]
    assert amounts_by_hour(rows, day_of(EASF01=[900], EASF02=[200])) == {CONSUMPTION: None}
    assert amounts_by_hour(reversed(rows), day_of(EASF01=[900], EASF02=[200])) == {CONSUMPTION: None}


def test_what_is_paid_once_is_paid_in_the_first_hour() -> None:
    assert amounts([row(LUMP_SUM, "25")], day_of()) == [Decimal(25)]


def test_hours_that_counted_nothing_cost_nothing_and_are_there() -> None:
    assert amounts([row("BASE", "0", part("EAST", 0, 8, 0))], day_of(EAST=[0, 0])) == [0, 0]


def test_an_amount_without_hours_is_spread_evenly() -> None:
    assert sum(amounts([row("BASE", "2.4", part("EAST", 0, 8, 100))], day_of())) == pytest.approx(Decimal("2.4"))
