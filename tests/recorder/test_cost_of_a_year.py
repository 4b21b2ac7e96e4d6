"""A real household's year, costed as Base and as HP/HC. Without the data these tests skip."""

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from cost_building import PARIS, d
from ledger_building import NOON_MS, frame, message

from tictally_recorder.cost import CostRow, Quality, Terms, to_cents
from tictally_recorder.cost.aggregation import Summed, sum_up
from tictally_recorder.cost.contracts import Contract, Contracts
from tictally_recorder.cost.query import SiteDays, cost_of
from tictally_recorder.ledger import Ledger, LedgerReader, Message
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_shared.calendar import QUARTER_MS, By

CURVE: Final = Path(__file__).parents[3] / "shared" / "data" / "enedis" / "load_curve_30min_one_year.csv"
pytestmark = pytest.mark.skipif(not CURVE.exists(), reason="no load curve beside the project")

HALF_HOUR: Final = timedelta(minutes=30)
OFF_PEAK, PEAK = "EASF01", "EASF02"
# Prices by EDF in 2022-02, 2022-08 and 2023-02, 6 kVA: first day, Base, HC, HP, subscription of Base and of HP/HC.
GRIDS: Final = [
    ("2022-02-01", "0.1740", "0.1470", "0.1841", "11.34", "11.92"),
    ("2022-08-01", "0.1740", "0.1470", "0.1841", "11.36", "11.84"),
    ("2023-02-01", "0.2062", "0.1615", "0.2228", "11.93", "12.35"),
]
FIRST, END = d("2022-07-29"), d("2023-07-29")


def halves() -> list[tuple[datetime, int]]:
    """Start of each half hour, and mean power in W."""
    lines = CURVE.read_text(encoding="utf-8-sig").splitlines()[3:]
    return [(datetime.fromisoformat(end) - HALF_HOUR, int(power)) for end, power in (line.split(";") for line in lines)]


def register_of(start: datetime) -> str:
    return PEAK if 6 <= start.hour < 22 else OFF_PEAK


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frame each quarter of an hour of a standard meter; registers are cut to whole Wh as a meter shows them."""
    path = tmp_path_factory.mktemp("year") / "ledger.sqlite"
    quarters_of_w = Counter({OFF_PEAK: 4_000_000, PEAK: 8_000_000})
    found: list[Message] = []

    def add(time_ms: int) -> None:
        values: dict[str, int | str] = {"NGTF": "H PLEINE/CREUSE", "EAST": quarters_of_w.total() // 4}
        values |= {register: count // 4 for register, count in quarters_of_w.items()}
        found.append(message(frame(len(found) + 1, time_ms, values), arrived_ms=NOON_MS))

    start_ms = int(halves()[0][0].timestamp()) * 1000
    add(start_ms)
    for start, power in halves():
        for _ in range(2):
            quarters_of_w[register_of(start)] += power
            add(start_ms + len(found) * QUARTER_MS)
    with Ledger.open(path) as opened:
        for at in range(0, len(found), 2000):
            opened.store(found[at : at + 2000])
    return path


def rows_of(path: Path, tariff: str) -> list[CostRow]:
    catalogue = load_catalogue()
    terms = Terms(Contracts([Contract(None, tariff, d("2022-01-01"), power_kva=6)]), catalogue.tariffs)
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        return cost_of(reader, SiteDays(site, FIRST, END, PARIS), terms)


def grid_of(day: date) -> tuple[Decimal, Decimal, Decimal, Decimal, Decimal]:
    _, *amounts = next(grid for grid in reversed(GRIDS) if d(grid[0]) <= day)
    base, off_peak, peak, of_base, of_hphc = map(Decimal, amounts)
    return base, off_peak, peak, of_base, of_hphc


def days_of(month: date) -> int:
    return ((month.replace(day=1) + timedelta(days=32)).replace(day=1) - month.replace(day=1)).days


def by_hand() -> tuple[Decimal, Decimal]:
    """The year as Base and as HP/HC: each half hour at its price, each day its share of the month."""
    base = hphc = Decimal(0)
    for start, power in halves():
        of_base, off_peak, peak, *_ = grid_of(start.date())
        energy_kwh = Decimal(power) / 2000
        base += energy_kwh * of_base
        hphc += energy_kwh * (peak if register_of(start) == PEAK else off_peak)
    for n in range((END - FIRST).days):
        day = FIRST + timedelta(days=n)
        *_, base_monthly, hphc_monthly = grid_of(day)
        base += base_monthly / days_of(day)
        hphc += hphc_monthly / days_of(day)
    return to_cents(base), to_cents(hphc)


def only(sums: list[Summed]) -> Decimal:
    assert all(each.is_known and each.quality is Quality.MEASURED for each in sums)
    return to_cents(sum((each.known["EUR"] for each in sums), Decimal(0)))


def test_the_cost_of_the_year_equals_that_of_its_half_hours_to_the_cent(ledger: Path) -> None:
    base, hphc = (sum_up(rows_of(ledger, tariff), By.YEAR) for tariff in ("edf-bleu-base", "edf-bleu-hphc"))
    assert (only(base), only(hphc)) == by_hand() == (Decimal("1512.63"), Decimal("1522.87"))


def test_days_and_months_add_up_to_the_year(ledger: Path) -> None:
    rows = rows_of(ledger, "edf-bleu-hphc")
    assert {only(sum_up(rows, by)) for by in (By.DAY, By.MONTH, By.YEAR)} == {Decimal("1522.87")}


@pytest.mark.parametrize("tariff", ["edf-bleu-base", "edf-bleu-hphc"])
def test_every_kilowatt_hour_of_the_year_is_in_its_cost_once(ledger: Path, tariff: str) -> None:
    rows = rows_of(ledger, tariff)
    assert abs(sum(row.energy_wh for row in rows) * 2 - sum(power for _, power in halves())) <= 4
    assert len({row.day for row in rows}) == 365
