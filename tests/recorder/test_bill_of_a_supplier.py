"""`tictally bill --advance`: bills computed by hand, line by line, as they arrive on paper.

The rules are published ones. Que Choisir, "Facture d'électricité: les points-clés pour la comprendre" (November 2022):
the subscription is billed for the two months to come, energy is the difference of two readings.
jeveuxpayermoinscher.com, "Que contient une facture d'électricité": days of a subscription paid in advance are counted
one by one, and lines of a later bill refund them at the former price and charge them at the new one. EDF, price grids
of 2022 to 2025: VAT on subscription and CTA was 5.5 %, since August 2025 it is 20 %. Prices are the CRE's open data.
"""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from api_serving import Served
from cost_building import d, days, midnight_ms
from ledger_building import frame, message
from observation_building import energy as half_hours
from observation_building import put, store

from tictally_recorder.cli.app import main
from tictally_recorder.ledger import Ledger

CONTRACT = """\
[[contract]]
tariff = "edf-bleu-hphc"
power = 6
from = 2025-01-01
"""
HOUR_MS = 3_600_000
JULY_MS = (midnight_ms(d("2025-07-15")), midnight_ms(d("2025-08-01")))
GUIDE = Path(__file__).parents[2] / "docs/bill.md"


class Household:
    """A ledger with frames of two registers, and contracts."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.contracts(CONTRACT)

    def contracts(self, text: str) -> None:
        (self.folder / "contracts.toml").write_text(text)

    def meter(self, *observed: tuple[int, dict[str, int]], option: str = "H PLEINE/CREUSE") -> None:
        with Ledger.open(self.folder / "ledger.sqlite") as ledger:
            ledger.store(
                [
                    message(frame(number + 1, time_ms, {**values, "NGTF": option}))
                    for number, (time_ms, values) in enumerate(observed)
                ]
            )

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        code = main(["bill", *arguments, "--ledger", str(self.folder / "ledger.sqlite")])
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def billed(self, first: str, until: str, *, months: int = 2) -> Any:  # noqa: ANN401 - any JSON
        code, out, err = self("--from", first, "--to", until, "--advance", str(months), "--json")
        assert (code, err) == (0, "")
        (bill,) = json.loads(out)
        return bill["as_billed"]


@pytest.fixture
def household(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Household:
    for name in ("TICTALLY_CONFIG", "TICTALLY_CONTRACTS", "TICTALLY_TARIFFS", "TICTALLY_TIMEZONE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    return Household(tmp_path, capsys)


def summer(household: Household) -> None:
    """A frame each midnight: 3.125 kWh off-peak and 6.25 kWh peak a day."""
    household.meter(
        *(
            (midnight_ms(day), {"EASF01": 50_000 + n * 3125, "EASF02": 90_000 + n * 6250})
            for n, day in enumerate(days("2025-07-15", "2025-08-16"))
        )
    )


def subscriptions(billed: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (each["from"], each["to"], "-" if each["taken_back"] else "+", each["price_ht"], each["amount_ht"])
        for each in billed["subscriptions"]
    ]


def energy(billed: dict[str, Any]) -> list[tuple[str, int, str, str]]:
    return [(each["period"], each["kwh"], each["price_ht"], each["amount_ht"]) for each in billed["energy"]]


def contributions(billed: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        tuple(each[key] for key in ("tax", "base", "rate", "vat_rate", "amount_ht")) for each in billed["contributions"]
    ]


def vat(billed: dict[str, Any]) -> list[tuple[str, ...]]:
    (total,) = billed["totals"]
    return [tuple(each.values()) for each in total["vat"]]


def total(billed: dict[str, Any]) -> tuple[str, str]:
    (found,) = billed["totals"]
    return found["ht"], found["amount"]


def test_two_months_in_spring_with_the_next_two_in_advance(household: Household) -> None:
    household.meter(
        (midnight_ms(d("2025-02-15")), {"EASF01": 1_000_900, "EASF02": 2_000_100}),
        (midnight_ms(d("2025-04-15")), {"EASF01": 1_251_400, "EASF02": 2_480_000}),
    )
    billed = household.billed("2025-02-15", "2025-04-15")
    # EASF01 1000 -> 1251 kWh, EASF02 2000 -> 2480 kWh
    assert [
        tuple(each[key] for key in ("register", "former_kwh", "newer_kwh", "kwh", "former", "newer"))
        for each in billed["readings"]
    ] == [("EASF01", 1000, 1251, 251, "real", "real"), ("EASF02", 2000, 2480, 480, "real", "real")]
    # 15 April to 14 June: 11.48 x (16/30 + 1 + 14/30) = 22.96
    assert subscriptions(billed) == [("2025-04-15", "2025-06-15", "+", "11.48", "22.96")]
    # 251 x 0.1076 = 27.0076; 480 x 0.1451 = 69.648
    assert energy(billed) == [("HC", 251, "0.1076", "27.01"), ("HP", 480, "0.1451", "69.65")]
    # CTA: 14.04 / 1.055 - 11.48 = 1.828057 a month, x 2 = 3.656113, of 3.656113 / 0.2193 = 16.67
    # accise 731 x 0.0337 = 24.6347
    assert contributions(billed) == [
        ("cta", "16.67", "0.2193", "0.055", "3.66"),
        ("accise", "731.00", "0.0337", "0.20", "24.63"),
    ]
    # 22.96 + 3.66 = 26.62, x 0.055 = 1.4641; 27.01 + 69.65 + 24.63 = 121.29, x 0.20 = 24.258
    assert vat(billed) == [("0.055", "26.62", "1.46"), ("0.20", "121.29", "24.26")]
    # 147.91 + 25.72
    assert total(billed) == ("147.91", "173.63")


def test_a_published_bill_of_edf_is_reproduced_line_by_line(household: Household) -> None:
    """EDF's bill of 30 November 2013 for a house of eight flats in Savoie, published by its owner.

    Source: jean.delisle.over-blog.com, 8 December 2013. The bill had three levies on each kWh, 1.35, 0.305 and 0.3
    cents, each rounded: 0.63 + 0.14 + 0.14. They are one line here, as they are one levy on bills since 2022, and a
    cent more. Its readings were two days before the ends of the months from which the subscription counts.
    """
    tariffs = household.folder / "tariffs"
    tariffs.mkdir()
    of_2013 = 'from = 2013-05-01\nconfidence = "own"\nsource = "the bill"\n'
    (tariffs / "taxes-2013.toml").write_text(
        'id = "taxes-2013"\n[names]\nfr = "Taxes de 2013"\n'
        + "".join(
            f'[[{tax}]]\nrate = "{rate}"\n{of_2013}'
            for tax, rate in {
                "accise": "0.01955",
                "cta_share": "0.2704",
                "vat_energy": "0.196",
                "vat_subscription": "0.055",
            }.items()
        )
    )
    (tariffs / "bleu-2013.toml").write_text(
        'id = "bleu-2013"\nsupplier = "EDF"\ncurrency = "EUR"\nperiods = ["BASE"]\ntaxes = "taxes-2013"\n'
        f'[names]\nfr = "Tarif Bleu, Base, 2013"\n[[version]]\n{of_2013}energy.BASE = {{ ht = "0.0903" }}\n'
        # 1.69 of CTA are 27.04 % of 6.25 for two months
        'subscription_ht = "7.19"\ncta_base = "3.125"\n'
    )
    household.contracts('[[contract]]\ntariff = "bleu-2013"\nfrom = 2013-06-01\n')
    first, last = midnight_ms(d("2013-09-01")), midnight_ms(d("2013-11-01"))
    household.meter((first, {"EASF01": 3_120_400}), (last, {"EASF01": 3_167_400}), option="BASE")
    billed = household.billed("2013-09-01", "2013-11-01")
    assert energy(billed) == [("BASE", 47, "0.0903", "4.24")]
    assert subscriptions(billed) == [("2013-11-01", "2014-01-01", "+", "7.19", "14.38")]
    assert contributions(billed) == [
        ("cta", "6.25", "0.2704", "0.055", "1.69"),
        ("accise", "47.00", "0.01955", "0.196", "0.92"),
    ]
    # 14.38 + 1.69 = 16.07, x 0.055 = 0.88385; 4.24 + 0.92 = 5.16, x 0.196 = 1.01136
    assert vat(billed) == [("0.055", "16.07", "0.88"), ("0.196", "5.16", "1.01")]
    # the bill: 4.24 + 14.38 + 0.63 + 0.14 + 0.14 + 1.69 + 0.88 + 1.01 = 23.11
    assert total(billed) == ("21.23", "23.12")


def test_a_summer_bill_over_the_change_of_prices_and_vat_corrects_what_was_paid_in_advance(
    household: Household,
) -> None:
    summer(household)
    billed = household.billed("2025-07-15", "2025-08-16")
    # The bill before charged up to 14 September at 11.48; of these, days from 1 August on are charged anew:
    # 11.48 x (1 + 14/30) = 16.837333, 11.30 x (2 + 15/31) = 28.067742 to 15 October
    assert subscriptions(billed) == [
        ("2025-08-01", "2025-09-15", "-", "11.48", "-16.84"),
        ("2025-08-01", "2025-10-16", "+", "11.30", "28.07"),
    ]
    # HC 50 -> 103.125 -> 150, HP 90 -> 196.25 -> 290: whole kWh as the meter shows them
    assert [(each["former_kwh"], each["newer_kwh"], each["kwh"]) for each in billed["readings"]] == [
        (50, 103, 53),
        (103, 150, 47),
        (90, 196, 106),
        (196, 290, 94),
    ]
    # 53 x 0.1076 = 5.7028, 106 x 0.1451 = 15.3806, 47 x 0.1063 = 4.9961, 94 x 0.1434 = 13.4796
    assert energy(billed) == [
        ("HC", 53, "0.1076", "5.70"),
        ("HP", 106, "0.1451", "15.38"),
        ("HC", 47, "0.1063", "5.00"),
        ("HP", 94, "0.1434", "13.48"),
    ]
    # CTA back: 1.828057 x 1.466667 = 2.681150; anew: (15.74 / 1.20 - 11.30) x 2.483871 = 4.512366
    # accise 159 x 0.0337 = 5.3583, 141 x 0.02998 = 4.22718
    assert contributions(billed) == [
        ("cta", "-12.23", "0.2193", "0.055", "-2.68"),
        ("cta", "20.58", "0.2193", "0.20", "4.51"),
        ("accise", "159.00", "0.0337", "0.20", "5.36"),
        ("accise", "141.00", "0.02998", "0.20", "4.23"),
    ]
    # -16.84 - 2.68 = -19.52, x 0.055 = -1.0736
    # 28.07 + 4.51 + 5.70 + 15.38 + 5.00 + 13.48 + 5.36 + 4.23 = 81.73, x 0.20 = 16.346
    assert vat(billed) == [("0.055", "-19.52", "-1.07"), ("0.20", "81.73", "16.35")]
    # 62.21 + 15.28
    assert total(billed) == ("62.21", "77.49")


def test_a_winter_bill_over_the_change_of_prices_and_cta(household: Household) -> None:
    household.meter(
        (midnight_ms(d("2025-12-15")), {"EASF01": 4_000_000, "EASF02": 9_000_000}),
        (midnight_ms(d("2026-02-01")), {"EASF01": 4_200_000, "EASF02": 9_400_000}),
        (midnight_ms(d("2026-02-15")), {"EASF01": 4_260_000, "EASF02": 9_520_000}),
    )
    billed = household.billed("2025-12-15", "2026-02-15")
    # The bill before charged up to 14 February: 11.30 x 14/28 back; 11.80 x (1 + 1 + 14/30) = 29.106667 to 14 April
    assert subscriptions(billed) == [
        ("2026-02-01", "2026-02-15", "-", "11.30", "-5.65"),
        ("2026-02-01", "2026-04-15", "+", "11.80", "29.11"),
    ]
    # 200 x 0.1063 = 21.26, 400 x 0.1434 = 57.36, 60 x 0.1007 = 6.042, 120 x 0.1412 = 16.944
    assert energy(billed) == [
        ("HC", 200, "0.1063", "21.26"),
        ("HP", 400, "0.1434", "57.36"),
        ("HC", 60, "0.1007", "6.04"),
        ("HP", 120, "0.1412", "16.94"),
    ]
    # CTA back: (15.74 / 1.20 - 11.30) x 0.5 = 0.908333, / 0.2193 = 4.14; anew: (15.65 / 1.20 - 11.80) x 2.466667 =
    # 3.062778, / 0.15 = 20.42; accise 600 x 0.02998 = 17.988, 180 x 0.03085 = 5.553
    assert contributions(billed) == [
        ("cta", "-4.14", "0.2193", "0.20", "-0.91"),
        ("cta", "20.42", "0.15", "0.20", "3.06"),
        ("accise", "600.00", "0.02998", "0.20", "17.99"),
        ("accise", "180.00", "0.03085", "0.20", "5.55"),
    ]
    # 29.11 - 5.65 + 21.26 + 57.36 + 6.04 + 16.94 + 3.06 - 0.91 + 17.99 + 5.55 = 150.75, x 0.20 = 30.15
    assert vat(billed) == [("0.20", "150.75", "30.15")]
    assert total(billed) == ("150.75", "180.90")


def test_in_arrears_the_subscription_is_that_of_the_days(household: Household) -> None:
    summer(household)
    billed = household.billed("2025-07-15", "2025-08-16", months=0)
    # 11.48 x 17/31 = 6.295484, 11.30 x 15/31 = 5.467742
    assert subscriptions(billed) == [
        ("2025-07-15", "2025-08-01", "+", "11.48", "6.30"),
        ("2025-08-01", "2025-08-16", "+", "11.30", "5.47"),
    ]


def test_a_first_bill_has_the_days_since_the_contract_began_as_well(household: Household) -> None:
    summer(household)
    household.contracts(CONTRACT.replace("2025-01-01", "2025-07-15"))
    billed = household.billed("2025-07-15", "2025-08-01")
    # 17/31 of July at 11.48; August and September at the price of 1 August: 2 x 11.30
    assert subscriptions(billed) == [
        ("2025-07-15", "2025-08-01", "+", "11.48", "6.30"),
        ("2025-08-01", "2025-10-01", "+", "11.30", "22.60"),
    ]


def test_a_last_bill_refunds_what_was_paid_in_advance(household: Household) -> None:
    summer(household)
    household.contracts(CONTRACT + "until = 2025-08-15\n")
    billed = household.billed("2025-07-15", "2025-08-16")
    # charged before: to 14 September at 11.48
    assert subscriptions(billed) == [
        ("2025-08-01", "2025-09-15", "-", "11.48", "-16.84"),
        ("2025-08-01", "2025-08-16", "+", "11.30", "5.47"),
    ]


def test_another_power_is_charged_from_its_first_day_on(household: Household) -> None:
    summer(household)
    household.contracts(CONTRACT + CONTRACT.replace("power = 6", "power = 9").replace("2025-01-01", "2025-07-20"))
    billed = household.billed("2025-07-15", "2025-08-01")
    # paid before: to 14 September at 6 kVA; 9 kVA from 20 July on, at 14.40, and from 1 August on at its price then
    assert [(each["from"], each["to"], each["power_kva"], each["taken_back"]) for each in billed["subscriptions"]] == [
        ("2025-07-20", "2025-09-15", 6, True),
        ("2025-07-20", "2025-08-01", 9, False),
        ("2025-08-01", "2025-10-01", 9, False),
    ]


@pytest.mark.parametrize("months", [1, 2])
def test_consecutive_bills_charge_each_day_once(household: Household, months: int) -> None:
    summer(household)
    bounds = ["2025-07-15", "2025-07-24", "2025-08-01", "2025-08-16"]
    charged: dict[str, int] = {}
    for first, until in pairwise(bounds):
        for each in household.billed(first, until, months=months)["subscriptions"]:
            for day in days(each["from"], each["to"])[:-1]:
                key = f"{day} {each['price_ht']}"
                charged[key] = charged.get(key, 0) + (-1 if each["taken_back"] else 1)
    # What the bill before these had charged, in advance of 15 July.
    for day in days("2025-07-15", f"2025-{7 + months:02}-14"):
        charged[f"{day} 11.48"] = charged.get(f"{day} 11.48", 0) + 1
    left = {key: count for key, count in charged.items() if count}
    assert set(left.values()) == {1}
    assert sorted(key[:10] for key in left) == [str(each) for each in days("2025-07-15", f"2025-{8 + months:02}-15")]
    assert {key[11:] for key in left if key < "2025-08-01"} == {"11.48"}
    assert {key[11:] for key in left if key >= "2025-08-01"} == {"11.30"}


def test_a_reading_in_a_gap_is_estimated(household: Household) -> None:
    # Nothing from 31 July 18:00 to 1 August 06:00, in which 6 kWh were counted: midnight is in its middle.
    middle = midnight_ms(d("2025-08-01"))
    household.meter(
        (midnight_ms(d("2025-07-15")), {"EASF01": 50_000, "EASF02": 90_000}),
        (middle - 6 * HOUR_MS, {"EASF01": 100_000, "EASF02": 190_000}),
        (middle + 6 * HOUR_MS, {"EASF01": 106_000, "EASF02": 190_000}),
        (midnight_ms(d("2025-08-16")), {"EASF01": 150_000, "EASF02": 290_000}),
    )
    billed = household.billed("2025-07-15", "2025-08-16")
    assert [(each["former_kwh"], each["former"], each["newer_kwh"], each["newer"]) for each in billed["readings"]] == [
        (50, "real", 103, "estimated"),
        (103, "estimated", 150, "real"),
        # A register that stood still is known at midnight as well.
        (90, "real", 190, "real"),
        (190, "real", 290, "real"),
    ]
    _, out, _ = household("--from", "2025-07-15", "--to", "2025-08-16", "--advance", "2")
    (line,) = [line.split() for line in out.splitlines() if line.startswith("EASF01") and "50" in line.split()]
    assert line == ["EASF01", "HC", "2025-07-15", "50", "real", "2025-08-01", "103", "estimated", "53"]


def test_an_index_that_only_an_import_shows_is_no_reading_of_the_meter(household: Household) -> None:
    # Half-hours of July, and the meter's frames from 1 August on: the index of 15 July follows from them.
    path = household.folder / "ledger.sqlite"
    Ledger.open(path).close()
    put(path, [half_hours(at, 30, 100) for at in range(*JULY_MS, 30 * 60_000)])
    store(path, [(JULY_MS[1], 500_000), (midnight_ms(d("2025-08-16")), 560_000)])
    household.contracts(CONTRACT.replace("hphc", "base"))
    billed = household.billed("2025-07-15", "2025-08-16")
    # 17 days x 48 half-hours x 100 Wh = 81.6 kWh before 500.0
    keys = ("former_kwh", "former", "newer_kwh", "newer")
    assert [tuple(each[key] for key in keys) for each in billed["readings"]] == [
        (418, "imported", 500, "real"),
        (500, "real", 560, "real"),
    ]


def test_the_printed_bill_has_its_parts_in_order_and_its_total(household: Household) -> None:
    summer(household)
    code, out, err = household("--from", "2025-07-15", "--to", "2025-08-16", "--advance", "2")
    assert (code, err) == (0, "")
    titles = ("Meter readings", "Subscription", "Energy", "Contributions", "VAT", "Sum", "Tariffs")
    places = [out.index(f"\n{title}\n") for title in titles]
    assert places == sorted(places)
    assert [line.split() for line in out.splitlines() if line.startswith("Total")] == [
        ["Total,", "HT", "62.21"],
        ["Total,", "TTC", "77.49"],
    ]
    assert "2 months in advance, up to 2025-10-16 (excluded)" in out


def test_a_bill_in_french_has_the_words_of_a_french_bill(household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    summer(household)
    monkeypatch.setenv("TICTALLY_LANGUAGE", "fr")
    _, out, _ = household("--from", "2025-07-15", "--to", "2025-08-16", "--advance", "2")
    for words in ("Relevés du compteur", "réel", "repris", "Total HT", "77,49", "mois d\u2019avance"):
        assert words in out


def test_a_subscription_without_its_parts_counts_with_taxes(household: Household) -> None:
    summer(household)
    (household.folder / "tariffs").mkdir()
    (household.folder / "tariffs" / "offer.toml").write_text(
        'id = "offer"\nsupplier = "X"\ncurrency = "EUR"\nperiods = ["HC", "HP"]\nnames = { en = "Offer" }\n'
        '[[version]]\nfrom = 2025-01-01\nconfidence = "own"\nsource = "my bill"\n'
        'energy.HC = { ttc = "0.1" }\nenergy.HP = { ttc = "0.2" }\nsubscription = "16"\n'
    )
    household.contracts(CONTRACT.replace("edf-bleu-hphc", "offer").replace("power = 6\n", ""))
    billed = household.billed("2025-07-15", "2025-08-15", months=1)
    # 15 August to 14 September: 16 x (17/31 + 14/30) = 16.241; HC 96 x 0.1 = 9.60 (50 -> 146), HP 193 x 0.2 = 38.60
    assert [each["amount_ttc"] for each in (*billed["subscriptions"], *billed["energy"])] == ["16.24", "9.60", "38.60"]
    (found,) = billed["totals"]
    assert (found["ht"], found["vat"], found["not_split"], found["amount"]) == ("0.00", [], "64.44", "64.44")
    assert billed["contributions"] == []


def test_a_producers_management_component_is_a_line_of_its_own(household: Household) -> None:
    household.meter(
        *(
            (midnight_ms(day), {"EAST": 100_000 + n * 5000, "EAIT": 10_000 + n * 2000})
            for n, day in enumerate(days("2025-09-01", "2025-10-01"))
        ),
        option="BASE",
    )
    (household.folder / "tariffs").mkdir()
    # The component in the grid's tariff of 2023: 8.28 euros a year without taxes, 0.69 a month; x 1.20 = 0.828.
    (example,) = re.findall(
        r"<!-- tariffs/surplus-with-component.toml -->\n```toml\n(.*?)```", GUIDE.read_text(), re.DOTALL
    )
    (household.folder / "tariffs" / "surplus.toml").write_text(example)
    household.contracts(
        CONTRACT.replace("hphc", "base") + '[[contract]]\ntariff = "surplus-with-component"\nfrom = 2025-08-01\n'
    )
    billed = household.billed("2025-09-01", "2025-10-01")
    component = billed["subscriptions"][-1]
    # November alone: the bill before charged up to the end of October.
    assert (component["direction"], component["from"], component["to"]) == ("injection", "2025-11-01", "2025-12-01")
    assert (component["price_ht"], component["vat_rate"], component["amount_ht"]) == ("0.69", "0.20", "0.69")
    # 60 kWh x 0.04
    (found,) = billed["totals"]
    assert found["income"] == "-2.40"


@pytest.mark.parametrize("months", ["-1", "13", "two"])
def test_an_impossible_advance_is_rejected(household: Household, months: str) -> None:
    code, out, err = household("--from", "2025-07-15", "--to", "2025-08-16", "--advance", months)
    assert (code, out) == (2, "")
    assert "--advance" in err


def test_without_the_option_a_bill_has_no_other_fields(household: Household) -> None:
    summer(household)
    (bill,) = json.loads(household("--from", "2025-07-15", "--to", "2025-08-16", "--json")[1])
    assert "as_billed" not in bill


def test_the_contract_has_the_months_that_are_billed_in_advance(household: Household) -> None:
    summer(household)
    days_billed = ("--from", "2025-07-15", "--to", "2025-08-16")
    code, _, err = household(*days_billed, "--as-billed")
    assert code == 2
    assert "add `billed_in_advance = 2` to it, or give --advance" in err
    household.contracts(CONTRACT + "billed_in_advance = 2\n")
    code, out, _ = household(*days_billed, "--as-billed", "--json")
    assert code == 0
    assert json.loads(out)[0]["as_billed"] == household.billed(days_billed[1], days_billed[3])
    # What is given goes before it.
    code, out, _ = household(*days_billed, "--as-billed", "--advance", "0", "--json")
    assert json.loads(out)[0]["as_billed"]["months_in_advance"] == 0


def test_the_api_lays_a_bill_out_by_the_months_of_the_contract(tmp_path: Path) -> None:
    address = "/api/v1/bill?from=2026-03-28&to=2026-03-30&as_billed=true"
    with Served(tmp_path) as served:
        answer = served.get(address)
        assert answer.status_code == 400
        assert "billed_in_advance" in answer.text
        contracts = tmp_path / "contracts.toml"
        contracts.write_text(contracts.read_text() + "billed_in_advance = 2\n")
        served.context.reload_terms()
        assert served.items(address)[0]["as_billed"]["months_in_advance"] == 2
