"""The quality of figures: an unknown one has a reason and no amount, never zero."""

from dataclasses import replace
from datetime import date
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
    quarter_rows,
    row,
    tariff,
    version,
    words,
)

from tictally_recorder.cost import CostRow, Quality
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.energy import EnergyRow
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.tariffs.series import Series, Step
from tictally_shared.calendar import QUARTER_MS

DAY = d("2025-06-10")


def off_peak_and_peak(day: date = DAY, *, inferred: bool = False) -> list[EnergyRow]:
    return [row(day, "HCHC", 2000, inferred=inferred), row(day, "HCHP", 3000)]


def by_period(found: list[CostRow]) -> dict[str | None, CostRow]:
    rows = {each.period: each for each in found}
    assert len(rows) == len(found)
    return rows


def unknown(found: list[CostRow]) -> dict[str | None, str | None]:
    """Period → reason of each unknown row; checks that none of them has an amount."""
    assert all((each.amount is None) == (each.quality is Quality.UNKNOWN) for each in found)
    return {each.period: words(each.reason) for each in found if each.quality is Quality.UNKNOWN}


def test_a_divided_gap_marks_its_own_rows_and_nothing_else() -> None:
    found = by_period(costs([DAY], off_peak_and_peak(inferred=True), on(HPHC), HPHC))
    assert {period: each.quality for period, each in found.items()} == {
        "HC": Quality.ESTIMATED,
        "HP": Quality.MEASURED,
        None: Quality.MEASURED,
    }


@pytest.mark.parametrize(
    ("day", "quality", "reason"),
    [
        ("2025-08-01", Quality.MEASURED, None),
        ("2026-01-31", Quality.MEASURED, None),
        (
            "2026-02-01",
            Quality.PROVISIONAL,
            "a revision was due on 2026-02-01, and hphc 2025-08-01 is the newest known",
        ),
    ],
)
def test_an_overdue_tariff_is_provisional_and_still_has_cost(day: str, quality: Quality, reason: str | None) -> None:
    found = costs([d(day)], off_peak_and_peak(d(day)), on(HPHC), HPHC)
    assert [(each.quality, words(each.reason)) for each in found] == [(quality, reason)] * 3
    assert by_period(found)["HC"].amount == Decimal("0.327")


def test_a_day_before_the_contract_or_after_it_is_unknown() -> None:
    contracts = on(Contract(SITE, HPHC.id, d("2025-06-10"), d("2025-06-20"), 6))
    for day, known in (("2025-06-09", False), ("2025-06-10", True), ("2025-06-20", True), ("2025-06-21", False)):
        found = unknown(costs([d(day)], off_peak_and_peak(d(day)), contracts, HPHC))
        why = "the contract begins on 2025-06-10" if day < "2025-06-10" else "the contract ended on 2025-06-20"
        assert found == ({} if known else {"HC": why, "HP": why, None: why})


def test_a_site_without_any_contract_has_none() -> None:
    assert set(unknown(costs([DAY], off_peak_and_peak(), Contracts())).values()) == {"there is no contract"}


@pytest.mark.parametrize(("consumed_wh", "ngtf"), [(0, "BASE"), (0, None), (240, "PRODUCTEUR")])
def test_a_site_that_only_injects_has_a_complete_income(consumed_wh: int, ngtf: str | None) -> None:
    rows = [row(DAY, "EAST", consumed_wh), row(DAY, "EASF01", consumed_wh), row(DAY, "EAIT", 20_000)]
    found = costs([DAY], rows, on(SURPLUS), SURPLUS, ngtf=ngtf)
    assert [(each.period, each.amount, each.quality) for each in found] == [
        ("SURPLUS", Decimal("-0.8"), Quality.MEASURED)
    ]


def test_consumption_beside_an_injection_contract_alone_is_unknown_and_income_is_not() -> None:
    rows = [row(DAY, "EAST", 5000), row(DAY, "EASF01", 5000), row(DAY, "EAIT", 20_000)]
    found = costs([DAY], rows, on(SURPLUS), SURPLUS, ngtf="BASE")
    why = "there is no contract for consumption"
    assert unknown(found) == {"BASE": why, None: why}
    assert by_period(found)["SURPLUS"].amount == Decimal("-0.8")


def test_a_site_that_only_injects_has_no_income_before_its_contract() -> None:
    contracts = on(Contract(SITE, SURPLUS.id, d("2025-07-01"), direction=Direction.INJECTION))
    found = unknown(costs([DAY], [row(DAY, "EAST", 0), row(DAY, "EAIT", 5)], contracts, SURPLUS))
    assert found == {None: "the contract begins on 2025-07-01"}


def test_energy_without_contract_is_shown() -> None:
    found = costs([DAY], [row(DAY, "EAST", 5000)], Contracts())
    assert [(each.period, each.energy_wh) for each in found] == [("EAST", 5000), (None, 0)]
    found = costs([DAY], [row(DAY, "EAST", 0)], Contracts())
    assert [(each.period, each.energy_wh) for each in found] == [(None, 0)]


def test_a_missing_tariff_is_named() -> None:
    found = unknown(costs([DAY], off_peak_and_peak(), on(HPHC)))
    assert found == dict.fromkeys(["HC", "HP", None], "there is no tariff hphc")


def test_a_gap_between_versions_stays_a_gap() -> None:
    gappy = tariff(
        "gappy",
        ("HC", "HP"),
        replace(version("gappy", "2025-01-01", {"HC": "0.1", "HP": "0.2"}, {None: "10"}), until=d("2025-06-09")),
        version("gappy", "2025-06-11", {"HC": "0.1", "HP": "0.2"}, {None: "10"}),
    )
    for day, known in (("2024-12-31", False), ("2025-06-09", True), ("2025-06-10", False), ("2025-06-11", True)):
        found = unknown(costs([d(day)], off_peak_and_peak(d(day)), on(gappy), gappy))
        assert found == ({} if known else dict.fromkeys(["HC", "HP", None], "gappy has no version"))


def test_a_power_without_price_is_unknown() -> None:
    found = unknown(costs([DAY], off_peak_and_peak(), on(HPHC, power_kva=12), HPHC))
    assert found == {
        "HC": "hphc 2025-02-01 has no price for HC at 12 kVA",
        "HP": "hphc 2025-02-01 has no price for HP at 12 kVA",
        None: "hphc 2025-02-01 has no subscription at 12 kVA",
    }


def test_a_subscription_without_a_price_is_unknown_and_the_energy_is_not() -> None:
    revised = tariff("revised", ("HC", "HP"), version("revised", "2025-01-01", {"HC": "0.1", "HP": "0.2"}, {}))
    found = costs([DAY], off_peak_and_peak(), on(revised), revised)
    assert unknown(found) == {None: "revised 2025-01-01 has no subscription at 6 kVA"}


def test_a_period_that_no_register_counts_is_unknown() -> None:
    found = unknown(costs([DAY], [row(DAY, "HCHC", 2000)], on(HPHC), HPHC))
    assert found == {"HP": "no register counted HP"}


def test_a_register_that_counted_nothing_costs_nothing() -> None:
    found = by_period(costs([DAY], [row(DAY, "HCHC", 0), row(DAY, "HCHP", 0)], on(HPHC), HPHC))
    assert (found["HC"].amount, found["HC"].quality) == (Decimal(0), Quality.MEASURED)


def test_a_day_without_registers_has_a_subscription_and_unknown_energy() -> None:
    found = costs([DAY], [], on(HPHC), HPHC)
    why = "the meter sent nothing"
    assert unknown(found) == {"HC": why, "HP": why}


def test_energy_in_a_period_that_the_tariff_does_not_have_is_unknown() -> None:
    found = costs([DAY], [*off_peak_and_peak(), row(DAY, "EASF03", 700, period="WE")], on(HPHC), HPHC)
    assert unknown(found) == {"WE": "EASF03 counted WE, which is no period of hphc and no alias of the contract"}
    assert by_period(found)["WE"].energy_wh == 700


def test_energy_of_a_register_whose_period_is_not_known_is_unknown() -> None:
    found = costs([DAY], [*off_peak_and_peak(), row(DAY, "EASF03", 700)], on(HPHC), HPHC)
    assert unknown(found) == {"EASF03": "EASF03 counted energy that belongs to no known period of hphc"}


def test_a_base_meter_on_a_tariff_of_two_periods_is_unknown() -> None:
    found = unknown(costs([DAY], [row(DAY, "BASE", 700)], on(HPHC), HPHC))
    assert found == {
        "HC": "no register counted HC",
        "HP": "no register counted HP",
        "BASE": "BASE counted energy that belongs to no known period of hphc",
    }


def test_tempo_without_the_meters_colours_is_unknown() -> None:
    tempo = tariff(
        "tempo", TEMPO_PERIODS, version("tempo", "2025-01-01", dict.fromkeys(TEMPO_PERIODS, "0.1"), {6: "9"})
    )
    found = unknown(costs([DAY], off_peak_and_peak(), on(tempo), tempo))
    assert found.keys() == {*TEMPO_PERIODS, "HC", "HP"}


def test_injection_is_not_divided_by_period() -> None:
    double = tariff(
        "double",
        ("DAY", "NIGHT"),
        version("double", "2025-01-01", {"DAY": "0.1", "NIGHT": "0.2"}, {}),
        direction=Direction.INJECTION,
    )
    rows = [row(DAY, "EAST", 1000), row(DAY, "EAIT", 500)]
    assert unknown(costs([DAY], rows, on(BASE, double), BASE, double)).keys() == {"DAY", "NIGHT", "EAIT"}


SPOT = tariff("spot", (), version("spot", "2025-01-01", {}, {None: "6"}), series=True)


def prices(*numbers: int) -> Series:
    start = midnight_ms(DAY)
    return Series([Step(start + n * QUARTER_MS, start + (n + 1) * QUARTER_MS, Decimal("0.1")) for n in numbers])


@pytest.mark.parametrize(
    ("energies", "series", "expected"),
    [
        ([400, 500, 600], prices(0, 1, 2), {}),
        ([400, 0, 600], prices(0, 2), {}),
        ([400, 500, 600], prices(0, 2), {"TOTAL": "there is no price for 2025-06-10 00:15+02:00"}),
        ([], prices(0), {"TOTAL": "no register counted TOTAL"}),
    ],
)
def test_energy_for_which_a_series_has_no_price_is_unknown(
    energies: list[int], series: Series, expected: dict[str, str]
) -> None:
    rows, quarters = [row(DAY, "EAST", sum(energies))], quarter_rows("EAST", DAY, energies)
    found = costs([DAY], rows, on(SPOT), SPOT, quarters=quarters, spot=series)
    assert unknown(found) == expected


def test_a_series_without_its_prices_is_unknown() -> None:
    found = unknown(costs([DAY], [row(DAY, "EAST", 500)], on(SPOT), SPOT))
    assert found == {"TOTAL": "the price series of spot is missing"}


def test_where_only_the_total_is_counted_that_is_the_reason_of_each_period() -> None:
    found = unknown(costs([DAY], [row(DAY, "EAST", 5000)], on(HPHC), HPHC))
    assert found == {
        "HC": "only the total of EAST is known, and not how much of it was HC",
        "HP": "only the total of EAST is known, and not how much of it was HP",
    }
