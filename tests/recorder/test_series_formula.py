"""Prices made from a series by a formula that changes with a tariff's versions, from the file to a household's cost."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from ledger_building import frame, message

from tictally_recorder.__main__ import main
from tictally_recorder.ledger import Ledger
from tictally_recorder.tariffs.catalogue import load_catalogue

SPAIN = """
id = "es-pvpc"
supplier = "comercializadora de referencia"
names.en = "PVPC"
currency = "EUR"
series = "pvpc-peninsula.csv"

[[version]]
from = 2021-06-01
subscription = "3.10"
confidence = "own"
source = "my bill"
formula = { taxes = "1.27" }

[[version]]
from = 2021-10-31
subscription = "3.10"
confidence = "own"
source = "my bill"
formula = { factor = "1.1", margin = "0.01", taxes = "1.10" }
"""
PRICES = "start,price\n2021-10-30T23:00+02:00,0.20\n2021-10-31T00:00+02:00,0.10\n2021-10-31T01:00+02:00,-0.05\n"
CONTRACT = '[[contract]]\ntariff = "es-pvpc"\nfrom = 2021-06-01\n'


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def write(folder: Path, tariff: str = SPAIN, prices: str = PRICES) -> Path:
    tariffs = folder / "tariffs"
    tariffs.mkdir(exist_ok=True)
    (tariffs / "es-pvpc.toml").write_text(tariff)
    (tariffs / "pvpc-peninsula.csv").write_text(prices)
    return tariffs


def test_each_hour_has_the_formula_of_its_local_day(tmp_path: Path) -> None:
    catalogue = load_catalogue(write(tmp_path))
    assert catalogue.errors == ()
    series = catalogue.series["es-pvpc"]
    assert [series.price(at(f"2021-10-{hour}+02:00")) for hour in ("30T23:00", "31T00:00", "31T01:00")] == [
        Decimal("0.20") * Decimal("1.27"),
        (Decimal("0.10") * Decimal("1.1") + Decimal("0.01")) * Decimal("1.10"),
        (Decimal("-0.05") * Decimal("1.1") + Decimal("0.01")) * Decimal("1.10"),
    ]


def test_an_overlay_changes_the_formula_of_its_days_and_their_hashes_only(tmp_path: Path) -> None:
    tariffs = write(tmp_path)
    before = load_catalogue(tariffs).series["es-pvpc"]
    overlay = 'id = "es-pvpc"\noverlay = true\n[[version]]\nfrom = 2021-10-31\nsubscription = "3.10"\n'
    (tariffs / "corrected.toml").write_text(
        overlay + 'confidence = "own"\nsource = "x"\nformula = { taxes = "1.05" }\n'
    )
    after = load_catalogue(tariffs).series["es-pvpc"]
    assert after.price(at("2021-10-31T00:00+02:00")) == Decimal("0.10") * Decimal("1.05")
    day = at("2021-10-30T00:00+02:00"), at("2021-10-31T00:00+02:00")
    assert before.hash(*day) == after.hash(*day)
    next_day = at("2021-10-31T00:00+02:00"), at("2021-11-01T00:00+01:00")
    assert before.hash(*next_day) != after.hash(*next_day)


@pytest.mark.parametrize(
    ("formula", "message_part"),
    [
        ('{ tax = "1.2" }', "there is no formula.tax; there are: factor, margin, taxes"),
        ('{ taxes = "21" }', "taken for a slip"),
        ('{ taxes = "0.21" }', "formula.taxes"),
        ('{ margin = "10" }', "taken for a slip"),
        ('"x * 1.2"', "must be a table"),
    ],
)
def test_a_wrong_formula_is_named_with_its_line(tmp_path: Path, formula: str, message_part: str) -> None:
    catalogue = load_catalogue(write(tmp_path, SPAIN.replace('{ taxes = "1.27" }', formula)))
    (error,) = catalogue.errors
    assert message_part in str(error)
    assert error.line == 13


def test_a_formula_needs_a_series(tmp_path: Path) -> None:
    text = SPAIN.replace('series = "pvpc-peninsula.csv"', 'periods = ["BASE"]')
    text = text.replace('source = "my bill"', 'source = "my bill"\nenergy.BASE = { ttc = "0.2" }')
    (error,) = load_catalogue(write(tmp_path, text)).errors
    assert "this tariff has none" in str(error)


def test_a_household_pays_each_hour_by_the_formula(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path)
    (tmp_path / "contracts.toml").write_text(CONTRACT)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_TIMEZONE", "Europe/Madrid")
    readings = [("31T00:00", 0), ("31T01:00", 1000), ("31T02:00", 3000)]
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        for seq, (hour, wh) in enumerate(readings, 1):
            arrived = at(f"2021-10-{hour}+02:00")
            ledger.store([message(frame(seq, arrived, {"EAST": wh}), arrived_ms=arrived)])
    assert main(["cost", "--from", "2021-10-31", "--to", "2021-11-01", "--json"]) == 0
    (energy,) = [each for each in json.loads(capsys.readouterr().out) if each["kind"] == "energy"]
    # 1 kWh at (0.10 * 1.1 + 0.01) * 1.10 = 0.132, 2 kWh at (-0.05 * 1.1 + 0.01) * 1.10 = -0.0495: 0.033
    assert Decimal(energy["amount"]) == Decimal("0.033")
