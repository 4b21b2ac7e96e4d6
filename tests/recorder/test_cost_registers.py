"""The registers that cost is computed from: each kWh once, in the period that the meter reports."""

from dataclasses import replace
from decimal import Decimal

import pytest
from cost_building import (
    BASE,
    HPHC,
    SITE,
    SURPLUS,
    TEMPO_PERIODS,
    costs,
    d,
    midnight_ms,
    on,
    row,
    tariff,
    version,
)

from tictally_recorder.cost import CostRow, Quality
from tictally_recorder.cost.contracts import Contract
from tictally_recorder.energy.interpolation import Unknown

DAY = d("2025-06-10")
WEEKEND = tariff(
    "weekend",
    ("HC", "HP", "WE"),
    version("weekend", "2025-01-01", {"HC": "0.1", "HP": "0.2", "WE": "0.3"}, {None: "10"}),
)
OTHERS = tariff(
    "others", ("NIGHT", "DAY"), version("others", "2025-01-01", {"NIGHT": "0.1", "DAY": "0.2"}, {None: "10"})
)
TEMPO = tariff(
    "tempo", TEMPO_PERIODS, version("tempo", "2025-01-01", dict.fromkeys(TEMPO_PERIODS, "0.1"), {6: "13.97"})
)

FELL = Unknown(midnight_ms(DAY) + 3_600_000, midnight_ms(DAY) + 7_200_000, fell=True)


def energy(found: list[CostRow]) -> dict[str, int]:
    return {each.period: each.energy_wh for each in found if each.period}


@pytest.mark.parametrize(
    ("registers", "expected"),
    [
        ({"BASE": 5000}, 5000),
        ({"HCHC": 2000, "HCHP": 3000}, 5000),
        ({"BBRHCJB": 1000, "BBRHPJB": 2000, "BBRHCJR": 2000}, 5000),
        ({"EAST": 5000}, 5000),
        ({"EASF01": 2000, "EASF02": 3000}, 5000),
        ({"EAST": 5000, "EASF01": 2000, "EASF02": 3000, "EASD01": 4000, "EASD02": 1000}, 5000),
        # a meter was exchanged, or its mode changed, during the day
        ({"BASE": 2000, "EAST": 3000, "EASF01": 3000}, 5000),
        ({"EAST": 5000, "EAIT": 7000, "ERQ1": 100, "ERQ2": 200}, 5000),
    ],
)
def test_a_single_period_contains_all_consumption_once(registers: dict[str, int], expected: int) -> None:
    rows = [row(DAY, register, each) for register, each in registers.items()]
    found = costs([DAY], rows, on(BASE), BASE)
    assert energy(found) == {"BASE": expected}
    assert all(each.quality is Quality.MEASURED for each in found)


@pytest.mark.parametrize(
    ("ngtf", "registers", "expected"),
    [
        (None, {"HCHC": 2000, "HCHP": 3000}, {"HC": 2000, "HP": 3000}),
        (
            "H PLEINE/CREUSE",
            {"EAST": 5000, "EASF01": 2000, "EASF02": 3000, "EASF03": 0, "EASD01": 5000},
            {"HC": 2000, "HP": 3000},
        ),
        # historique in the morning, standard in the afternoon
        ("H PLEINE/CREUSE", {"HCHC": 2000, "EASF01": 500, "EASF02": 3000}, {"HC": 2500, "HP": 3000}),
    ],
)
def test_registers_count_the_periods_of_the_meters_option(
    ngtf: str | None, registers: dict[str, int], expected: dict[str, int]
) -> None:
    rows = [row(DAY, register, each) for register, each in registers.items()]
    assert energy(costs([DAY], rows, on(HPHC), HPHC, ngtf=ngtf)) == expected


def test_tempo_is_counted_by_its_six_registers() -> None:
    rows = [row(DAY, f"EASF{n:02d}", n * 1000) for n in range(1, 7)]
    standard = energy(costs([DAY], rows, on(TEMPO), TEMPO, ngtf="TEMPO"))
    registers = ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR")
    rows = [row(DAY, register, n * 1000) for n, register in enumerate(registers, 1)]
    historique = energy(costs([DAY], rows, on(TEMPO), TEMPO))
    assert standard == historique == {period: n * 1000 for n, period in enumerate(TEMPO_PERIODS, 1)}


def test_a_period_named_differently_by_a_regulated_option_is_found_by_the_option() -> None:
    rows = [row(DAY, "EASF01", 2000, period="HEURE CREUSE"), row(DAY, "EASF02", 3000, period="HEURE PLEINE")]
    assert energy(costs([DAY], rows, on(HPHC), HPHC, ngtf="H PLEINE/CREUSE")) == {"HC": 2000, "HP": 3000}


def test_a_suppliers_own_calendar_is_read_by_the_meters_period_names() -> None:
    rows = [row(DAY, f"EASF0{n}", n * 1000, period=name) for n, name in ((1, "HC"), (2, "PLEINES"), (3, "WEEK-END"))]
    aliases = {"PLEINES": "HP", "WEEK-END": "WE"}
    contracts = on(Contract(SITE, WEEKEND.id, d("2025-01-01"), aliases=aliases))
    assert energy(costs([DAY], rows, contracts, WEEKEND, ngtf="HC/WE")) == {"HC": 1000, "HP": 2000, "WE": 3000}


@pytest.mark.parametrize(
    ("ngtf", "aliases"),
    [
        # the meter's own name, as in the contract, although the option means HC
        ("H PLEINE/CREUSE", {"HEURE CREUSE": "NIGHT", "HEURE PLEINE": "DAY"}),
        ("H PLEINE/CREUSE", {"HC": "NIGHT", "HEURE PLEINE": "DAY"}),
        ("H PLEINE/CREUSE", {"HC": "NIGHT", "HP": "DAY"}),
        # a register by its own name, on any option
        ("H PLEINE/CREUSE", {"EASF01": "NIGHT", "HP": "DAY"}),
        ("SUPER", {"EASF01": "NIGHT", "EASF02": "DAY"}),
        (None, {"HEURE CREUSE": "NIGHT", "EASF02": "DAY"}),
        # the more exact, the higher its precedence
        (
            "H PLEINE/CREUSE",
            {"EASF01": "NIGHT", "HEURE CREUSE": "DAY", "HC": "DAY", "HEURE PLEINE": "DAY", "HP": "NIGHT"},
        ),
    ],
)
def test_aliases_match_the_register_then_the_meters_name_then_its_option(
    ngtf: str | None, aliases: dict[str, str]
) -> None:
    rows = [row(DAY, "EASF01", 2000, period="HEURE CREUSE"), row(DAY, "EASF02", 3000, period="HEURE PLEINE")]
    contracts = on(Contract(SITE, OTHERS.id, d("2025-01-01"), aliases=aliases))
    assert energy(costs([DAY], rows, contracts, OTHERS, ngtf=ngtf)) == {"NIGHT": 2000, "DAY": 3000}


def test_an_alias_of_a_register_wins_over_that_of_a_name_that_two_registers_share() -> None:
    names = {"EASF01": "HEURES CREUSES", "EASF02": "HEURES PLEINES", "EASF03": "HEURES CREUSES"}
    rows = [row(DAY, register, n * 1000, period=name) for n, (register, name) in enumerate(names.items(), 1)]
    aliases = {"HEURES CREUSES": "HC", "HEURES PLEINES": "HP", "EASF03": "WE"}
    contracts = on(Contract(SITE, WEEKEND.id, d("2025-01-01"), aliases=aliases))
    assert energy(costs([DAY], rows, contracts, WEEKEND, ngtf="HC/WE")) == {"HC": 1000, "HP": 2000, "WE": 3000}


def test_an_unnamed_register_has_the_alias_of_its_own_name() -> None:
    rows = [row(DAY, f"EASF0{n}", n * 1000, period=name) for n, name in ((1, "HC"), (2, "HP"), (3, None))]
    contracts = on(Contract(SITE, WEEKEND.id, d("2025-01-01"), aliases={"EASF03": "WE"}))
    assert energy(costs([DAY], rows, contracts, WEEKEND, ngtf="HC/WE")) == {"HC": 1000, "HP": 2000, "WE": 3000}


NAMED: dict[str, tuple[str | None, int]] = {"EASF01": ("HC", 1000), "EASF02": ("HP", 2000)}
SILENT: dict[str, tuple[str | None, int]] = {"EASF03": (None, 0), "EASF04": (None, 0)}


def weekend_days(registers: dict[str, tuple[str | None, int]], ngtf: str | None = "HC/WE") -> dict[str, Decimal | None]:
    """Period → amount of a day at 0.1, 0.2 and 0.3 a kWh."""
    rows = [row(DAY, register, wh, period=name) for register, (name, wh) in registers.items()]
    found = costs([DAY], rows, on(WEEKEND), WEEKEND, ngtf=ngtf)
    assert all(each.quality is (Quality.UNKNOWN if each.amount is None else Quality.MEASURED) for each in found)
    return {each.period: each.amount for each in found if each.period}


def test_a_period_without_a_named_register_is_zero_if_no_unnamed_register_counted() -> None:
    assert weekend_days(NAMED | SILENT) == {"HC": Decimal("0.1"), "HP": Decimal("0.4"), "WE": 0}
    assert weekend_days({"EASF01": ("HC", 1000)} | SILENT) == {"HC": Decimal("0.1"), "HP": 0, "WE": 0}


@pytest.mark.parametrize(
    ("registers", "ngtf"),
    [
        (NAMED | SILENT | {"EASF03": (None, 5)}, "HC/WE"),
        # no register that could count it was in a frame
        (NAMED, "HC/WE"),
        # a regulated option has no such period, and the option must be known
        (NAMED | SILENT, "H PLEINE/CREUSE"),
        (NAMED | SILENT, None),
        # under a name that the tariff does not have
        (NAMED | SILENT | {"EASF03": ("WEEK-END", 5)}, "HC/WE"),
    ],
)
def test_a_period_that_no_register_counted_stays_unknown_if_another_may_have(
    registers: dict[str, tuple[str | None, int]], ngtf: str | None
) -> None:
    assert weekend_days(registers, ngtf)["WE"] is None


def test_before_any_register_is_named_every_period_is_unknown() -> None:
    assert set(weekend_days({"EASF01": (None, 0)} | SILENT).values()) == {None}


def test_a_register_that_fell_during_a_gap_may_have_counted() -> None:
    rows = [row(DAY, "EASF01", 1000, period="HC"), row(DAY, "EASF02", 2000, period="HP")]
    rows.append(replace(row(DAY, "EASF03", 0), unknown=(FELL,), is_read_twice=False))
    found = costs([DAY], rows, on(WEEKEND), WEEKEND, ngtf="HC/WE")
    assert {each.period for each in found if each.amount is None} == {"WE", "EASF03"}


def test_two_registers_may_be_one_period() -> None:
    rows = [row(DAY, f"EASF0{n}", n * 1000, period=name) for n, name in ((1, "HC"), (2, "HP"), (3, "WE"))]
    contracts = on(Contract(SITE, HPHC.id, d("2025-01-01"), power_kva=6, aliases={"WE": "HC"}))
    assert energy(costs([DAY], rows, contracts, HPHC, ngtf="HC/WE")) == {"HC": 4000, "HP": 2000}


def test_injection_is_costed_by_the_injection_contract_only() -> None:
    rows = [row(DAY, "EAST", 5000), row(DAY, "EAIT", 7000)]
    assert energy(costs([DAY], rows, on(BASE, SURPLUS), BASE, SURPLUS)) == {"BASE": 5000, "SURPLUS": 7000}
    assert energy(costs([DAY], rows, on(BASE), BASE)) == {"BASE": 5000}


def test_rows_of_another_site_or_day_are_left_out() -> None:
    rows = [row(DAY, "EAST", 5000), replace(row(DAY, "EAST", 900), site="other"), row(d("2025-06-11"), "EAST", 800)]
    assert energy(costs([DAY], rows, on(BASE), BASE)) == {"BASE": 5000}
