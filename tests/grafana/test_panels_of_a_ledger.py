"""Panels show the energy of a ledger that was replicated to InfluxDB: in both modes and for all options."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from grafana_asking import Asking
from household_points import make_buckets
from influx_answers import Row
from real_influx import ORG, TOKEN, Influxd
from simulated_ledger import Truth, messages, store

from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.simulator.meter import SimulatedMeter
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.sinks.influxdb.client import Client
from tictally_recorder.sinks.influxdb.ledger_source import LedgerSource
from tictally_shared.calendar import QUARTER_MS, zone
from tictally_shared.interval_set import IntervalSet
from tictally_shared.labels import Mode

PARIS = zone("Europe/Paris")
METER = "021961000001"
START = datetime(2026, 1, 14, 23, tzinfo=UTC)
DAYS = 2


@dataclass(frozen=True)
class Case:
    """A meter, and the periods that its panels must show."""

    contract: SimulatedContract
    mode: Mode
    total: str
    periods: frozenset[str]
    off_peak: frozenset[str]

    def __str__(self) -> str:
        return f"{self.contract.value} {self.mode.value}"


TEMPO = frozenset({"HC BLEU", "HP BLEU", "HC BLANC", "HP BLANC", "HC ROUGE", "HP ROUGE"})
CASES = (
    Case(SimulatedContract.BASE, Mode.STANDARD, "EAST", frozenset({"BASE"}), frozenset()),
    Case(SimulatedContract.HPHC, Mode.STANDARD, "EAST", frozenset({"HC", "HP"}), frozenset({"HC"})),
    Case(SimulatedContract.HPHC, Mode.HISTORIQUE, "", frozenset({"HC", "HP"}), frozenset({"HC"})),
    Case(
        SimulatedContract.TEMPO,
        Mode.STANDARD,
        "EAST",
        TEMPO,
        frozenset(each for each in TEMPO if each.startswith("HC")),
    ),
)


def copied(server: Influxd, path: Path, bucket: str) -> None:
    """Replicate all quarters of a ledger, and their days."""
    make_buckets(server, bucket)
    first = int(START.timestamp()) * 1000 // QUARTER_MS
    client = Client(server.url, TOKEN, ORG)
    with LedgerReader.open(path) as reader:
        rows = LedgerSource(reader, PARIS)
        sites = rows.sites()
        dirty = {meter.id: IntervalSet([(first, first + DAYS * 96 - 1)]) for site in sites for meter in site.meters}
        for each in rows.quarter_rows(sites, dirty):
            client.write(bucket, [point.line for point in each.points])
    client.close()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_parts_by_period_are_all_that_was_consumed(server: Influxd, tmp_path: Path, case: Case) -> None:
    end = START + timedelta(days=DAYS)
    truth = Truth()
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        meter = SimulatedMeter(case.contract, case.mode, start=START, number=METER, seed=3)
        store(ledger, messages(meter, 120.0, end, truth))
    bucket = str(case).replace(" ", "-")
    copied(server, path, bucket)
    asking = Asking(server, bucket, end, {"site": METER, "month": "2026-01", "meter": METER})

    start_ms, end_ms = (int(each.timestamp()) * 1000 for each in (START, end))
    registers = [case.total] if case.total else [each for each in truth.names if each.startswith(("HC", "BASE"))]
    consumption = sum(truth.energy(register, start_ms, end_ms) for register in registers) / 1000
    days = asking.by("key", "month", "By day and period")
    assert sum(map(_sum, days.values())) == pytest.approx(consumption)
    assert {period for row in days.values() for period in row} - {"key"} <= case.periods

    cheap = sum(float(str(row.get(period, 0))) for row in days.values() for period in case.off_peak)
    share = {"this": 100 * cheap / consumption} if cheap else {}
    assert asking.row("month", "Share of off-peak") == pytest.approx(share)
    assert asking.row("month", "Energy") == pytest.approx({"this": consumption})
    assert asking.row("month", "Mean power") == pytest.approx({"this": 1000 * consumption / 48})


def _sum(row: Row) -> float:
    return sum(value for value in row.values() if isinstance(value, int | float))
