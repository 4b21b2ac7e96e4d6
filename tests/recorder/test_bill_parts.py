"""Bills with unusual tariffs and days."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from cost_building import (
    BASE,
    HPHC,
    SITE,
    SURPLUS,
    costs,
    d,
    days,
    english,
    midnight_ms,
    on,
    quarter_rows,
    row,
    spread,
    tariff,
    version,
)

from tictally_recorder.cost import CostRow, to_cents
from tictally_recorder.cost.bill import Bill, make_bill
from tictally_recorder.cost.bill.as_json import as_json
from tictally_recorder.cost.bill.remarks import remarks
from tictally_recorder.cost.bill.report import sections
from tictally_recorder.cost.contracts import Contract
from tictally_recorder.tariffs.model import Direction, Price, Tariff, Taxes
from tictally_recorder.tariffs.series import Series, Step
from tictally_shared.calendar import QUARTER_MS

JUNE = days("2025-06-01", "2025-06-30")
TAXES = Taxes(Decimal("0.0337"), Decimal("0.2193"), Decimal("0.20"), Decimal("0.055"))


def one_price(ttc: str, ht: str, monthly: str = "10.55", monthly_ht: str = "9", taxes: Taxes = TAXES) -> Tariff:
    made = replace(
        version("one", "2025-01-01", {"ALL": ttc}, {None: monthly}),
        energy={None: {"ALL": Price(Decimal(ttc), Decimal(ht))}},
        subscription_ht={None: Decimal(monthly_ht)},
        taxes=taxes,
    )
    return tariff("one", ("ALL",), made)


def bill(rows: list[CostRow], *tariffs: Tariff, start: date = JUNE[0], end: date = JUNE[-1]) -> Bill:
    return make_bill(SITE, start, end + timedelta(days=1), rows, {each.id: each for each in tariffs})


def sum_shown(made: Bill) -> dict[str, str]:
    (section,) = [section for section in sections(made) if section.title == "Sum"]
    return {row[0]: row[1] for row in section.rows}


def test_amounts_that_do_not_fit_together_are_not_called_rounding() -> None:
    # (0.10 + 0.0337) x 1.2 = 0.16044, and the price is 0.17: 100 kWh x 0.17 / 1.2 - 13.37 = 0.796666…
    flat = one_price("0.17", "0.10")
    made = bill(costs(JUNE, spread(JUNE, EAST=99_990), on(flat), flat), flat)
    balance = made.totals[0].balance
    assert balance is not None
    assert (to_cents(balance.unexplained), balance.rounding) == (Decimal("0.80"), Decimal(0))
    assert sum_shown(made)["More than rounding: the tariff does not fit together"] == "0.80"
    assert english(remarks(made))[-1] == (
        "one 2025-01-01: amounts with and without taxes differ by more than the taxes and rounding, of ALL."
    )


@pytest.mark.parametrize(
    ("accise", "ttc", "fits"),
    [
        # (0.09995 … 0.10005 + 0.0337) x 1.2 = 0.16038 … 0.1605, rounded 0.1604 or 0.1605
        ("0.0337", "0.1604", True),
        ("0.0337", "0.1605", True),
        ("0.0337", "0.1603", False),
        ("0.0337", "0.1606", False),
        # (0.09995 … 0.10005 + 0.03342) x 1.2 = 0.160044 … 0.160164, rounded 0.1600 to 0.1602
        ("0.03342", "0.1600", True),
        ("0.03342", "0.1602", True),
        ("0.03342", "0.1599", False),
        ("0.03342", "0.1603", False),
    ],
)
def test_a_price_fits_when_two_roundings_can_explain_it(accise: str, ttc: str, fits: bool) -> None:
    flat = one_price(ttc, "0.10", taxes=replace(TAXES, accise=Decimal(accise)))
    made = bill(costs(JUNE, spread(JUNE, EAST=30_000), on(flat), flat), flat)
    assert made.lines[0].split is not None
    assert made.lines[0].split.fits is fits


def test_a_negative_cta_does_not_fit() -> None:
    # 9.00 / 1.055 = 8.530805…, less than 9 without taxes
    flat = one_price("0.1604", "0.10", monthly="9.00")
    made = bill(costs(JUNE, spread(JUNE, EAST=30_000), on(flat), flat), flat)
    assert "subscription at 6 kVA" in english(remarks(made))[-1]
    assert english(remarks(made))[-1].startswith("one 2025-01-01: amounts with and without taxes differ")


def test_without_a_cta_the_subscription_is_its_price_and_the_tax() -> None:
    # (10 + 0) x 1.055 = 10.55
    taxes = replace(TAXES, cta_share=Decimal(0))
    flat = one_price("0.1604", "0.10", monthly="10.55", monthly_ht="10", taxes=taxes)
    made = bill(costs(JUNE, spread(JUNE, EAST=0), on(flat), flat), flat)
    balance = made.totals[0].balance
    assert balance is not None
    assert balance.ht_subscription is not None
    assert (round(balance.ht_subscription, 9), balance.cta, round(balance.vat, 9)) == (
        Decimal(10),
        Decimal(0),
        Decimal("0.55"),
    )
    assert abs(balance.rounding) < Decimal("1E-20")


def test_a_cta_that_the_tariff_does_not_state_is_not_computed() -> None:
    flat = one_price("0.1604", "0.10", taxes=replace(TAXES, cta_share=None))
    made = bill(costs(JUNE, spread(JUNE, EAST=30_000), on(flat), flat), flat)
    assert english(remarks(made))[-1] == "one 2025-01-01 does not state the CTA of subscription at 6 kVA."
    assert sum_shown(made)["What cannot be taken apart, TTC"] == "10.55"


def test_without_a_cta_only_the_price_without_taxes_is_missing() -> None:
    flat = one_price("0.1604", "0.10", taxes=replace(TAXES, cta_share=Decimal(0)))
    flat = replace(flat, versions=(replace(flat.versions[0], subscription_ht={}),))
    made = bill(costs(JUNE, spread(JUNE, EAST=30_000), on(flat), flat), flat)
    assert (
        english(remarks(made))[-1] == "one 2025-01-01 does not state the price without taxes of subscription at 6 kVA."
    )


def test_energy_at_the_same_price_at_two_powers_is_one_line() -> None:
    contracts = on(
        Contract(SITE, HPHC.id, d("2025-02-01"), power_kva=6), Contract(SITE, HPHC.id, d("2025-06-10"), power_kva=9)
    )
    made = bill(costs(JUNE, spread(JUNE, HCHC=30_000, HCHP=60_000), contracts, HPHC), HPHC)
    assert [(line.period, line.power_kva) for line in made.lines] == [("HC", None), ("HP", None), (None, 6), (None, 9)]


def test_powers_with_different_prices_without_taxes_have_separate_lines() -> None:
    same = version("two", "2025-01-01", {}, {6: "10.00", 9: "10.00"})
    energy: dict[int | None, dict[str, Price]] = {
        power: {"ALL": Price(Decimal("0.1604"), Decimal(ht))} for power, ht in ((6, "0.1000"), (9, "0.0999"))
    }
    two = tariff("two", ("ALL",), replace(same, energy=energy))
    contracts = on(
        Contract(SITE, "two", d("2025-02-01"), power_kva=6), Contract(SITE, "two", d("2025-06-10"), power_kva=9)
    )
    made = bill(costs(JUNE, spread(JUNE, EAST=30_000), contracts, two), two)
    assert [(line.period, line.power_kva, line.price_ht) for line in made.lines] == [
        ("ALL", None, Decimal("0.1000")),
        ("ALL", None, Decimal("0.0999")),
        (None, 6, None),
        (None, 9, None),
    ]


def test_another_sites_rows_are_left_out() -> None:
    rows = costs(JUNE, spread(JUNE, EAST=30_000), on(BASE), BASE)
    others = [replace(each, site="another") for each in rows]
    assert bill(rows + others, BASE) == bill(rows, BASE)


def test_each_currency_has_a_separate_total() -> None:
    pounds = replace(one_price("0.1604", "0.10"), currency="GBP")
    contracts = on(Contract(SITE, BASE.id, d("2025-02-01"), power_kva=6), Contract(SITE, "one", d("2025-06-16")))
    made = bill(costs(JUNE, spread(JUNE, EAST=30_000), contracts, BASE, pounds), BASE, pounds)
    # 15 x 0.2016 + 13.72 / 2 = 3.024 + 6.86; 15 x 0.1604 + 10.55 / 2 = 2.406 + 5.275
    assert [(each.currency, to_cents(each.amount)) for each in made.totals] == [
        ("EUR", Decimal("9.88")),
        ("GBP", Decimal("7.68")),
    ]


def test_a_tariff_without_taxes_has_a_total_and_no_taxes() -> None:
    made = bill(costs(JUNE, spread(JUNE, HCHC=30_000, HCHP=60_000), on(HPHC), HPHC), HPHC)
    # 30 x 0.1696 + 60 x 0.2146 + 14.04 = 5.088 + 12.876 + 14.04
    assert sum_shown(made) == {"What cannot be taken apart, TTC": "32.00", "Total, TTC": "32.00"}
    assert "hphc 2025-02-01 does not state the price without taxes, the accise and the VAT of HC, HP." in english(
        remarks(made)
    )


def test_injection_is_income_without_taxes() -> None:
    flat = one_price("0.1604", "0.10")
    rows = costs(JUNE, spread(JUNE, EAST=30_000, EAIT=75_000), on(flat, SURPLUS), flat, SURPLUS)
    made = bill(rows, flat, SURPLUS)
    # 30 x 0.1604 + 10.55 = 15.362, less 75 x 0.04 = 3
    shown = sum_shown(made)
    assert (shown["HT and taxes together, TTC"], shown["Income"], shown["Total, TTC"]) == ("15.36", "-3.00", "12.36")
    assert [line.period for line in made.lines] == ["ALL", None, "SURPLUS"]
    assert made.lines[-1].split is None
    (income,) = [section for section in sections(made) if section.title == "Energy injected: income"]
    assert [line[3:] for line in income.rows] == [("75.000", "", "0.04", "-3.00 EUR")]


def test_days_without_a_contract_make_the_total_a_partial_one() -> None:
    contracts = on(Contract(SITE, BASE.id, d("2025-06-11"), power_kva=6))
    made = bill(costs(JUNE, spread(JUNE, EAST=30_000), contracts, BASE), BASE)
    # 20 days: 20 x 0.2016 + 20 x 13.72 / 30 = 4.032 + 9.146666…
    assert sum_shown(made)["Total of what is known, TTC"] == "13.18"
    assert english(remarks(made))[0] == (
        "Unknown: EAST (10.000 kWh, 10 days from 2025-06-01 to 2025-06-11): the contract begins on 2025-06-11."
    )
    assert not [each for each in english(remarks(made)) if each.startswith("Provisional")]


def test_of_many_reasons_the_first_are_shown() -> None:
    spot = tariff("spot", (), version("spot", "2020-01-01", {}, {None: "3.00"}), series=True)
    when = days("2025-06-01", "2025-06-05")
    quarters = [each for day in when for each in quarter_rows("EAST", day, [250] * 96)]
    rows = costs(when, [row(day, "EAST", 24_000) for day in when], on(spot), spot, quarters=quarters, spot=Series([]))
    assert english(remarks(bill(rows, spot, start=when[0], end=when[-1])))[0] == (
        "Unknown: TOTAL (120.000 kWh, 5 days from 2025-06-01 to 2025-06-06): there is no price for 2025-06-01 "
        "00:00+02:00; there is no price for 2025-06-02 00:00+02:00; there is no price for 2025-06-03 00:00+02:00; "
        "and 2 more like these."
    )


def test_days_missing_in_the_ledger_are_reported_and_the_bill_is_incomplete() -> None:
    when = days("2025-06-05", "2025-06-20")
    made = bill(costs(when, spread(when, EAST=16_000), on(BASE), BASE), BASE)
    assert english(remarks(made))[:2] == [
        "The ledger begins on 2025-06-05: the days from 2025-06-01 on are not in this bill.",
        "The ledger ends on 2025-06-20: the days after it are not in this bill.",
    ]
    assert not made.is_whole
    assert "Total of what is known, TTC" in sum_shown(made)


def test_a_bill_without_rows_is_reported_as_empty() -> None:
    made = bill([], BASE)
    assert (made.lines, made.totals, sections(made)) == ((), (), [])
    assert english(remarks(made)) == ["The ledger has nothing from 2025-06-01 to 2025-07-01."]


def test_days_at_one_price_are_one_line_around_an_unknown_day() -> None:
    rows = spread([day for day in JUNE if day != d("2025-06-15")], EAST=29_000)
    made = bill(costs(JUNE, rows, on(BASE), BASE), BASE)
    energy = [(line.first.day, line.last.day, line.days, line.amount) for line in made.lines if line.period]
    assert energy == [(1, 30, 29, Decimal("5.8464")), (15, 15, 1, None)]


def test_estimated_and_provisional_are_reported_once() -> None:
    when = days("2025-07-30", "2025-08-02")
    rows = [row(day, "EAST", 1000, inferred=day == when[0]) for day in when]
    made = bill(costs(when, rows, on(BASE), BASE), BASE, start=when[0], end=when[-1])
    found = english(remarks(made))
    assert "Estimated in part, from the registers before and after a gap or a change of their names: BASE." in found
    due = "Provisional: a revision was due on 2025-08-01, and base 2025-02-01 is the newest known."
    assert found.count(due) == 1


def test_a_price_series_has_one_line_whose_prices_are_by_the_quarter() -> None:
    spot = tariff("spot", (), version("spot", "2020-01-01", {}, {None: "3.00"}), series=True)
    first, second = when = days("2025-06-01", "2025-06-02")
    steps = [
        Step(midnight_ms(first) + n * QUARTER_MS, midnight_ms(first) + (n + 1) * QUARTER_MS, Decimal(price))
        for n, price in enumerate(["0.10"] * 96 + ["-0.05"] * 96)
    ]
    quarters = [each for day in when for each in quarter_rows("EAST", day, [250] * 96)]
    rows = costs(
        when, [row(day, "EAST", 24_000) for day in when], on(spot), spot, quarters=quarters, spot=Series(steps)
    )
    made = bill(rows, spot, start=first, end=second)
    # 24 x 0.10 - 24 x 0.05 = 1.20
    (energy,) = [section for section in sections(made) if section.title == "Energy"]
    assert [line[3:] for line in energy.rows] == [("48.000", "not known", "by the quarter", "1.20 EUR")]
    # Each day's prices have their own hash; the bill shows the tariff's.
    assert {each.version.hash for each in rows if each.version and each.period} != {spot.versions[0].hash}
    of_energy = bill([each for each in rows if each.period], spot, start=first, end=second)
    assert [each.hash for each in of_energy.versions] == [spot.versions[0].hash]


def test_a_rounded_total_that_differs_from_the_sum_of_lines_is_reported() -> None:
    flat = one_price("0.1604", "0.10", monthly="10.554")
    made = bill(costs(JUNE, spread(JUNE, EAST=30_000), on(flat), flat), flat)
    # 4.812 + 10.554 = 15.366, shown as 4.81 + 10.55
    assert sum_shown(made)["Total, TTC"] == "15.37"
    remark = "The lines, each rounded to cents, add up to 15.36 EUR; the total is rounded once, at the end."
    assert remark in english(remarks(made))


def test_the_column_of_the_sum_adds_up() -> None:
    flat = one_price("0.1604", "0.10")
    fee = version("fee", "2025-01-01", {"SURPLUS": "0.044"}, {})
    surplus = tariff("fee", ("SURPLUS",), fee, direction=Direction.INJECTION)
    rows = costs(JUNE, spread(JUNE, EAST=29_970, EAIT=30_090), on(flat, surplus), flat, surplus)
    made = bill(rows, flat, surplus)
    # 29.97 x 0.1604 + 10.55 = 15.357188, less 30.09 x 0.044 = 1.32396: 14.033228
    shown = {name: Decimal(amount) for name, amount in sum_shown(made).items()}
    parts = shown["Energy, HT"] + shown["Subscription, HT"] + shown["Accise"] + shown["CTA"] + shown["VAT"]
    rounding = shown["Rounding: the tariff's to four digits, and to cents here"]
    assert parts + rounding == shown["HT and taxes together, TTC"] == Decimal("15.36")
    assert (shown["Income"], shown["Rounding to cents"]) == (Decimal("-1.32"), Decimal("-0.01"))
    assert shown["Total, TTC"] == Decimal("14.03")


def test_json_has_amounts_as_they_are_and_in_cents() -> None:
    flat = one_price("0.1604", "0.10")
    (record,) = json.loads(as_json([bill(costs(JUNE, spread(JUNE, EAST=30_000), on(flat), flat), flat)]))
    # 30 x 0.1604 = 4.812; HT 3, accise 1.011, VAT 0.802, so -0.001 is left
    energy = record["lines"][0]
    assert (energy["amount"], energy["amount_rounded"], energy["price_ht"]) == ("4.8120", "4.81", "0.10")
    assert energy["contains"]["ht"] == "3.00"
    assert energy["contains"]["difference_rounded"] == "0.00"
    assert Decimal(energy["contains"]["difference"]).quantize(Decimal("1E-12")) == Decimal("-0.001")
    total = record["totals"][0]
    assert [(tax["tax"], tax["energy_wh"]) for tax in total["taxes"]] == [
        ("accise", 30_000),
        ("cta", 0),
        ("vat", 0),
        ("vat", 0),
    ]
    # and 10.55 a month
    assert (total["amount_rounded"], total["balance"]["ttc_rounded"], record["whole"]) == ("15.36", "15.36", True)
