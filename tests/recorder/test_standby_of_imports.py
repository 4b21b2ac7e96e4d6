"""The base load of nights that only imports show."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from imported_files import PARIS
from observation_building import energy, put, reading, store, undo

from tictally_recorder.cli.app import main
from tictally_recorder.cost.standby import all_nights_of, trend
from tictally_recorder.ledger import Ledger, LedgerReader, Night, Observation
from tictally_recorder.remark import RemarkCode
from tictally_recorder.reports.standby import SiteStandby, remarks
from tictally_shared.calendar import day_bounds_ms

DAY = date(2026, 1, 12)
HOUR_MS = 3_600_000


def midnight(day: date) -> int:
    return day_bounds_ms(day, PARIS)[0]


def nights(path: Path, first: date = date.min, end: date = date.max) -> list[Night]:
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        return all_nights_of(reader, site, (first, end), PARIS)


def curve(day: date, watts: Sequence[int], step_min: int = 30) -> list[Observation]:
    return [energy(midnight(day) + n * step_min * 60_000, step_min, w * step_min // 60) for n, w in enumerate(watts)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    return path


def test_a_load_curves_night_is_the_power_that_nine_of_ten_minutes_reach(path: Path) -> None:
    put(path, curve(DAY, [200, 180, 300, 120, 100, 160, 400, 400, 400, 400, 400, 400, *[900] * 36]))
    (found,) = nights(path)
    # A tenth of twelve half-hours is more than one of them.
    assert (found.day, found.va, found.minutes, found.is_imported) == (DAY, 120, 360, True)


def test_hourly_registers_of_periods_are_added_up(path: Path) -> None:
    found: list[Observation] = []
    for n in range(8):
        at = midnight(DAY) + n * HOUR_MS
        found += [reading(at, 1000 + 90 * n, "HCHC"), reading(at, 5000 + 10 * n, "HCHP")]
    put(path, found)
    assert [(each.va, each.minutes) for each in nights(path)] == [(100, 360)]


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_nights_of_clock_changes_have_their_length(path: Path, day: date) -> None:
    put(path, curve(day, [100] * 20))
    (found,) = nights(path)
    assert (found.va, found.minutes) == (100, 300 if day.month == 3 else 420)


def test_daily_energies_and_half_known_nights_show_none(path: Path) -> None:
    put(path, [energy(midnight(DAY), 24 * 60, 9000), *curve(DAY + timedelta(days=1), [100] * 11)])
    assert nights(path) == []


@pytest.fixture
def recorded(path: Path) -> Path:
    """A ledger with frames of a day, whose night is 77 VA."""
    first_ms = midnight(DAY)
    store(path, [(first_ms + n * 900_000, 100_000 + n) for n in range(97)])
    with Ledger.open(path) as ledger:
        ledger.store_standby([Night(1, DAY, 77, 360)])
    return path


def test_a_night_of_frames_is_theirs_and_an_undo_ends_the_others(recorded: Path) -> None:
    put(recorded, [*curve(DAY - timedelta(days=1), [100] * 48), *curve(DAY, [100] * 48)])
    assert [(each.va, each.is_imported) for each in nights(recorded)] == [(100, True), (77, False)]
    assert [each.va for each in nights(recorded, DAY)] == [77]
    undo(recorded, 1)
    assert [each.va for each in nights(recorded)] == [77]


def test_the_trend_compares_nights_of_one_kind() -> None:
    mixed = [Night(1, DAY - timedelta(days=n), 150, 360, is_imported=n >= 30) for n in range(90, -1, -1)]
    found = trend(mixed)
    assert found is not None
    assert (found.recent.nights, found.before.nights) == (30, 0)
    of_imports = trend([each for each in mixed if each.is_imported])
    assert of_imports is not None
    assert (of_imports.recent.nights, of_imports.recent.imported) == (30, 30)
    about_last = [next(remarks(SiteStandby("111", [], each, None))).code for each in (found, of_imports)]
    assert about_last == [RemarkCode.STANDBY_LAST, RemarkCode.STANDBY_LAST_IMPORTED]


def test_the_command_counts_them(
    recorded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TICTALLY_LEDGER", str(recorded))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    (recorded.parent / "contracts.toml").write_text(
        '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-01-01\n'
    )
    window = ["standby", "--from", "2026-01", "--to", "2026-02"]
    assert main(window) == 0
    assert "Imported" not in capsys.readouterr().out
    put(recorded, curve(DAY - timedelta(days=1), [100] * 48))
    assert main(window) == 0
    assert "Imported" in capsys.readouterr().out
    assert main([*window, "--json"]) == 0
    (month, *_) = json.loads(capsys.readouterr().out)
    assert (month["nights"], month["imported"], month["va"]) == (2, 1, 89)
