"""A site that only injects: its income is complete for the command line, the bill, the doctor and hubs."""

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from ledger_building import METER, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.doctor import PaidFacts
from tictally_recorder.doctor.collect import collect_cost
from tictally_recorder.ledger import Ledger
from tictally_recorder.settings import Settings

WINDOW = ("--from", "2026-06-01", "--to", "2026-06-03")
TARIFF = """
id = "oa-total"
supplier = "EDF OA"
currency = "EUR"
periods = ["TOTAL"]
direction = "injection"
names.fr = "Vente totale"
[[version]]
from = 2015-01-01
confidence = "own"
source = "my contract"
energy.TOTAL = { ttc = "0.2800" }
"""
CONTRACT = '[[contract]]\ntariff = "oa-total"\nfrom = 2015-01-01\n'
Values = dict[str, int | str]


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "oa.toml").write_text(TARIFF)
    (tmp_path / "contracts.toml").write_text(CONTRACT)
    return tmp_path


def store(folder: Path, ngtf: str, consumed_wh: int) -> None:
    """Two days of 10 kWh injected each, and something consumed at night."""
    values: Values = {"NGTF": ngtf, "LTARF": "INDEX NON CONSO", "NTARF": "01", "PREF": 9}
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        frames = []
        for n in range(193):
            consumed = 55 + (consumed_wh if n >= 8 else 0)
            registers: Values = {"EAST": consumed, "EASF01": consumed, "EAIT": 12_000_000 + 20_000 * n // 192}
            time_ms = ms("2026-06-01T00:00+02:00") + n * 900_000
            added = frame(n + 1, time_ms, values | registers)
            frames.append(message(added, arrived_ms=ms("2026-06-04T12:00Z")))
        ledger.store(frames)


Answer = Callable[..., tuple[int, str, str]]


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Answer:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize(("ngtf", "consumed_wh"), [("PRODUCTEUR", 0), ("PRODUCTEUR", 300), ("BASE", 0)])
def test_its_income_is_a_complete_total(folder: Path, answer: Answer, ngtf: str, consumed_wh: int) -> None:
    store(folder, ngtf, consumed_wh)
    code, out, err = answer("cost", *WINDOW, "--by", "month", "--json")
    total = json.loads(out)[-1]
    assert (code, err) == (0, "")
    assert (total["rounded"], total["quality"], total["reasons"]) == ("-5.60", "measured", [])
    code, out, err = answer("bill", *WINDOW)
    assert (code, err) == (0, "")
    assert "-5.60" in out
    assert "no contract" not in out


def test_consumption_beside_it_without_a_contract_is_unknown_and_shows_what_to_write(
    folder: Path, answer: Answer
) -> None:
    store(folder, "BASE", 300)
    code, out, err = answer("cost", *WINDOW, "--by", "month", "--json")
    total = json.loads(out)[-1]
    assert (total["rounded"], total["quality"]) == ("-5.60", "unknown")
    assert "there is no contract for consumption" in total["reasons"][0]["text"]
    assert code == 1
    assert 'tariff = "edf-bleu-base"' in err


def test_the_doctor_names_the_version_of_its_income(folder: Path) -> None:
    store(folder, "PRODUCTEUR", 0)
    settings = Settings(name="nas", ledger=folder / "ledger.sqlite")
    assert collect_cost(settings, ms("2026-06-04T12:00Z")).paid == (PaidFacts(METER, "oa-total 2015-01-01"),)


def test_a_producer_without_contract_is_shown_an_injection_contract_to_write(folder: Path, answer: Answer) -> None:
    store(folder, "PRODUCTEUR", 0)
    (folder / "contracts.toml").unlink()
    code, _, err = answer("cost", *WINDOW)
    assert code == 1
    assert 'direction = "injection"' in err
    assert "edf-bleu" not in err


def test_it_is_compared_with_nothing(folder: Path, answer: Answer) -> None:
    store(folder, "PRODUCTEUR", 0)
    code, out, _ = answer("compare", *WINDOW)
    assert code == 0
    assert "0.00 EUR" not in out
