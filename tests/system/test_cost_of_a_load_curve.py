"""A household's load curve through meters, edges, broker and recorder, all of them real: what it cost, to the cent.

The real year beside the project, which takes minutes, is part of `./run year`; here are days that the test makes up.
"""

import json
import os
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
import real_edge
from enedis_files import PARIS, lines_of, write
from real_broker import Hub, Mosquitto
from recording import Recorder

from tictally_recorder.cli.app import main

FULL = "TICTALLY_FULL_YEAR" in os.environ
REAL = Path(__file__).parents[3] / "shared" / "data" / "enedis" / "load_curve_30min_one_year.csv"
HALF_HOUR = timedelta(minutes=30)
ON_BASE, ON_HPHC = "021961000001", "021961000002"
# From EDF's grids, 6 kVA: first day, Base, HC, HP, subscription of Base and of HP/HC.
GRIDS = [
    ("2022-02-01", "0.1740", "0.1470", "0.1841", "11.34", "11.92"),
    ("2022-08-01", "0.1740", "0.1470", "0.1841", "11.36", "11.84"),
    ("2023-02-01", "0.2062", "0.1615", "0.2228", "11.93", "12.35"),
    ("2025-02-01", "0.2016", "0.1696", "0.2146", "13.72", "14.04"),
    ("2025-08-01", "0.1952", "0.1635", "0.2081", "15.47", "15.74"),
]


@dataclass(frozen=True)
class Grid:
    """Prices of a kWh, and a month's subscription."""

    base: Decimal
    off_peak: Decimal
    peak: Decimal
    monthly: dict[str, Decimal]

    @classmethod
    def on(cls, day: date) -> "Grid":
        *_, found = (grid for grid in GRIDS if date.fromisoformat(grid[0]) <= day)
        base, off_peak, peak, of_base, of_hphc = map(Decimal, found[1:])
        return cls(base, off_peak, peak, {ON_BASE: of_base, ON_HPHC: of_hphc})


@dataclass(frozen=True)
class Case:
    """Days whose curve is costed; `within_s` is how long frames of them may take."""

    name: str
    first: date
    end: date
    within_s: float = 60.0
    totals: dict[str, str] = field(default_factory=dict)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.end - self.first).days)]

    def lines(self) -> list[str]:
        """The file: the real one, or an invented household's, whose half hours are whole Wh as well."""
        if self.name == "a real year":
            return REAL.read_text(encoding="utf-8-sig").splitlines()
        start, end = (datetime(day.year, day.month, day.day, tzinfo=PARIS) for day in (self.first, self.end))
        count = int((end.timestamp() - start.timestamp()) // HALF_HOUR.total_seconds())
        rng = Random(self.name)
        return lines_of(start.astimezone(), [2 * rng.randrange(40, 2900) for _ in range(count)])


CASES = (
    [
        Case(
            "a real year",
            date(2022, 7, 29),
            date(2023, 7, 29),
            1800.0,
            {ON_BASE: "1512.63", ON_HPHC: "1522.87"},
        )
    ]
    if FULL
    else [
        Case("new prices", date(2025, 7, 31), date(2025, 8, 2)),
        Case("autumn", date(2025, 10, 26), date(2025, 10, 27)),
        Case("spring", date(2025, 3, 30), date(2025, 3, 31)),
    ]
)


@dataclass(frozen=True)
class Recorded:
    """A ledger with a case's frames, and each day's Wh from its half hours: as Base, and by the hours of HP/HC."""

    case: Case
    ledger: Path
    used: dict[date, Counter[str]]

    def cost(self, site: str, day: date) -> Decimal:
        """The cost of a day on a site's contract, computed from the half hours."""
        grid, energy_wh = Grid.on(day), self.used[day]
        if site == ON_BASE:
            energy = energy_wh["BASE"] * grid.base
        else:
            energy = energy_wh["HC"] * grid.off_peak + energy_wh["HP"] * grid.peak
        next_month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return energy / 1000 + grid.monthly[site] / (next_month - day.replace(day=1)).days

    def shown(self, *options: str) -> str:
        span = ("--from", str(self.case.first), "--to", str(self.case.end))
        with redirect_stdout(StringIO()) as shown:
            assert main(["cost", *span, *options, "--ledger", str(self.ledger)]) == 0
        return shown.getvalue()

    def totals(self, by: str) -> dict[tuple[str, str], str]:
        """What `tictally cost` shows, by site and first day."""
        rows: list[dict[str, Any]] = json.loads(self.shown("--by", by, "--json"))
        assert {row["quality"] for row in rows} == {"measured"}
        return {(row["site"], row["from"]): row["rounded"] for row in rows if row["kind"] == "total"}


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, broker: Mosquitto) -> Recorded:
    """One curve, counted by a historique meter on Base and a standard one on HP/HC, each read by an edge of its own."""
    case: Case = request.param
    if FULL and not REAL.exists():
        pytest.skip("no load curve beside the project")
    folder, base = tmp_path_factory.mktemp("curve"), f"curve-{case.name.replace(' ', '-')}"
    lines = case.lines()
    curve = write(folder / "curve.csv", lines)
    ends = [(datetime.fromisoformat(stamp), int(power)) for stamp, power in (line.split(";") for line in lines[3:])]
    (folder / "contracts.toml").write_text(
        "".join(
            f'[[contract]]\nsite = "{site}"\ntariff = "{tariff}"\npower = 6\nfrom = 2022-01-01\n'
            for site, tariff in ((ON_BASE, "edf-bleu-base"), (ON_HPHC, "edf-bleu-hphc"))
        )
    )
    edges = []
    for contract, mode, number in (("base", "historique", ON_BASE), ("hphc", "standard", ON_HPHC)):
        port = f"sim:{contract}?curve={curve}&interval=900&pace=fast&subscribed=6&mode={mode}&number={number}"
        (folder / contract).mkdir()
        settings = {"name": contract, "base_topic": base, "clock": "auto"}
        edges.append(real_edge.edge(folder / contract, port, broker.port, **settings))
    with Recorder(folder, broker.port, base) as recorder:
        with Hub(broker.port) as hub:
            hub.subscribe(f"{base}/recorder/nas/availability")
            hub.wait_for(f"{base}/recorder/nas/availability", "online")
        for edge in edges:
            edge.start()
        try:
            assert [edge.wait(case.within_s) for edge in edges] == [0, 0]
        finally:
            for edge in edges:
                edge.end()
        counts = recorder.wait_until(lambda counts: counts.frames >= 2 * (2 * len(ends) + 1))
        assert (counts.rejected, counts.deferred, counts.lost) == ({}, 0, 0)
        recorder.stop()
    return Recorded(case, recorder.ledger, used(ends))


def used(ends: list[tuple[datetime, int]]) -> dict[date, Counter[str]]:
    """Wh by day, from the ends of half hours and the mean power in them."""
    found: dict[date, Counter[str]] = {}
    for end, power in ends:
        # A stamp has the offset of the half hour's end; day and hour are those in which it begins.
        start = (end - HALF_HOUR).astimezone(PARIS)
        day = found.setdefault(start.date(), Counter())
        day["BASE"] += power // 2
        day["HP" if 6 <= start.hour < 22 else "HC"] += power // 2
    return found


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize("site", [ON_BASE, ON_HPHC])
def test_every_day_costs_what_its_half_hours_cost(recorded: Recorded, site: str) -> None:
    expected = {(site, str(day)): cents(recorded.cost(site, day)) for day in recorded.case.days}
    assert {key: shown for key, shown in recorded.totals("day").items() if key[0] == site} == expected


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize("site", [ON_BASE, ON_HPHC])
def test_all_days_together_cost_what_their_half_hours_cost(recorded: Recorded, site: str) -> None:
    rows = json.loads(recorded.shown("--site", site, "--by", "year", "--json"))
    shown = cents(sum((Decimal(row["amount"]) for row in rows if row["kind"] == "total"), Decimal(0)))
    assert shown == cents(sum((recorded.cost(site, day) for day in recorded.case.days), Decimal(0)))
    assert shown == recorded.case.totals.get(site, shown)


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize("site", [ON_BASE, ON_HPHC])
def test_each_days_explanation_names_energy_and_price(recorded: Recorded, site: str) -> None:
    explained = recorded.shown("--site", site, "--by", "day", "--explain")
    for day in recorded.case.days:
        prices = {"HC": Grid.on(day).off_peak, "HP": Grid.on(day).peak}
        if site == ON_BASE:
            prices = {"BASE": Grid.on(day).base}
        for period, price in prices.items():
            shown = explained.partition(f"{day} to {day + timedelta(days=1)}, {period}:\n")[2].partition(" EUR = ")[0]
            assert shown.endswith(f"{Decimal(recorded.used[day][period]) / 1000:.3f} kWh at {price}")


def cents(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))
