"""EJP's days are the meter's: what its registers count in a mobile peak, and nothing else, costs the peak's price."""

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from household_years import values_of
from ledger_building import NOON_MS, frame, message

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_edge.simulator.peakdays import is_ejp_day
from tictally_recorder.cli.app import main
from tictally_recorder.cost.proration import to_millionths
from tictally_recorder.ledger import Ledger
from tictally_shared.labels import Mode

SEED = 3
PEAK = datetime(2025, 11, 21, tzinfo=UTC)
# Bundled since 2025-08-01, of 9 kVA: of a kWh in normal hours and in a mobile peak.
PRICES = {"HN": Decimal("0.1418"), "PM": Decimal("1.0867")}
REGISTERS = {Mode.STANDARD: ("EASF01", "EASF02"), Mode.HISTORIQUE: ("EJPHN", "EJPHPM")}


@pytest.mark.parametrize("mode", REGISTERS)
def test_a_mobile_peak_is_priced_by_the_registers_that_count_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode: Mode
) -> None:
    assert [is_ejp_day((PEAK + timedelta(days=n)).date(), SEED) for n in (-1, 0, 1)] == [False, True, False]
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    (tmp_path / "contracts.toml").write_text('[[contract]]\ntariff = "edf-bleu-ejp"\npower = 9\nfrom = 2025-08-01\n')
    # From noon to noon two days later, in UTC; a peak lasts from 07:00 to 01:00 in France.
    begin = PEAK - timedelta(hours=12)
    moments = [begin + timedelta(minutes=15 * n, seconds=1) for n in range(2 * 96 + 1)]
    meter = SimulatedMeter(SimulatedContract.EJP, mode, start=begin, seed=SEED)
    shown = []
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        for seq, moment in enumerate(moments, 1):
            meter.advance(moment)
            shown.append(values_of(meter))
            at_ms = int(moment.timestamp()) * 1000
            each = frame(seq, at_ms, shown[-1], meter=meter.number, mode=mode)
            ledger.store([message(each, arrived_ms=NOON_MS)])

    def counted(first: datetime, last: datetime) -> dict[str, int]:
        begin, end = (shown[moments.index(each + timedelta(seconds=1))] for each in (first, last))
        return {period: int(end[name]) - int(begin[name]) for period, name in zip(PRICES, REGISTERS[mode], strict=True)}

    assert main(["cost", "--from", "2025-11-20", "--to", "2025-11-23", "--by", "year", "--json"]) == 0
    rows = {row["period"]: row for row in json.loads(capsys.readouterr().out) if row["kind"] == "energy"}
    whole, peak = counted(moments[0] - timedelta(seconds=1), moments[-1] - timedelta(seconds=1)), PEAK.replace(hour=6)
    assert {period: row["energy_wh"] for period, row in rows.items()} == whole
    assert counted(peak, peak + timedelta(hours=18))["PM"] == whole["PM"] > 0
    for period, wh in whole.items():
        assert Decimal(rows[period]["amount"]) == to_millionths(wh * PRICES[period] / 1000)
        assert rows[period]["quality"] == "measured"
    assert main(["compare", "--from", "2025-11-20", "--to", "2025-11-23", "--json"]) == 0
    offers = {each["tariff"]: each for each in json.loads(capsys.readouterr().out) if each["power_kva"] == 9}
    assert offers["edf-bleu-ejp"]["energy_wh"] == whole
