"""docs/supplier-sheet.md: the file that its lines become has the figures of the sheet."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.model import Confidence, Tariff
from tictally_recorder.tariffs.period_rules import DayTerms

PAGE = (Path(__file__).parents[2] / "docs" / "supplier-sheet.md").read_text(encoding="utf-8")
LINES = re.findall(r"^\| .*\| `([^`]+)` \|$", PAGE, re.MULTILINE)
SHEET = PAGE[PAGE.index("> ") : PAGE.index("## Line by line")]


@pytest.fixture(scope="module")
def tariff(tmp_path_factory: pytest.TempPathFactory) -> Tariff:
    folder = tmp_path_factory.mktemp("tariffs")
    (folder / "soirees.toml").write_text("\n".join(LINES), encoding="utf-8")
    found = load_catalogue(folder)
    assert found.errors == ()
    return found.tariff("soirees")


def euros(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def test_every_line_of_the_table_is_a_line_of_the_file() -> None:
    rows = [row for row in PAGE.splitlines() if row.startswith("| ") and not row.startswith("| the sheet has")]
    assert len(rows) == len(LINES) == 28


def test_every_figure_of_the_sheet_is_in_the_file(tariff: Tariff) -> None:
    (version,) = tariff.versions
    yearly = {int(power): euros(amount) for power, amount in re.findall(r"(\d+) kVA \| ([\d,]+) €", SHEET)}
    assert {power: version.monthly(power) for power in yearly} == {each: yearly[each] / 12 for each in yearly}
    assert version.powers == (*yearly,)
    cents = [euros(text) for text in re.findall(r"\| ([\d,]+) c€", SHEET)]
    prices = [version.price(6, period) for period in ("HP", "HC", "WE", "POINTE")]
    assert [price and price.ttc for price in prices] == [each / 100 for each in cents]
    assert (str(version.start), version.confidence) == ("2026-03-01", Confidence.OFFICIAL)


@pytest.mark.parametrize(
    ("at", "off_peak", "peak"),
    [
        ("2026-03-06T23:45", "HC", "HP"),  # a Friday
        ("2026-03-07T00:00", "WE", "WE"),
        ("2026-03-07T18:00", "WE", "WE"),
        ("2026-03-08T23:45", "WE", "WE"),
        ("2026-03-09T00:00", "HC", "HP"),
        ("2026-03-31T18:00", "POINTE", "POINTE"),
        ("2026-03-31T20:00", "HC", "HP"),
        ("2026-04-01T18:00", "HC", "HP"),
    ],
)
def test_its_times_are_those_of_the_sheet(tariff: Tariff, at: str, off_peak: str, peak: str) -> None:
    assert tariff.rules is not None
    slot = tariff.rules.at(datetime.fromisoformat(at).replace(tzinfo=UTC), DayTerms())
    assert slot == (off_peak, peak)
