"""Two powers by period, as PVPC has them, from file to bill; two published bills are reproduced to the cent.

Published documents, whose every figure is reproduced here:

- Enygas, "Explicación de una factura eléctrica paso a paso" (enygas.es): tariff 2.0TD, 30 days, 4.4 kW in peak and
  off-peak, three periods of energy, electricity tax 5.113 %, meter rent, VAT 10 %: 58.18 €.
- README of pvpcbill by E. Panadero (github.com/azogue/pvpcbill): a household's bill by PVPC from 18 February to
  18 March 2020, 4.6 kW, grid and supplier's share of the power term apart, two periods: 62.46 €.

No public bill of EDF with all of its figures was found; those of test_bill_of_a_supplier.py are worked by hand from
published prices and rules.
"""

import json
import sys
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cost_building import PARIS, d, english, midnight_ms, words
from ledger_building import frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.cost.contracts import ContractError, TariffsNamed
from tictally_recorder.cost.contracts.load import parse_contracts
from tictally_recorder.ledger import Ledger
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.translations import catalogue

# Prices without taxes, and taxes of both documents: electricity tax on power and energy, then VAT on all.
ENYGAS = {
    "day": "2025-06-01",
    "power": {"P1": "0.0938", "P2": "0.0126"},
    "energy": {"P1": "0.2404", "P2": "0.1419", "P3": "0.0917"},
    "tax": Decimal("1.05113") * Decimal("1.10") - 1,
}
PVPCBILL = {
    "day": "2020-02-01",
    "power": {"grid": "0.103944", "supplier": "0.008505"},
    "energy": {"P1": "0.111867", "P2": "0.045617"},
    "tax": Decimal("1.0511269632") * Decimal("1.21") - 1,
}
CONTRACT = """
[[contract]]
tariff = "two-powers"
power = {{ {powers} }}
from = {start}
billed_in_advance = 0
aliases = {{ {aliases} }}

[[lump_sum]]
day = {day}
amount = "{rent}"
text = "Alquiler del contador"
"""


def tariff(published: dict[str, Any]) -> str:
    tax = published["tax"]

    def price(ht: str) -> str:
        return f'{{ ttc = "{(Decimal(ht) * (1 + tax)):.6f}", ht = "{ht}" }}'

    power = "\n".join(f"power_term.{name} = {price(ht)}" for name, ht in published["power"].items())
    energy = "\n".join(f"energy.{name} = {price(ht)}" for name, ht in published["energy"].items())
    periods = ", ".join(f'"{name}"' for name in published["energy"])
    return f"""
id = "two-powers"
supplier = "A supplier of reference"
currency = "EUR"
periods = [{periods}]
names.en = "Two powers"

[[version]]
from = {published["day"]}
source = "a published bill"
confidence = "secondary"
{power}
{energy}
taxes = {{ accise = "0", cta_share = "0", vat_energy = "{tax:.6f}", vat_subscription = "{tax:.6f}" }}
"""


class Home:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        (folder / "tariffs").mkdir()

    def files(self, published: dict[str, Any], contract: str) -> None:
        (self.folder / "tariffs" / "two-powers.toml").write_text(tariff(published))
        (self.folder / "contracts.toml").write_text(contract)

    def meter(self, first: str, until: str, *kwh: int) -> None:
        """Registers at the start and at the end: the first of them counts so many kWh, and so on."""
        with Ledger.open(self.folder / "ledger.sqlite") as ledger:
            for seq, (day, share) in enumerate(((first, 0), (until, 1)), 1):
                values: dict[str, int | str] = {
                    f"EASF0{n}": 1_000_000 + share * 1000 * of for n, of in enumerate(kwh, 1)
                }
                values |= {"NGTF": "2.0TD", "EAST": 3_000_000 + share * 1000 * sum(kwh)}
                ledger.store([message(frame(seq, midnight_ms(d(day)), values))])

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
        code, out, err = self.run(*arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("TICTALLY_CONFIG", "TICTALLY_CONTRACTS", "TICTALLY_TARIFFS", "TICTALLY_TIMEZONE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "200")
    return Home(tmp_path, capsys)


def enygas(home: Home) -> None:
    aliases = 'EASF01 = "P1", EASF02 = "P2", EASF03 = "P3"'
    about = {"start": "2025-06-01", "aliases": aliases, "day": "2025-06-30", "rent": "0.89"}
    home.files(ENYGAS, CONTRACT.format(powers="P1 = 4.4, P2 = 4.4", **about))
    home.meter("2025-06-01", "2025-07-01", 66, 110, 44)


def test_a_published_bill_with_two_powers_is_reproduced_line_by_line(home: Home) -> None:
    enygas(home)
    (bill,) = home.json("bill", "--from", "2025-06-01", "--to", "2025-07-01", "--as-billed")
    billed = bill["as_billed"]
    (subscription,) = billed["subscriptions"]
    assert [(each["name"], each["kw"], each["days"], each["amount_ht"]) for each in subscription["powers"]] == [
        ("P1", "4.4", 30, "12.38"),
        ("P2", "4.4", 30, "1.66"),
    ]
    assert subscription["amount_ht"] == "14.04"
    assert [(each["period"], each["kwh"], each["amount_ht"]) for each in billed["energy"]] == [
        ("P1", 66, "15.87"),
        ("P2", 110, "15.61"),
        ("P3", 44, "4.03"),
    ]
    (total,) = billed["totals"]
    # 14.04 + 35.51 = 49.55; electricity tax 2.53 and VAT 5.29 less that of the rent, 0.08: 7.74; rent 0.81 + 0.08
    assert (total["ht"], [each["amount"] for each in total["vat"]], total["lump_sums"]) == ("49.55", ["7.74"], "0.89")
    assert total["amount"] == "58.18"


def test_a_published_bill_over_a_change_of_months_is_reproduced_line_by_line(home: Home) -> None:
    about = {"start": "2020-02-18", "day": "2020-03-18", "rent": "0.97"}
    aliases = 'EASF01 = "P1", EASF02 = "P2"'
    home.files(PVPCBILL, CONTRACT.format(powers="grid = 4.6, supplier = 4.6", aliases=aliases, **about))
    home.meter("2020-02-18", "2020-03-19", 170, 303)
    (bill,) = home.json("bill", "--from", "2020-02-18", "--to", "2020-03-19", "--as-billed")
    billed = bill["as_billed"]
    (subscription,) = billed["subscriptions"]
    assert [(each["name"], each["days"], each["amount_ht"]) for each in subscription["powers"]] == [
        ("grid", 30, "14.34"),
        ("supplier", 30, "1.17"),
    ]
    assert subscription["amount_ht"] == "15.51"
    assert [each["amount_ht"] for each in billed["energy"]] == ["19.02", "13.82"]
    (total,) = billed["totals"]
    # electricity tax 2.47 and VAT 10.84, less that of the rent, 0.17; rent 0.80 + 0.17
    assert (total["ht"], [each["amount"] for each in total["vat"]]) == ("48.35", ["13.14"])
    assert total["amount"] == "62.46"


def test_a_day_costs_each_power_whatever_the_month(home: Home) -> None:
    enygas(home)
    rows = home.json("cost", "--from", "2025-06-10", "--to", "2025-06-11")
    (subscription,) = (each for each in rows if each["kind"] == "subscription")
    # 4.4 x (0.108455593 + 0.014568662) a day, 30 of them a month; prices have six decimals
    daily = Decimal("4.4") * (Decimal("0.108456") + Decimal("0.014569"))
    assert Decimal(subscription["amount"]) == daily
    assert Decimal(subscription["price"]) == 30 * daily
    (bill,) = home.json("bill", "--from", "2025-06-01", "--to", "2025-07-01")
    (line,) = (each for each in bill["lines"] if each["powers"])
    assert [(each["name"], each["kw"], each["amount_rounded"]) for each in line["powers"]] == [
        ("P1", "4.4", "14.32"),
        ("P2", "4.4", "1.92"),
    ]
    # 30 x 4.4 x (0.0938 + 0.0126) without taxes: everything is split, so nothing is reported as missing.
    assert (line["price_ht"], line["contains"]["ht_rounded"], line["price"]) == ("14.0448", "14.04", "16.2393")
    assert bill["totals"][0]["not_split"] == "0"
    assert [each["code"] for each in bill["remarks"]] == ["bill_sum_differs"]  # to cents, line by line
    assert Decimal(line["amount"]) == sum(Decimal(each["amount"]) for each in line["powers"])
    shown = home.run("bill", "--from", "2025-06-01", "--to", "2025-07-01")[1]
    assert "P1 4.4 kW" in shown
    assert "30 days at 0.108456 per kW: 14.32 EUR" in shown
    shown = home.run("bill", "--from", "2025-06-01", "--to", "2025-07-01", "--as-billed")[1]
    assert "30 days at 0.0938 per kW: 12.38 EUR" in shown
    shown = home.run("tariff", "show", "two-powers", "--on", "2025-06-01")[1]
    assert "P1, per kW and day" in shown


def test_a_comparison_takes_the_contracts_powers(home: Home) -> None:
    enygas(home)
    found = home.json("compare", "--from", "2025-06-01", "--to", "2025-07-01")
    (own,) = (each for each in found if each["tariff"] == "two-powers")
    assert own["quality"] != "unknown"
    assert own["amount"] == own["actual"]


def test_powers_are_added_and_listed_by_the_command(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.files(ENYGAS, "")
    given = ("contract", "add", "--tariff", "two-powers", "--from", "2025-06-01")
    assert home.run(*given, "--powers", "P1=4.6,P2=3.45")[0] == 0
    assert "power = { P1 = 4.6, P2 = 3.45 }" in (home.folder / "contracts.toml").read_text()
    assert home.json("contract", "list")[0]["powers_kw"] == {"P1": "4.6", "P2": "3.45"}
    assert "P1 4.6 kW, P2 3.45 kW" in home.run("contract", "list")[1]
    assert home.run(*given[:-1], "2025-07-01", "--powers", "P1=four")[0] == 2
    assert "P1, P2" in home.run(*given[:-1], "2025-07-01", "--powers", "P1=4.6")[2]

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("P1=3.45,P2=4.6\n\n\n"))
    assert home.run(*given[:-1], "2025-08-01")[0] == 0
    assert "power = { P1 = 3.45, P2 = 4.6 }" in (home.folder / "contracts.toml").read_text()


@pytest.mark.parametrize(
    ("power", "sentence", "french"),
    [
        ("power = 6\n", "has prices for powers by period (P1, P2) in kW", "des prix par période pour les puissances"),
        ("", "has prices for powers by period (P1, P2) in kW", "des prix par période pour les puissances"),
        ("power = { P1 = 4.6 }\n", "give the kW of each of them", "indiquez les kW de chacune"),
        ("power = { P1 = 4.6, P2 = 3, P3 = 1 }\n", "give the kW of each of them", "indiquez les kW de chacune"),
        ('power = { P1 = "4.6", P2 = 3 }\n', "is not a number of kW", "un nombre de kW"),
        ("power = { P1 = 4600, P2 = 3 }\n", "is not a number of kW", "un nombre de kW"),
        ("power = { P1 = nan, P2 = 3 }\n", "is not a number of kW", "un nombre de kW"),
        ("power = { P1 = 0, P2 = 3 }\n", "is not a number of kW", "un nombre de kW"),
    ],
)
def test_powers_that_cannot_be_used_name_the_cure(home: Home, power: str, sentence: str, french: str) -> None:
    home.files(ENYGAS, "")
    tariffs = load_catalogue(home.folder / "tariffs").tariffs
    text = f'[[contract]]\ntariff = "two-powers"\nfrom = 2025-06-01\n{power}'
    with pytest.raises(ContractError) as refused:
        parse_contracts(text, "contracts.toml", TariffsNamed(tariffs, PARIS))
    assert refused.value.line == (4 if power else 1)
    assert sentence in english([refused.value.problem])[0]
    assert french in catalogue("fr").phrase(refused.value.problem)
    with pytest.raises(ContractError, match="is not a number of kVA"):
        parse_contracts(
            '[[contract]]\ntariff = "edf-bleu-base"\npower = { P1 = 6 }\nfrom = 2025-01-01\n',
            "contracts.toml",
            TariffsNamed(tariffs, PARIS),
        )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('power_term.P1 = { ttc = "34.2" }', "per kW and day"),
        ('power_term.P1 = { ht = "0.1" }', "ttc is missing"),
        ('power_term.P1 = { ttc = "0.1", ht = "0.2" }', "0.2"),
        ('power.6 = { subscription = "12" }', "a version has one or the other"),
    ],
)
def test_prices_of_powers_that_cannot_be_right_are_refused(home: Home, line: str, sentence: str) -> None:
    lines = tariff(ENYGAS).splitlines()
    at = next(number for number, each in enumerate(lines) if each.startswith("power_term.P1"))
    lines[at : at + 1] = [line]
    (home.folder / "tariffs" / "two-powers.toml").write_text("\n".join(lines))
    (error,) = load_catalogue(home.folder / "tariffs").errors
    assert sentence in str(error)
    assert words(error.reason)
