"""A register that falls: energy counted before and after is added; energy counted during a gap is unknown."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from cost_building import BASE, HPHC, PARIS, SITE, costs, d, english, on, row, words
from ledger_building import METER, NOON_MS, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.cost import CostRow, Quality
from tictally_recorder.cost.aggregation import sum_up
from tictally_recorder.cost.bill import make_bill
from tictally_recorder.cost.bill.remarks import remarks as bill_remarks
from tictally_recorder.cost.codec import from_day, to_day
from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.reports.cost import SiteCosts, remarks
from tictally_shared.calendar import By, local_midnight

MONDAY, TUESDAY, WEDNESDAY = d("2026-11-09"), d("2026-11-10"), d("2026-11-11")
DAY = d("2025-06-10")
LOST = "EAST fell during a gap, so the energy counted meanwhile is unknown"


def store_readings(path: Path, *readings: tuple[str, int]) -> None:
    frames = [
        frame(n, int(datetime.fromisoformat(at).replace(tzinfo=PARIS).timestamp() * 1000), {"EAST": wh})
        for n, (at, wh) in enumerate(readings, 1)
    ]
    with Ledger.open(path) as ledger:
        ledger.store([message(each, arrived_ms=NOON_MS) for each in frames])


def days_of(path: Path) -> Iterator[tuple[str, int, bool, bool, bool]]:
    with LedgerReader.open(path) as reader:
        start, end = (local_midnight(day, PARIS) for day in (MONDAY, d("2026-11-14")))
        for each in energy(reader, EnergyQuery(METER, start, end, By.DAY, PARIS)):
            day = datetime.fromtimestamp(each.start_ms // 1000, PARIS)
            yield f"{day:%d}", each.energy, each.estimated, each.fell, each.lost


def cost_row(rows: Sequence[EnergyRow], *, period: str = "BASE") -> CostRow:
    (found,) = [each for each in costs([DAY], rows, on(BASE), BASE) if each.period == period]
    return found


FELL = replace(row(DAY, "EAST", 3000), fell=True, last_value=2000)


def test_a_fall_between_two_frames_is_no_loss(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    store_readings(
        path, ("2026-11-09T12:00", 500), ("2026-11-09T12:10", 600), ("2026-11-09T12:20", 7), ("2026-11-09T12:25", 9)
    )
    assert list(days_of(path)) == [("09", 102, False, True, False)]


def test_a_fall_in_a_gap_makes_the_energy_of_all_its_days_unknown(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    store_readings(path, ("2026-11-09T12:00", 500), ("2026-11-11T12:00", 7), ("2026-11-12T12:00", 55))
    assert list(days_of(path)) == [
        ("09", 0, True, False, True),
        ("10", 0, True, False, True),
        ("11", 24, True, True, True),
        ("12", 24, True, False, False),
    ]


def test_a_gap_and_a_fall_at_another_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    store_readings(
        path, ("2026-11-09T12:00", 500), ("2026-11-09T15:00", 560), ("2026-11-09T15:05", 7), ("2026-11-09T15:10", 9)
    )
    assert list(days_of(path)) == [("09", 62, True, True, False)]


def test_a_fall_without_a_gap_is_costed_and_reported() -> None:
    found = costs([DAY], [FELL], on(BASE), BASE)
    assert (found[0].amount, found[0].quality) == (Decimal("0.6048"), Quality.MEASURED)
    assert found[0].parts[0].fell
    remark = "EAST fell (1 day: 2025-06-10): what it counted before and after is added."
    assert english(remarks(SiteCosts(SITE, sum_up(found, By.MONTH)))) == [remark]
    bill = make_bill(SITE, DAY, d("2025-06-11"), found, {"base": BASE})
    assert "EAST fell: what it counted before and after is added." in english(bill_remarks(bill))
    assert bill.is_whole


@pytest.mark.parametrize("fell", [True, False])
def test_a_fall_in_a_gap_leaves_the_day_unknown(*, fell: bool) -> None:
    found = cost_row([replace(FELL, estimated=True, fell=fell, lost=True)])
    assert (found.amount, found.quality, words(found.reason)) == (None, Quality.UNKNOWN, LOST)
    answer = SiteCosts(SITE, sum_up([found], By.DAY))
    assert english(remarks(answer))[0] == f"And unknown: 3.000 kWh (BASE), because {LOST} (1 day: 2025-06-10)."
    assert not any("is added" in each for each in english(remarks(answer)))


def test_a_fall_in_a_gap_of_an_unnamed_register_is_reported_too() -> None:
    rows = [row(DAY, "HCHC", 1000), row(DAY, "HCHP", 1000), replace(row(DAY, "EASF03", 0), estimated=True, lost=True)]
    unknown = {each.period: words(each.reason) for each in costs([DAY], rows, on(HPHC), HPHC) if each.amount is None}
    assert unknown == {"EASF03": LOST.replace("EAST", "EASF03")}


def test_a_fall_is_stored() -> None:
    found = costs([DAY], [FELL], on(BASE), BASE)
    assert from_day(SITE, to_day(DAY, found, "key", 0, PARIS)) == found


@pytest.mark.usefixtures("in_english")
def test_energy_reports_what_a_fall_in_a_gap_loses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ledger.sqlite"
    store_readings(path, ("2026-11-09T12:00", 500), ("2026-11-11T12:00", 7), ("2026-11-12T12:00", 55))
    assert main(["energy", "--from", "2026-11-09", "--to", "2026-11-13", "--ledger", str(path)]) == 0
    output = capsys.readouterr().out
    for first, last in (("09", "10"), ("10", "11"), ("11", "12")):
        between = f"between 2026-11-{first} and 2026-11-{last}"
        assert f"EAST fell while nothing was heard {between}: what it counted meanwhile is not known." in output
    assert "before and after is added" not in output
