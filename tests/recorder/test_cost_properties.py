"""Properties of every cost: days are independent, order does not matter, a version changes its own days only."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from cost_building import (
    HPHC,
    PARIS,
    SITE,
    SURPLUS,
    days,
    on,
    row,
    terms,
    version,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tictally_recorder.cost import CostRow, Terms, Use, cost
from tictally_recorder.cost.contracts import Contract
from tictally_recorder.energy import EnergyRow
from tictally_recorder.tariffs.model import Direction

WINDOW = days("2025-07-20", "2025-08-12")
REGISTERS = ("HCHC", "HCHP", "EASF01", "EASF02", "EASF03", "EAST", "EAIT", "EASD01")

a_day = st.sampled_from(WINDOW)
energies = st.lists(
    st.builds(
        row,
        a_day,
        st.sampled_from(REGISTERS),
        st.integers(0, 20_000),
        period=st.sampled_from([None, "HC", "WE"]),
        inferred=st.booleans(),
    ),
    max_size=60,
    unique_by=lambda each: (each.start_ms, each.register),
)
starts = st.lists(a_day, max_size=3, unique=True)
powers = st.sampled_from([6, 9, 12])


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[EnergyRow], Terms]:
    consumption = [Contract(SITE, HPHC.id, start, power_kva=draw(powers)) for start in draw(starts)]
    injection = [Contract(SITE, SURPLUS.id, start, direction=Direction.INJECTION) for start in draw(starts)]
    return draw(energies), terms(on(*consumption, *injection), HPHC, SURPLUS)


def ask(rows: list[EnergyRow], by: Terms, when: list[date]) -> list[CostRow]:
    return cost(Use(SITE, [replace(each, option="H PLEINE/CREUSE") for each in rows]), when, by, PARIS)


@settings(max_examples=100, deadline=None)
@given(questions())
def test_the_cost_of_a_window_is_the_sum_of_its_days(question: tuple[list[EnergyRow], Terms]) -> None:
    rows, by = question
    whole = ask(rows, by, WINDOW)
    each_alone = [ask(rows, by, [day]) for day in WINDOW]
    assert whole == [each for of_day in each_alone for each in of_day]
    assert all(of_day for of_day in each_alone)
    amounts = [sum((each.amount or Decimal(0) for each in of_day), Decimal(0)) for of_day in each_alone]
    window = sum((each.amount or Decimal(0) for each in whole), Decimal(0))
    assert abs(window - sum(amounts, Decimal(0))) < Decimal("1E-20")


@settings(max_examples=100, deadline=None)
@given(questions(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(
    question: tuple[list[EnergyRow], Terms], shuffling: random.Random
) -> None:
    rows, by = question
    expected = ask(rows, by, WINDOW)
    contracts, window, shuffled = list(by.contracts.all), list(WINDOW), list(rows)
    for each in (contracts, window, shuffled):
        shuffling.shuffle(each)
    # A day that is requested twice is in the result once.
    assert ask(shuffled, replace(by, contracts=on(*contracts)), [*window, window[0]]) == expected


@settings(max_examples=100, deadline=None)
@given(questions(), a_day)
def test_a_new_version_changes_exactly_its_own_days(question: tuple[list[EnergyRow], Terms], start: date) -> None:
    rows, before = question
    if start in {each.start for each in HPHC.versions}:
        start += timedelta(days=1)
    added = version(HPHC.id, str(start), {"HC": "0.5", "HP": "0.6"}, {6: "99", 9: "99"}, powers=(6, 9))
    versions = tuple(sorted((*HPHC.versions, added), key=lambda each: each.start))
    after = terms(before.contracts, replace(HPHC, versions=versions), SURPLUS)

    next_start = next((each.start for each in HPHC.versions if each.start > start), date.max)
    under_contract = {day for day in WINDOW if before.contracts.on(SITE, Direction.CONSUMPTION, day)}
    expected = {day for day in WINDOW if start <= day < next_start} & under_contract
    changed = {day for day in WINDOW if ask(rows, before, [day]) != ask(rows, after, [day])}
    assert changed == expected


@settings(max_examples=50, deadline=None)
@given(questions())
def test_each_kwh_of_a_period_register_is_in_one_row(question: tuple[list[EnergyRow], Terms]) -> None:
    rows, by = question
    counted = sum(each.energy for each in rows if each.register[:4] in {"HCHC", "HCHP", "EASF"})
    in_periods = sum(each.energy_wh for each in ask(rows, by, WINDOW) if each.direction is Direction.CONSUMPTION)
    # Without a contract a meter that names no period still shows its total.
    in_periods -= sum(
        part.energy_wh for each in ask(rows, by, WINDOW) for part in each.parts if part.register == "EAST"
    )
    assert in_periods == counted
