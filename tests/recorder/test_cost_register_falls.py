"""A register that falls: energy counted before and after is added; energy counted during a gap is unknown."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cost_building import BASE, HPHC, PARIS, SITE, costs, d, english, midnight_ms, on, row, words
from ledger_building import METER, NOON_MS, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.cost import CostRow, Quality
from tictally_recorder.cost.aggregation import sum_up
from tictally_recorder.cost.bill import make_bill
from tictally_recorder.cost.codec import from_day, to_day
from tictally_recorder.cost.model import UNMETERED
from tictally_recorder.energy import EnergyQuery, EnergyRow, energy
from tictally_recorder.energy.interpolation import Unknown
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_recorder.reports.cost import SiteCosts, remarks
from tictally_recorder.reports.energy import quality_of
from tictally_shared.calendar import By, local_midnight

MONDAY, TUESDAY, WEDNESDAY = d("2026-11-09"), d("2026-11-10"), d("2026-11-11")
DAY = d("2025-06-10")


def store_readings(path: Path, *readings: tuple[str, int]) -> None:
    frames = [
        frame(n, int(datetime.fromisoformat(at).replace(tzinfo=PARIS).timestamp() * 1000), {"EAST": wh})
        for n, (at, wh) in enumerate(readings, 1)
    ]
    with Ledger.open(path) as ledger:
        ledger.store([message(each, arrived_ms=NOON_MS) for each in frames])


def days_of(path: Path) -> Iterator[tuple[str, int, str, bool]]:
    """Day, energy, quality, and whether the register fell."""
    with LedgerReader.open(path) as reader:
        start, end = (local_midnight(day, PARIS) for day in (MONDAY, d("2026-11-14")))
        for each in energy(reader, EnergyQuery(METER, start, end, By.DAY, PARIS)):
            day = datetime.fromtimestamp(each.start_ms // 1000, PARIS)
            yield f"{day:%d}", each.energy, str(quality_of(each)), each.fell


def cost_row(rows: Sequence[EnergyRow], *, period: str = "BASE") -> CostRow:
    (found,) = [each for each in costs([DAY], rows, on(BASE), BASE) if each.period == period]
    return found


NOON = midnight_ms(DAY) + 12 * 3_600_000
FALL = Unknown(NOON, NOON + 600_000, fell=True)
FELL = replace(row(DAY, "EAST", 3000), unknown=(FALL,), last_value=2000)
GAP = Unknown(midnight_ms(DAY) - 1, midnight_ms(DAY) + 100 * 3_600_000, fell=True)


def test_a_fall_leaves_its_quarter_hours_unknown(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    store_readings(
        path, ("2026-11-09T12:00", 500), ("2026-11-09T12:14", 600), ("2026-11-09T12:16", 7), ("2026-11-09T12:35", 9)
    )
    assert list(days_of(path)) == [("09", 102, "unknown", True)]
    with LedgerReader.open(path) as reader:
        start = datetime.fromisoformat("2026-11-09T12:00").replace(tzinfo=PARIS)
        rows = energy(reader, EnergyQuery(METER, start, start + timedelta(hours=1), By.QUARTER, PARIS))
    assert [(each.energy, str(quality_of(each)), each.fell) for each in rows] == [
        (100, "unknown", False),
        (0, "unknown", True),
        (2, "measured", False),
    ]


def test_a_register_that_passes_its_largest_value_unheard_has_lost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    store_readings(
        path, ("2026-11-09T12:00", 999_998_000), ("2026-11-09T12:10", 999_999_990), ("2026-11-09T12:38", 440)
    )
    assert list(days_of(path)) == [("09", 2440, "measured", False)]


def test_a_fall_in_a_gap_makes_the_energy_of_all_its_days_unknown(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    store_readings(path, ("2026-11-09T12:00", 500), ("2026-11-11T12:00", 7), ("2026-11-12T12:00", 55))
    assert list(days_of(path)) == [
        ("09", 0, "unknown", False),
        ("10", 0, "unknown", False),
        ("11", 24, "unknown", True),
        ("12", 24, "estimated", False),
    ]


def test_a_gap_and_a_fall_at_another_time_lose_nothing_in_the_gap(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    store_readings(
        path, ("2026-11-09T12:00", 500), ("2026-11-09T15:00", 560), ("2026-11-09T15:05", 7), ("2026-11-09T15:10", 9)
    )
    assert list(days_of(path)) == [("09", 62, "unknown", True)]


def test_what_is_known_of_a_day_with_a_fall_is_costed_and_the_rest_is_unknown() -> None:
    found = costs([DAY], [FELL], on(BASE), BASE)
    assert [(each.period, each.amount, each.quality) for each in found] == [
        ("BASE", Decimal("0.6048"), Quality.MEASURED),
        (UNMETERED, None, Quality.UNKNOWN),
        (None, found[2].amount, Quality.MEASURED),
    ]
    assert words(found[1].reason) == (
        "EAST fell, and the energy counted from 2025-06-10 12:00 to 2025-06-10 12:10 is unknown"
    )
    assert not make_bill(SITE, DAY, d("2025-06-11"), found, {"base": BASE}).is_whole


def test_a_day_within_a_gap_in_which_the_register_fell_is_unknown() -> None:
    found = cost_row([replace(FELL, energy=0, unknown=(GAP,), is_read_twice=False)])
    lost = "EAST fell, and the energy counted from 2025-06-09 23:59 to 2025-06-14 04:00 is unknown"
    assert (found.amount, found.quality, words(found.reason)) == (None, Quality.UNKNOWN, lost)
    answer = SiteCosts(SITE, sum_up([found], By.DAY))
    assert english(remarks(answer))[0] == f"And unknown: energy (BASE), because {lost} (1 day: 2025-06-10)."


def test_a_fall_in_a_gap_of_an_unnamed_register_is_reported_too() -> None:
    fell = replace(row(DAY, "EASF03", 0), unknown=(FALL,), is_read_twice=False)
    rows = [row(DAY, "HCHC", 1000), row(DAY, "HCHP", 1000), fell]
    unknown = {each.period for each in costs([DAY], rows, on(HPHC), HPHC) if each.amount is None}
    assert unknown == {"EASF03"}


def test_readings_and_their_quality_are_stored() -> None:
    rows = [replace(row(DAY, "EAST", 3000), first_ms=NOON, first_estimated=True, inferred=True)]
    found = costs([DAY], rows, on(BASE), BASE)
    assert found[0].parts[0].start_ms == NOON
    assert from_day(SITE, to_day(DAY, found, "key", 0, PARIS)) == found


@pytest.mark.usefixtures("in_english")
def test_energy_reports_what_a_fall_in_a_gap_loses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ledger.sqlite"
    store_readings(path, ("2026-11-09T12:00", 500), ("2026-11-11T12:00", 7), ("2026-11-12T12:00", 55))
    assert main(["energy", "--from", "2026-11-09", "--to", "2026-11-13", "--ledger", str(path)]) == 0
    output = capsys.readouterr().out
    assert "EAST fell: what it counted from 2026-11-09 12:00 to 2026-11-11 12:00 is unknown." in output
