"""Every month since August 2016 on every option and power of the regulated tariffs, against another computation."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import groupby

import pytest
from cost_building import PARIS, SITE
from independent_cost import END, FIRST, PERIODS, Priced, energy_wh, months, powers, price

from tictally_recorder.cost import CostRow, Terms, Use, cost, to_cents
from tictally_recorder.cost.bill import make_bill
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.energy import EnergyRow
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_shared.calendar import QUARTER_MS, day_bounds_ms

TARIFFS = load_catalogue().tariffs
NGTF = {"base": "BASE", "hphc": "H PLEINE/CREUSE", "tempo": "TEMPO", "ejp": "EJP"}
DAYS = [FIRST + timedelta(days=n) for n in range((END - FIRST).days)]
HALF_A_CENT = Decimal("0.005")


@cache
def used(option: str) -> Use:
    """The meter's registers at each midnight: EASF01 counts the first period, EASF02 the second."""
    rows, registers = [], dict.fromkeys(PERIODS[option], 1_000_000)
    for day in DAYS:
        bounds = day_bounds_ms(day, PARIS)
        quarters = (bounds[1] - bounds[0]) // QUARTER_MS
        for number, period in enumerate(PERIODS[option], 1):
            first, wh = registers[period], energy_wh(option)[day].get(period, 0)
            registers[period] = first + wh
            register = f"EASF{number:02}"
            rows.append(
                EnergyRow(
                    *bounds,
                    SITE,
                    register,
                    None,
                    NGTF[option],
                    "Wh",
                    wh,
                    *bounds,
                    first_value=first,
                    last_value=first + wh,
                    covered=quarters,
                    quarters=quarters,
                )
            )
    return Use(SITE, rows)


def computed(option: str, power: int) -> dict[date, list[CostRow]]:
    tariff = TARIFFS[f"edf-bleu-{option}"]
    contracts = Contracts((Contract(SITE, tariff.id, FIRST, power_kva=power),))
    rows = cost(used(option), DAYS, Terms(contracts, {tariff.id: tariff}), PARIS)
    return {month: list(of_month) for month, of_month in groupby(rows, key=lambda row: row.day.replace(day=1))}


def amounts(rows: Iterable[CostRow], period: str | None) -> Decimal | None:
    found = [row.amount for row in rows if row.period == period]
    return None if not found or None in found else sum((each for each in found if each is not None), Decimal(0))


def difference(found: Decimal | None, right: Decimal | None) -> Decimal:
    """How far apart two amounts are; one that is unknown and one that is not are far apart."""
    if found is None or right is None:
        return Decimal(0) if found is right else Decimal("Infinity")
    return abs(found - right)


def test_the_other_computation_covers_every_month_and_power() -> None:
    assert len(list(months())) == 124
    assert {option: len(powers(option)) for option in PERIODS} == {"base": 9, "hphc": 8, "tempo": 7, "ejp": 5}
    known = [price(option, power, month) for option in PERIODS for power in powers(option) for month in months()]
    # Without a price: Base above 15 kVA before 2022-08 and Tempo at 6 before 2023-02; EJP where no version is known.
    base, tempo, ejp = 4 * 72, 78, 5 * (24 + 26 + 18)
    assert sum(each.subscription is None for each in known) == base + tempo + ejp
    assert all(wh > 0 for option in ("base", "hphc") for day in energy_wh(option).values() for wh in day.values())


@pytest.mark.parametrize(("option", "power"), [(option, power) for option in PERIODS for power in powers(option)])
def test_every_month_costs_what_another_computation_gives(option: str, power: int) -> None:
    of_months = computed(option, power)
    assert list(of_months) == list(months())
    wrong: list[object] = []
    for month, rows in of_months.items():
        right = price(option, power, month)
        wrong += [
            (month, period, found, expected)
            for period, expected in [*right.energy.items(), (None, right.subscription)]
            if difference(found := amounts(rows, period), expected) > HALF_A_CENT
        ]
        wrong += bill_faults(month, rows, right)
    assert wrong == []


def bill_faults(month: date, rows: list[CostRow], right: Priced) -> list[object]:
    """A month's bill: its total, and that its parts add up to it in cents."""
    made = make_bill(SITE, month, rows[-1].day + timedelta(days=1), rows, TARIFFS)
    if not made.totals:
        return [] if right.subscription is None and not any(right.energy.values()) else [(month, "no total")]
    (total,) = made.totals
    faults: list[object] = []
    if difference(total.amount, right.total) > HALF_A_CENT:
        faults.append((month, "total", total.amount, right.total))
    balance = total.balance
    parts = [total.not_split, total.income]
    if balance is not None:
        known = (balance.ht_energy, balance.ht_subscription, balance.accise, balance.cta)
        parts += [part for part in known if part is not None]
        parts += [balance.vat, balance.rounding, balance.unexplained]
        if balance.unexplained:
            faults.append((month, "more than rounding", balance.unexplained))
    if to_cents(sum(parts, Decimal(0))) != to_cents(total.amount):
        faults.append((month, "parts", sum(parts, Decimal(0)), total.amount))
    return faults
