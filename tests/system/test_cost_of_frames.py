"""What a simulated meter's frames cost: read as an edge reads them, asked as a person asks, to the cent."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from simulated_ledger import Truth, messages, store

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_recorder.cli.app import main
from tictally_recorder.cost import to_cents
from tictally_recorder.ledger import Ledger
from tictally_shared.labels import Mode

START = datetime(2025, 7, 30, 22, tzinfo=UTC)
DAY = timedelta(days=1)
CONTRACT = '[[contract]]\ntariff = "edf-bleu-hphc"\npower = 6\nfrom = 2025-01-01\n'
# Of 31 July and of 1 August: HC, HP, and a month's subscription at 6 kVA.
GRIDS = (("0.1696", "0.2146", "14.04"), ("0.1635", "0.2081", "15.74"))


@pytest.mark.parametrize(
    ("mode", "registers"), [(Mode.STANDARD, ("EASF01", "EASF02")), (Mode.HISTORIQUE, ("HCHC", "HCHP"))]
)
def test_two_days_over_a_change_of_prices_cost_what_the_registers_report(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    mode: Mode,
    registers: tuple[str, str],
) -> None:
    truth = Truth()
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        meter = SimulatedMeter(SimulatedContract.HPHC, mode, start=START, seed=5, subscribed_kva=6)
        store(ledger, messages(meter, 300.0, START + 2 * DAY, truth))
    (tmp_path / "contracts.toml").write_text(CONTRACT)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    assert main(["cost", "--from", "2025-07-31", "--to", "2025-08-02", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    expected = []
    for n, (*prices, monthly) in enumerate(GRIDS):
        start_ms, end_ms = (int((START + (n + more) * DAY).timestamp()) * 1000 for more in (0, 1))
        energy = [truth.energy(register, start_ms, end_ms) for register in registers]
        assert all(energy)
        amounts = [each * Decimal(price) / 1000 for each, price in zip(energy, prices, strict=True)]
        amounts.append(Decimal(monthly) / 31)
        expected += [str(to_cents(amount)) for amount in [*amounts, sum(amounts, Decimal(0))]]
    assert [each["rounded"] for each in shown] == expected
    assert {each["quality"] for each in shown} == {"measured"}
    assert main(["tariff", "check", "--from", "2199-01-01", "--json"]) in {0, 1}
    assert [each for each in json.loads(capsys.readouterr().out) if each["code"] == "contract"] == []
