"""Bills computed by hand, to the cent, with the shipped tariffs; each equals the cost of its days."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from cost_building import SITE, costs, d, days, english, on, spread, total

from tictally_recorder.cost import to_cents
from tictally_recorder.cost.bill import Bill, BillLine, TaxKind, make_bill
from tictally_recorder.cost.bill.as_json import as_json
from tictally_recorder.cost.bill.remarks import remarks
from tictally_recorder.cost.bill.report import sections
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.model import Tariff, Version

HPHC = "edf-bleu-hphc"


@pytest.fixture(scope="module")
def shipped() -> dict[str, Tariff]:
    return dict(load_catalogue().tariffs)


def bill_of(shipped: dict[str, Tariff], first: str, last: str, contracts: Contracts, **registers_wh: int) -> Bill:
    """A bill whose total is checked against the sum of its rows' known amounts."""
    when = days(first, last)
    rows = costs(when, spread(when, **registers_wh), contracts, *shipped.values(), ngtf="H PLEINE/CREUSE")
    made = make_bill(SITE, when[0], when[-1] + timedelta(days=1), rows, shipped)
    (of_bill,) = made.totals
    assert of_bill.amount == sum_of(line.amount for line in made.lines)
    assert to_cents(of_bill.amount) == to_cents(total(row for row in rows if row.amount is not None))
    return made


def sum_of(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def cents(line: BillLine) -> tuple[str | None, str, str]:
    assert line.amount is not None
    return line.period, f"{line.energy_wh / 1000:g}", str(to_cents(line.amount))


def shown(bill: Bill, title: str) -> list[tuple[str, ...]]:
    (section,) = [section for section in sections(bill) if section.title == title]
    return list(section.rows)


def test_february_2025_off_peak_and_peak_at_6_kva(shipped: dict[str, Tariff]) -> None:
    bill = bill_of(shipped, "2025-02-01", "2025-02-28", on(shipped[HPHC]), EASF01=120_400, EASF02=310_240)
    # HC 120.40 x 0.1696 = 20.41984   HT 120.40 x 0.1076 = 12.95504
    # HP 310.24 x 0.2146 = 66.577504  HT 310.24 x 0.1451 = 45.015824
    # subscription         14.04      HT                   11.48
    assert [cents(line) for line in bill.lines] == [
        ("HC", "120.4", "20.42"),
        ("HP", "310.24", "66.58"),
        (None, "0", "14.04"),
    ]
    # accise 430.64 x 0.0337 = 14.512568
    # VAT    86.997344 x 0.20 / 1.20 = 14.499557…, 14.04 x 0.055 / 1.055 = 0.731943…, in all 15.231500…
    # CTA    14.04 / 1.055 - 11.48 = 1.828056…
    # The tariff's rounding: 86.997344 - 57.970864 - 14.512568 - 14.499557… = 0.014354…
    assert shown(bill, "Sum") == [
        ("Energy, HT", "57.97"),
        ("Subscription, HT", "11.48"),
        ("Accise", "14.51"),
        ("CTA", "1.83"),
        ("VAT", "15.23"),
        ("Rounding: the tariff's to four digits, and to cents here", "0.02"),
        ("HT and taxes together, TTC", "101.04"),
        ("Total, TTC", "101.04"),
    ]
    balance = bill.totals[0].balance
    assert balance is not None
    assert (round(balance.rounding, 6), balance.unexplained) == (Decimal("0.014355"), Decimal(0))
    # 20.42 + 66.58 + 14.04 is the total
    assert not [each for each in english(remarks(bill)) if each.startswith("The lines")]
    assert bill.is_whole


def test_a_month_across_a_change_of_prices_and_value_added_tax(shipped: dict[str, Tariff]) -> None:
    bill = bill_of(shipped, "2025-07-15", "2025-08-15", on(shipped[HPHC]), EASF01=100_000, EASF02=200_000)
    # 17 days: HC 53.125 x 0.1696 = 9.01, HP 106.25 x 0.2146 = 22.80125, 14.04 x 17 / 31 = 7.699354…
    # 15 days: HC 46.875 x 0.1635 = 7.6640625, HP 93.75 x 0.2081 = 19.509375, 15.74 x 15 / 31 = 7.616129…
    assert [(str(line.first), str(line.end), *cents(line)) for line in bill.lines] == [
        ("2025-07-15", "2025-08-01", "HC", "53.125", "9.01"),
        ("2025-07-15", "2025-08-01", "HP", "106.25", "22.80"),
        ("2025-08-01", "2025-08-16", "HC", "46.875", "7.66"),
        ("2025-08-01", "2025-08-16", "HP", "93.75", "19.51"),
        ("2025-07-15", "2025-08-01", None, "0", "7.70"),
        ("2025-08-01", "2025-08-16", None, "0", "7.62"),
    ]
    assert [row[3] for row in shown(bill, "Subscription")] == ["17/31 month", "15/31 month"]
    # accise 159.375 x 0.0337 = 5.3709375, 140.625 x 0.02998 = 4.2159375
    # CTA    7.699354… / 1.055 - 11.48 x 17 / 31 = 1.002482…, 7.616129… / 1.20 - 11.30 x 15 / 31 = 0.879032…
    # VAT    5.5 % in 7.699354…: 0.401388…
    #        20 % in 31.81125 + 27.1734375 + 7.616129… = 66.600816…: 11.100136…
    taxes = [(tax.kind, tax.rate, str(to_cents(tax.amount))) for tax in bill.totals[0].taxes]
    assert taxes == [
        (TaxKind.ACCISE, Decimal("0.0337"), "5.37"),
        (TaxKind.ACCISE, Decimal("0.02998"), "4.22"),
        (TaxKind.CTA, Decimal("0.2193"), "1.88"),
        (TaxKind.VAT, Decimal("0.20"), "11.10"),
        (TaxKind.VAT, Decimal("0.055"), "0.40"),
    ]
    # HT of energy 5.71625 + 15.416875 + 4.9828125 + 13.44375 = 39.5596875
    # HT of subscriptions 11.48 x 17 / 31 + 11.30 x 15 / 31 = 11.763225…
    # rounding 31.81125 - 21.133125 - 5.3709375 - 5.301875 + 27.1734375 - 18.4265625 - 4.2159375 - 4.52890625
    #          = 0.0053125 + 0.00203125
    assert shown(bill, "Sum") == [
        ("Energy, HT", "39.56"),
        ("Subscription, HT", "11.76"),
        ("Accise", "9.59"),
        ("CTA", "1.88"),
        ("VAT", "11.50"),
        ("Rounding: the tariff's to four digits, and to cents here", "0.01"),
        ("HT and taxes together, TTC", "74.30"),
        ("Total, TTC", "74.30"),
    ]
    balance = bill.totals[0].balance
    assert balance is not None
    assert round(balance.rounding, 9) == Decimal("0.00734375")


def with_version(shipped: dict[str, Tariff], start: str, change: Callable[[Version], Version]) -> dict[str, Tariff]:
    """The tariffs with one version of the off-peak option changed."""
    tariff = shipped[HPHC]
    versions = tuple(change(each) if each.start == d(start) else each for each in tariff.versions)
    return shipped | {HPHC: replace(tariff, versions=versions)}


def test_a_subscription_without_a_price_is_unknown_and_in_no_sum(shipped: dict[str, Tariff]) -> None:
    shipped = with_version(shipped, "2024-11-01", lambda version: replace(version, subscription={}))
    bill = bill_of(shipped, "2024-10-31", "2024-11-02", on(shipped[HPHC]), EASF01=30_000, EASF02=60_000)
    # HC 10 x 0.2068 + 20 x 0.2068 = 6.204, HP 20 x 0.27 + 40 x 0.27 = 16.20
    # subscription of 31 October: 13.01 / 31 = 0.419677…
    assert bill.totals[0].amount.quantize(Decimal("1E-6")) == Decimal("22.823677")
    assert shown(bill, "Sum")[-1] == ("Total of what is known, TTC", "22.82")
    assert [row[3:] for row in shown(bill, "Subscription")] == [
        ("1/31 month", "10.70", "13.01", "0.42 EUR"),
        ("2/30 month", "10.70", "unknown", "unknown"),
    ]
    # HT of the known day alone: 10.70 / 31
    balance = bill.totals[0].balance
    assert balance is not None
    assert balance.ht_subscription is not None
    assert to_cents(balance.ht_subscription) == Decimal("0.35")
    assert english(remarks(bill))[0] == (
        "Unknown: subscription at 6 kVA (2 days from 2024-11-01 to 2024-11-03): "
        "edf-bleu-hphc 2024-11-01 has no subscription at 6 kVA."
    )
    assert not bill.is_whole


def without_ht(version: Version) -> Version:
    energy = {
        power: {period: replace(price, ht=None) for period, price in prices.items()}
        for power, prices in version.energy.items()
    }
    return replace(version, energy=energy, subscription_ht={})


def test_whole_months_and_parts_of_one_at_two_powers(shipped: dict[str, Tariff]) -> None:
    contracts = on(
        Contract(SITE, HPHC, d("2025-02-01"), power_kva=6), Contract(SITE, HPHC, d("2025-06-10"), power_kva=9)
    )
    bill = bill_of(shipped, "2025-04-01", "2025-06-30", contracts, EASF01=0, EASF02=0)
    # 6 kVA: 2 x 14.04 + 9 / 30 x 14.04 = 32.292; 9 kVA: 21 / 30 x 18.01 = 12.607
    assert [row[2:] for row in shown(bill, "Subscription")] == [
        ("6 kVA", "2 months + 9/30 month", "11.48", "14.04", "32.29 EUR"),
        ("9 kVA", "21/30 month", "14.40", "18.01", "12.61 EUR"),
    ]
    assert to_cents(bill.totals[0].amount) == Decimal("44.90")


def test_a_price_without_taxes_that_the_tariff_lacks_is_not_invented(shipped: dict[str, Tariff]) -> None:
    shipped = with_version(shipped, "2026-02-01", without_ht)
    bill = bill_of(shipped, "2026-02-01", "2026-02-28", on(shipped[HPHC]), EASF01=28_000, EASF02=56_000)
    # 28 x 0.1579 + 56 x 0.2065 + 15.65 = 4.4212 + 11.564 + 15.65 = 31.6352
    # accise 84 x 0.03085 = 2.5914; VAT 31.6352 / 6 = 5.272533…
    assert {row[4] for row in shown(bill, "Energy")} == {"not known"}
    assert [row[0:1] + row[3:] for row in shown(bill, "Contributions and taxes in it")] == [
        ("Accise", "2.59"),
        ("VAT", "5.27"),
    ]
    assert shown(bill, "Sum") == [("What cannot be taken apart, TTC", "31.64"), ("Total, TTC", "31.64")]
    # The lines: 4.42 + 11.56 + 15.65
    assert english(remarks(bill)) == [
        "The lines, each rounded to cents, add up to 31.63 EUR; the total is rounded once, at the end.",
        "edf-bleu-hphc 2026-02-01 does not state the price without taxes of HC, HP.",
        "edf-bleu-hphc 2026-02-01 does not state the price without taxes and the CTA of subscription at 6 kVA.",
    ]


def test_every_figure_is_named_with_its_version_and_source(shipped: dict[str, Tariff]) -> None:
    bill = bill_of(shipped, "2026-07-31", "2026-08-01", on(shipped[HPHC]), EASF01=0, EASF02=0)
    february, august = (version for version in shipped[HPHC].versions if version.start.year == 2026)
    others = "others who publish prices"
    assert shown(bill, "Tariffs") == [
        (february.id, february.hash, "secondary", others),  # HC
        (february.id, february.hash, "official", "CRE, open data"),  # HP
        (february.id, february.hash, "official", "EDF, price grid"),  # the subscription
        (august.id, august.hash, "secondary", others),
    ]


def test_energy_and_subscription_of_2026_are_taken_apart(shipped: dict[str, Tariff]) -> None:
    bill = bill_of(shipped, "2026-02-01", "2026-02-28", on(shipped[HPHC]), EASF01=28_000, EASF02=56_000)
    # HT 28 x 0.1007 + 56 x 0.1412 = 10.7268, and 11.80; accise 84 x 0.03085 = 2.5914; VAT 31.6352 / 6 = 5.272533…
    # CTA 15.65 / 1.2 - 11.80 = 1.241666…
    assert shown(bill, "Sum") == [
        ("Energy, HT", "10.73"),
        ("Subscription, HT", "11.80"),
        ("Accise", "2.59"),
        ("CTA", "1.24"),
        ("VAT", "5.27"),
        ("Rounding: the tariff's to four digits, and to cents here", "0.01"),
        ("HT and taxes together, TTC", "31.64"),
        ("Total, TTC", "31.64"),
    ]


def test_what_is_not_known_is_not_shown_as_zero(shipped: dict[str, Tariff]) -> None:
    # Of August 2026 no subscription is known without taxes: nothing can be CTA.
    bill = bill_of(shipped, "2026-08-01", "2026-08-31", on(shipped[HPHC]), EASF01=31_000, EASF02=62_000)
    # 31 x 0.1589 + 62 x 0.2142 = 18.2063; HT 31 x 0.10157 + 62 x 0.14765; accise 93 x 0.03085; VAT 18.2063 / 6
    assert shown(bill, "Sum") == [
        ("Energy, HT", "12.30"),
        ("Accise", "2.87"),
        ("VAT", "3.03"),
        ("Rounding: the tariff's to four digits, and to cents here", "0.01"),
        ("HT and taxes together, TTC", "18.21"),
        ("What cannot be taken apart, TTC", "15.86"),
        ("Total, TTC", "34.07"),
    ]
    (total_of,) = json.loads(as_json([bill]))[0]["totals"]
    assert (total_of["balance"]["cta"], total_of["balance"]["ht_subscription"]) == (None, None)
    assert [tax["tax"] for tax in total_of["taxes"]] == ["accise", "vat"]
