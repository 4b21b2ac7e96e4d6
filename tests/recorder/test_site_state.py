"""The figures published for a site, computed by hand: the known to the cent, the unknown with their reason."""

from dataclasses import replace
from decimal import Decimal

import pytest
from cost_building import BASE, EJP, HPHC, SITE, SURPLUS, costs, d, days, midnight_ms, on, row, tariff, version

from tictally_recorder.cost import CostRow, Terms
from tictally_recorder.cost.contracts import Contract, ContractError, Contracts
from tictally_recorder.energy import EnergyRow
from tictally_recorder.hubs.site_state import CurrentSite, site_figures
from tictally_recorder.tariffs.model import Direction, Tariff
from tictally_recorder.tariffs.series import Series, Step
from tictally_shared.calendar import QUARTER_MS

TODAY = d("2025-07-02")
PRESENT = CurrentSite(SITE, TODAY, midnight_ms(TODAY) + 12 * 3_600_000, "HP")
# 1 July: 4 kWh off-peak, 6 kWh on peak; today half as much.
ENERGY = [
    row(d("2025-06-30"), "EASF01", 1000),
    row(d("2025-06-30"), "EASF02", 1000),
    row(d("2025-07-01"), "EASF01", 4000),
    row(d("2025-07-01"), "EASF02", 6000),
    row(TODAY, "EASF01", 2000),
    row(TODAY, "EASF02", 3000),
]


def published_figures(
    contracts: Contracts,
    *tariffs: Tariff,
    energy: list[EnergyRow] = ENERGY,
    period: str | None = "HP",
    before: dict[Direction, Decimal] | None = None,
) -> dict[str, str]:
    rows = costs(days("2025-06-30", "2025-07-02"), energy, contracts, *tariffs, ngtf="H PLEINE/CREUSE")
    rows = [each for each in rows if each.day >= d("2025-07-01")]
    terms = Terms(contracts, {each.id: each for each in tariffs})
    return site_figures(replace(PRESENT, period=period), rows, before or {}, terms)


def test_cost_of_a_day_a_month_and_in_total_is_right_to_the_cent() -> None:
    # A day's subscription: 14.04 / 31 = 0.45290.
    # 1 July:  4 x 0.1696 + 6 x 0.2146 = 0.6784 + 1.2876 = 1.9660, with subscription 2.41890
    # 2 July:  2 x 0.1696 + 3 x 0.2146 = 0.3392 + 0.6438 = 0.9830, with subscription 1.43590
    found = published_figures(on(HPHC), HPHC, before={Direction.CONSUMPTION: Decimal("100.004")})
    assert found == {
        "cost_today": "1.44",
        "cost_yesterday": "2.42",
        "cost_month": "3.85",
        "cost_total": "101.44",
        "price": "0.2146",
        "period": "HP",
        "subscription": "14.04",
        "tariff": "hphc 2025-02-01",
        "tariff_age": "151",
        "currency": "EUR",
        "quality": "measured",
        "reason": "none",
    }


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (None, "none"),
        ("2025-06-30", "none"),
        ("2025-07-01", "none"),
        # The site is newer than the month.
        ("2025-07-02", "1.44"),
        ("2025-07-03", "1.44"),
    ],
)
def test_a_month_of_which_a_day_is_yet_to_be_computed_is_unknown(since: str | None, expected: str) -> None:
    rows = costs([TODAY], ENERGY, on(HPHC), HPHC, ngtf="H PLEINE/CREUSE")
    present = replace(PRESENT, since=None if since is None else d(since))
    found = site_figures(present, rows, {}, Terms(on(HPHC), {HPHC.id: HPHC}))
    assert (found["cost_today"], found["cost_month"]) == ("1.44", expected)


def test_a_month_is_known_before_anything_is_of_today() -> None:
    rows = costs([d("2025-07-01")], ENERGY, on(HPHC), HPHC, ngtf="H PLEINE/CREUSE")
    found = site_figures(PRESENT, rows, {}, Terms(on(HPHC), {HPHC.id: HPHC}))
    assert (found["cost_today"], found["cost_month"]) == ("none", "2.42")


def test_amounts_in_another_currency_are_not_added() -> None:
    swiss = replace(HPHC, id="swiss", currency="CHF")
    contracts = on(Contract(SITE, "swiss", d("2025-01-01"), power_kva=6), Contract(SITE, HPHC.id, TODAY, power_kva=6))
    found = published_figures(contracts, HPHC, swiss)
    assert (found["cost_today"], found["cost_yesterday"], found["cost_month"]) == ("1.44", "none", "none")
    assert found["currency"] == "EUR"


@pytest.mark.parametrize(
    ("period", "expected"), [("HC", ("HC", "0.1696")), ("HEURES CREUSES", ("none", "none")), (None, ("none", "none"))]
)
def test_the_price_is_that_of_the_period_the_meter_counts_in(period: str | None, expected: tuple[str, str]) -> None:
    found = published_figures(on(HPHC), HPHC, period=period)
    assert (found["period"], found["price"]) == expected


def test_a_single_price_applies_in_whichever_period_the_meter_counts() -> None:
    found = published_figures(on(BASE), BASE, period=None)
    assert (found["period"], found["price"]) == ("BASE", "0.2016")


def test_a_series_has_the_price_of_the_moment() -> None:
    spot = tariff("spot", (), version("spot", "2025-01-01", {}, {None: "5"}), series=True)
    start = midnight_ms(TODAY)
    series = Series([Step(start + n * QUARTER_MS, start + (n + 1) * QUARTER_MS, Decimal(n - 50)) for n in range(96)])
    terms = Terms(on(spot), {"spot": spot}, {"spot": series})
    assert site_figures(PRESENT, [], {}, terms)["price"] == "-2"
    assert site_figures(replace(PRESENT, now_ms=start - 1), [], {}, terms)["price"] == "none"


def test_without_a_version_today_only_the_reason_is_published() -> None:
    later = tariff("hphc", ("HC", "HP"), version("hphc", "2025-07-02", {"HC": "0.1", "HP": "0.2"}, {None: "9"}))
    found = published_figures(on(later), later)
    assert (found["cost_today"], found["cost_yesterday"], found["cost_month"]) == ("1.09", "none", "none")
    gone = tariff("hphc", ("HC", "HP"), version("hphc", "2025-08-02", {"HC": "0.1", "HP": "0.2"}, {None: "9"}))
    found = published_figures(on(gone), gone)
    assert {name for name, payload in found.items() if payload != "none"} == {"quality", "reason"}
    assert (found["quality"], found["reason"]) == ("unknown", "hphc has no version")


def test_without_a_contract_that_is_the_reason() -> None:
    found = published_figures(Contracts([]))
    assert (found["cost_today"], found["reason"]) == ("none", "there is no contract")


def test_a_list_that_is_overdue_makes_the_cost_provisional() -> None:
    found = published_figures(
        on(replace(HPHC, revised=((7, 1),))), replace(HPHC, versions=HPHC.versions[:1], revised=((7, 1),))
    )
    assert (found["cost_today"], found["quality"]) == ("1.44", "provisional")
    assert found["reason"] == "a revision was due on 2025-07-01, and hphc 2025-02-01 is the newest known"


def test_a_day_of_which_the_meter_sent_nothing_has_no_cost() -> None:
    found = site_figures(PRESENT, [], {}, Terms(on(HPHC), {"hphc": HPHC}))
    assert (found["cost_today"], found["quality"]) == ("none", "unknown")
    assert found["reason"] == "the meter sent nothing"


def test_one_unknown_part_makes_the_sum_unknown() -> None:
    found = published_figures(on(EJP, power_kva=9), EJP, period="HP")
    assert (found["cost_today"], found["cost_month"], found["quality"]) == ("none", "none", "unknown")
    assert "EASF01 counted HC" in found["reason"]


def test_an_unusable_file_is_named_as_the_reason() -> None:
    rows: list[CostRow] = costs([TODAY], ENERGY, on(HPHC), HPHC, ngtf="H PLEINE/CREUSE")
    found = site_figures(replace(PRESENT, problem=ContractError("contracts.toml", 3, "no").reason), rows, {}, None)
    assert {name for name, payload in found.items() if payload != "none"} == {"quality", "reason"}
    assert (found["quality"], found["reason"]) == (
        "unknown",
        "contracts.toml, line 3, cannot be used: no; correct that line",
    )


def test_income_is_published_separately_and_as_a_positive_amount() -> None:
    energy = [*ENERGY, row(d("2025-07-01"), "EAIT", 10_000), row(TODAY, "EAIT", 5000)]
    before = {Direction.CONSUMPTION: Decimal(100), Direction.INJECTION: Decimal(-50)}
    found = published_figures(on(HPHC, SURPLUS), HPHC, SURPLUS, energy=energy, before=before)
    # 5 and 10 kWh at 0.04
    assert (found["income_today"], found["income_month"], found["income_total"]) == ("0.20", "0.60", "50.20")
    assert (found["price_injection"], found["cost_today"], found["cost_total"]) == ("0.04", "1.44", "101.44")


def test_without_a_contract_of_injection_there_is_no_income() -> None:
    assert not any(name.startswith("income") for name in published_figures(on(HPHC), HPHC))


INJECTED = [row(d("2025-07-01"), "EAIT", 10_000), row(TODAY, "EAIT", 5000)]
STOOD = [row(day, register, 0) for day in days("2025-06-30", "2025-07-02") for register in ("EAST", "EASF01")]


def test_a_site_that_only_injects_has_an_income_and_no_figures_of_consumption() -> None:
    before = {Direction.INJECTION: Decimal(-50)}
    found = published_figures(on(SURPLUS), SURPLUS, energy=[*STOOD, *INJECTED], before=before)
    assert found == {
        "income_today": "0.20",
        "income_month": "0.60",
        "income_total": "50.20",
        "price_injection": "0.04",
        "tariff": "surplus 2025-01-01",
        "tariff_age": "182",
        "currency": "EUR",
        "quality": "measured",
        "reason": "none",
    }


def test_income_beside_consumption_without_a_contract_is_published_with_the_reason_of_the_cost() -> None:
    found = published_figures(on(SURPLUS), SURPLUS, energy=[*ENERGY, *INJECTED])
    assert (found["income_today"], found["currency"], found["cost_today"]) == ("0.20", "EUR", "none")
    assert (found["quality"], found["reason"]) == ("unknown", "there is no contract for consumption")
