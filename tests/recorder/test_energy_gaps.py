"""The gaps of a site: ranges of quarters without frames."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_building import NOON_MS, frame, message

from tictally_recorder.energy import Gap, gaps
from tictally_recorder.ledger import Ledger, LedgerReader
from tictally_shared.calendar import QUARTER_MS

OTHER = "021900000009"
WITH_FRAMES = (0, 1, 4, 9)  # quarters from noon


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[LedgerReader]:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        frames = [frame(1 + n, NOON_MS + n * QUARTER_MS + 60_000, {"EAST": n}) for n in WITH_FRAMES]
        frames.append(frame(90, NOON_MS + 6 * QUARTER_MS, {"EAST": 5}, meter=OTHER))
        ledger.store([message(each) for each in frames])
    with LedgerReader.open(path) as opened:
        yield opened


def found(reader: LedgerReader, first: int, end: int) -> list[tuple[int, int, int]]:
    (site,) = (each for each in reader.sites() if each.id != OTHER)
    window = NOON_MS + first * QUARTER_MS, NOON_MS + end * QUARTER_MS
    return [
        ((gap.start_ms - NOON_MS) // QUARTER_MS, (gap.end_ms - NOON_MS) // QUARTER_MS, gap.quarters)
        for gap in gaps(reader, site, *window)
    ]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ((0, 10), [(2, 4, 2), (5, 9, 4)]),
        ((-100, 100), [(2, 4, 2), (5, 9, 4)]),
        ((3, 7), [(3, 4, 1), (5, 7, 2)]),
        ((5, 8), [(5, 8, 3)]),
        ((0, 2), []),
        ((10, 20), []),
        ((-20, 0), []),
    ],
)
def test_gaps_are_between_the_first_and_the_last_frame(
    reader: LedgerReader, window: tuple[int, int], expected: list[tuple[int, int, int]]
) -> None:
    assert found(reader, *window) == expected


def test_any_meter_of_a_site_fills_its_quarters(reader: LedgerReader, tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.join_sites(OTHER, "021900000002")
    assert found(reader, 0, 10) == [(2, 4, 2), (5, 6, 1), (7, 9, 2)]


def test_a_gap_is_described_by_its_ends(reader: LedgerReader) -> None:
    assert Gap(0, 3 * QUARTER_MS).quarters == 3
    assert found(reader, 2, 4) == [(2, 4, 2)]
