"""Sums of days: a line for each price, each reason once, nothing rounded and nothing lost."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from cost_building import BASE, HPHC, SURPLUS, costs, d, days, on, row, spread, total, words
from hypothesis import given
from hypothesis import strategies as st

from tictally_recorder.cost import Quality, RegisterPart, to_cents
from tictally_recorder.cost.aggregation import reasons_of, registers_of, sum_up
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.energy import EnergyRow
from tictally_shared.calendar import By

MARCH = days("2025-03-01", "2025-03-31")


def test_a_month_is_a_line_for_each_price_with_the_subscription_last() -> None:
    rows = costs(MARCH, spread(MARCH, EASF01=31_000, EASF02=62_000), on(HPHC), HPHC, ngtf="H PLEINE/CREUSE")
    (march,) = sum_up(rows, By.MONTH)
    assert (march.start, march.end, march.is_known) == (d("2025-03-01"), d("2025-04-01"), True)
    assert [(line.period, line.energy_wh, line.price, len(line.days)) for line in march.lines] == [
        ("HC", 31_000, Decimal("0.1696"), 31),
        ("HP", 62_000, Decimal("0.2146"), 31),
        (None, 0, Decimal("14.04"), 31),
    ]
    # 31 x 0.1696 + 62 x 0.2146 + 14.04
    assert to_cents(march.known["EUR"]) == Decimal("32.60")


def test_a_change_of_power_in_a_month_makes_two_subscriptions() -> None:
    contracts = Contracts(
        [
            Contract(None, "hphc", d("2025-01-01"), power_kva=6),
            Contract(None, "hphc", d("2025-03-10"), power_kva=9),
        ]
    )
    (march,) = sum_up(costs(MARCH, [], contracts, HPHC), By.MONTH)
    subscription = [line for line in march.lines if line.period is None]
    assert [(line.price, len(line.days), to_cents(line.amount or Decimal(0))) for line in subscription] == [
        (Decimal("14.04"), 9, Decimal("4.08")),  # 14.04 x 9 / 31
        (Decimal("18.01"), 22, Decimal("12.78")),  # 18.01 x 22 / 31
    ]


def test_income_is_subtracted_from_the_total() -> None:
    rows = costs(MARCH, spread(MARCH, EAST=31_000, EAIT=62_000), on(BASE, SURPLUS), BASE, SURPLUS)
    (march,) = sum_up(rows, By.YEAR)
    assert [(line.direction, line.period) for line in march.lines] == [
        ("consumption", "BASE"),
        ("consumption", None),
        ("injection", "SURPLUS"),
    ]
    # 31 x 0.2016 + 13.72 - 62 x 0.04
    assert to_cents(march.known["EUR"]) == Decimal("17.49")


def test_known_and_unknown_days_are_different_lines() -> None:
    contracts = Contracts([Contract(None, "base", d("2025-03-03"), power_kva=6)])
    (march,) = sum_up(costs(MARCH, spread(MARCH, EAST=31_000), contracts, BASE), By.MONTH)
    assert [(line.period, line.energy_wh, line.amount, line.quality) for line in march.lines][:2] == [
        ("EAST", 2000, None, Quality.UNKNOWN),
        ("BASE", 29_000, Decimal("5.8464"), Quality.MEASURED),
    ]
    assert (march.is_known, march.quality) == (False, Quality.UNKNOWN)
    # 29 x 0.2016 + 13.72 x 29 / 31
    assert to_cents(march.known["EUR"]) == Decimal("18.68")


def test_an_unknown_sum_is_not_zero() -> None:
    (march,) = sum_up(costs(MARCH, spread(MARCH, EAST=31_000), Contracts()), By.MONTH)
    assert dict(march.known) == {}
    assert {line.amount for line in march.lines} == {None}


def test_a_reason_is_listed_once_with_all_its_days() -> None:
    contracts = Contracts([Contract(None, "base", d("2025-03-03"), until=d("2025-03-29"), power_kva=6)])
    found = [row for row in costs(MARCH, spread(MARCH, EAST=31_000), contracts, BASE) if row.amount is None]
    begins, ended = reasons_of(found)
    assert words(begins.reason) == "the contract begins on 2025-03-03"
    assert begins.days == (d("2025-03-01"), d("2025-03-02"))
    assert words(ended.reason) == "the contract ended on 2025-03-29"
    assert ended.days == (d("2025-03-30"), d("2025-03-31"))


@pytest.mark.parametrize(
    ("energy", "reason"),
    [([], "the meter sent nothing"), ([row(day, "EAIT", 5) for day in MARCH], "no register counted BASE")],
)
def test_reasons_of_days_without_energy_are_one(energy: list[EnergyRow], reason: str) -> None:
    rows = costs(MARCH, energy, on(BASE), BASE)
    assert [(words(dated.reason), len(dated.days)) for dated in reasons_of(rows)] == [(reason, 31)]


def test_a_line_has_the_quality_of_its_worst_day() -> None:
    rows = [row(day, "EAST", 1000, inferred=day.day == 7) for day in MARCH]
    (march,) = sum_up(costs(MARCH, rows, on(BASE), BASE), By.MONTH)
    assert [line.quality for line in march.lines] == [Quality.ESTIMATED, Quality.MEASURED]


PART = RegisterPart("EAST", 0, 100, 10, 15, 5)


def test_register_readings_are_joined_only_where_they_continue() -> None:
    after = replace(PART, start_ms=100, end_ms=200, first_value=15, last_value=18, energy_wh=3, inferred=True)
    fell = replace(PART, start_ms=200, end_ms=300, first_value=0, last_value=4, energy_wh=4)
    away = replace(PART, start_ms=400, end_ms=500, first_value=4, last_value=9)
    other = replace(PART, register="EASF01", start_ms=100, end_ms=200, first_value=15)
    assert registers_of([other, away, fell, after, PART]) == [
        other,
        replace(PART, end_ms=200, last_value=18, energy_wh=8, inferred=True),
        fell,
        away,
    ]


def test_a_register_over_quarters_of_several_prices_has_no_single_price() -> None:
    cheap = replace(PART, price=Decimal("0.1"))
    dear = replace(PART, start_ms=100, end_ms=200, first_value=15, last_value=20, price=Decimal("0.2"))
    assert [part.price for part in registers_of([cheap, dear])] == [None]
    assert [part.price for part in registers_of([cheap, replace(dear, price=Decimal("0.1"))])] == [Decimal("0.1")]


@given(
    st.lists(st.integers(0, 40_000), min_size=1, max_size=500),
    st.dates(d("2024-01-01"), d("2025-06-01")),
    st.sampled_from([By.DAY, By.MONTH, By.YEAR]),
)
def test_sums_contain_every_row_once(energies_wh: list[int], first: date, by: By) -> None:
    when = [first + timedelta(days=n) for n in range(len(energies_wh))]
    energy = [row(day, "EAST", energy_wh) for day, energy_wh in zip(when, energies_wh, strict=True)]
    rows = costs(when, energy, on(BASE), BASE)
    found = sum_up(rows, by)
    assert sorted((each.day, str(each.period)) for part in found for each in part.rows) == sorted(
        (each.day, str(each.period)) for each in rows
    )
    assert sum((part.known.get("EUR", Decimal(0)) for part in found), Decimal(0)).quantize(Decimal("1E-9")) == total(
        each for each in rows if each.amount is not None
    ).quantize(Decimal("1E-9"))
    assert [part.start for part in found] == sorted(part.start for part in found)
    assert all(part.end > part.start for part in found)
