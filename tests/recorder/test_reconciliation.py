"""Our days beside Enedis' figures: equal, rounded, or different with the likely reason; and the sum of a year."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from api_serving import Served
from imported_files import PARIS
from ledger_building import METER
from observation_building import energy, store

from tictally_recorder.cli.app import main
from tictally_recorder.doctor.reconciliation import collect_reconciliation, reconciliation_findings
from tictally_recorder.features import settings_with
from tictally_recorder.finding import Level
from tictally_recorder.ledger import (
    CONSUMPTION,
    INJECTION,
    Ledger,
    LedgerReader,
    Observation,
    ObservedFile,
    RegisterReading,
    importing,
)
from tictally_recorder.reconciliation import DayComparison, Verdict, by_year, reconcile
from tictally_recorder.tariffs.model import Direction
from tictally_recorder.translations import ENGLISH
from tictally_shared.calendar import day_bounds_ms, days_between

QUARTER_MS = 900_000
FIRST, LAST = date(2026, 10, 10), date(2026, 11, 8)


def watts(time_ms: int) -> int:
    """The household's power, whole Wh a quarter-hour: more at noon, and another each day."""
    local = datetime.fromtimestamp(time_ms // 1000, PARIS)
    return 200 + 80 * (local.hour % 12) + 40 * (local.day % 5)


def register_at(time_ms: int) -> int:
    start_ms = day_bounds_ms(FIRST, PARIS)[0] - 4 * QUARTER_MS
    return 1_000_000 + sum(watts(at) // 4 for at in range(start_ms, time_ms, QUARTER_MS))


def counted(day: date) -> int:
    start_ms, end_ms = day_bounds_ms(day, PARIS)
    return sum(watts(at) // 4 for at in range(start_ms, end_ms, QUARTER_MS))


def record(path: Path, first_ms: int, last_ms: int, is_missing: Callable[[int], bool] = lambda _: False) -> None:
    """Frames at each quarter-hour's beginning."""
    found, wh = [], register_at(first_ms)
    for at in range(first_ms, last_ms + 1, QUARTER_MS):
        if not is_missing(at):
            found.append((at, wh))
        wh += watts(at) // 4
    store(path, found)


def show(path: Path, observations: Mapping[date, int] | list[Observation], importer: str = "enedis") -> None:
    """Import Enedis' figures: of days, or others."""
    if isinstance(observations, Mapping):
        observations = [of_day(day, wh) for day, wh in observations.items()]
    with importing(path) as ledger:
        ledger.put(METER, 0, [ObservedFile(importer, "file", f"{len(observations)}", None, tuple(observations))])


def of_day(day: date, wh: int) -> Observation:
    start_ms, end_ms = day_bounds_ms(day, PARIS)
    return energy(start_ms, (end_ms - start_ms) // 60_000, wh)


def compared(path: Path, first: date = FIRST, last: date = LAST) -> list[DayComparison]:
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        return reconcile(reader, site, (first, last + timedelta(days=1)), PARIS)


def causes(found: list[DayComparison]) -> dict[date, str]:
    return {each.day: ENGLISH.phrase(each.cause) for each in found if each.cause is not None}


def start_of(day: date) -> int:
    return day_bounds_ms(day, PARIS)[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    return path


def test_thirty_days_of_which_three_differ(path: Path) -> None:
    gap = date(2026, 10, 20)
    gap_ms = start_of(gap)
    first_ms, last_ms = start_of(FIRST) + 36 * QUARTER_MS, start_of(LAST + timedelta(days=1)) + QUARTER_MS
    record(path, first_ms, last_ms, lambda at: gap_ms - 16 * QUARTER_MS < at < gap_ms + 40 * QUARTER_MS)
    days = days_between(FIRST, LAST)
    show(path, {day: counted(day) for day in days})
    found = compared(path)
    assert [each.day for each in found] == days
    assert [each.day for each in found if each.verdict is Verdict.DIFFERENT] == [FIRST, date(2026, 10, 19), gap]
    assert all(each.verdict is Verdict.EQUAL for each in found if each.cause is None)
    around_midnight = (
        "frames are missing around midnight (from 2026-10-19 20:15 to 2026-10-20 10:00), "
        "so what was counted on each side of it is estimated"
    )
    assert causes(found) == {
        FIRST: "the recording covers only a part of the day: 2026-10-10 09:00 to 2026-10-11 00:00",
        date(2026, 10, 19): around_midnight,
        gap: around_midnight,
    }
    (year,) = by_year(found)
    assert (year.year, year.days, year.verdicts) == (2026, 30, {Verdict.EQUAL: 27, Verdict.DIFFERENT: 3})
    assert year.enedis_wh == sum(map(counted, days))
    # A gap moves energy over midnight and loses none: only the hours before the first frame are missing.
    assert year.enedis_wh - year.energy_wh == register_at(first_ms) - register_at(start_of(FIRST))


def test_a_gap_within_a_day_changes_nothing(path: Path) -> None:
    noon_ms = start_of(FIRST) + 48 * QUARTER_MS
    last_ms = start_of(FIRST + timedelta(days=1))
    record(path, start_of(FIRST) - QUARTER_MS, last_ms, lambda at: noon_ms < at < noon_ms + 20 * QUARTER_MS)
    show(path, {FIRST: counted(FIRST)})
    assert [each.verdict for each in compared(path)] == [Verdict.EQUAL]


@pytest.mark.parametrize(
    ("wh", "verdict"), [(0, Verdict.ROUNDED), (-999, Verdict.DIFFERENT), (2000, Verdict.DIFFERENT)]
)
def test_whole_kwh_are_rounded(path: Path, wh: int, verdict: Verdict) -> None:
    record(path, start_of(FIRST) - QUARTER_MS, start_of(FIRST + timedelta(days=1)))
    show(path, {FIRST: counted(FIRST) // 1000 * 1000 + wh}, "enedis_xlsx")
    (found,) = compared(path)
    assert counted(FIRST) % 1000
    assert (found.verdict, found.energy_wh) == (verdict, counted(FIRST))


def test_a_clock_that_is_off_moves_energy_to_the_day_beside(path: Path) -> None:
    last = FIRST + timedelta(days=3)
    record(path, start_of(FIRST) - QUARTER_MS, start_of(last + timedelta(days=1)) + QUARTER_MS)
    moved = watts(start_of(FIRST + timedelta(days=2))) // 2
    shown = {day: counted(day) for day in days_between(FIRST, last)}
    shown[FIRST + timedelta(days=1)] += moved
    shown[FIRST + timedelta(days=2)] -= moved
    show(path, shown)
    found = causes(compared(path, FIRST, last))
    assert list(found) == [FIRST + timedelta(days=1), FIRST + timedelta(days=2)]
    assert all("min around midnight is on the other day, as if a clock" in cause for cause in found.values())


def test_another_meters_figures_are_unexplained(path: Path) -> None:
    last = FIRST + timedelta(days=2)
    record(path, start_of(FIRST) - QUARTER_MS, start_of(last + timedelta(days=1)) + QUARTER_MS)
    show(path, {day: 3 * counted(day) + 17 for day in days_between(FIRST, last)})
    assert set(causes(compared(path, FIRST, last)).values()) == {
        "no gap and no clock explains it; check that both figures come from the same meter"
    }


def test_what_is_counted_between_two_frames_around_midnight_may_be_of_either_day(path: Path) -> None:
    middle = start_of(FIRST + timedelta(days=1))
    times = [start_of(FIRST) - 60_000, start_of(FIRST), middle - 30_000, middle + 30_000, middle + 2 * QUARTER_MS]
    store(path, zip(times, [1000, 1000, 25_000, 25_008, 26_000], strict=True))
    show(path, {FIRST: 24_006})
    (found,) = compared(path)
    assert (found.energy_wh, found.verdict) == (24_000, Verdict.ROUNDED)


def test_a_load_curve_and_registers_at_midnight_are_figures_too(path: Path) -> None:
    second = FIRST + timedelta(days=1)
    record(path, start_of(FIRST) - QUARTER_MS, start_of(FIRST + timedelta(days=3)))
    first_ms = start_of(FIRST)
    curve = [energy(at, 15, watts(at) // 4) for at in range(first_ms, start_of(second), QUARTER_MS)]
    midnights = [start_of(second), start_of(second + timedelta(days=1))]
    show(path, [*curve, *(RegisterReading(CONSUMPTION, at, register_at(at)) for at in midnights)], "enedis_csv")
    assert [(each.day, each.verdict) for each in compared(path)] == [(FIRST, Verdict.EQUAL), (second, Verdict.EQUAL)]
    show(path, [energy(at, 15, 9999) for at in range(first_ms, start_of(second), QUARTER_MS)], "meterit_history")
    assert [each.verdict for each in compared(path)] == [Verdict.EQUAL, Verdict.EQUAL], "of others"


def test_injection_is_compared_for_itself(path: Path) -> None:
    times = range(start_of(FIRST) - QUARTER_MS, start_of(FIRST + timedelta(days=1)) + 1, QUARTER_MS)
    store(path, {at: {"EAST": 1000, "EAIT": 5000 + n} for n, at in enumerate(times)})
    start_ms, end_ms = day_bounds_ms(FIRST, PARIS)
    show(path, [energy(start_ms, (end_ms - start_ms) // 60_000, 96, INJECTION)])
    (found,) = compared(path)
    assert (found.direction, found.energy_wh, found.verdict) == (Direction.INJECTION, 96, Verdict.EQUAL)


def test_what_imports_fill_is_hidden_within_the_block_alone(path: Path) -> None:
    record(path, start_of(FIRST) - QUARTER_MS, start_of(FIRST + timedelta(days=1)))
    show(path, {FIRST - timedelta(days=5): 4321})
    with LedgerReader.open(path) as reader, reader.snapshot():
        (meter,) = reader.sites()[0].meters
        assert reader.imported_quarters(meter.id)
        with reader.without_imports():
            assert not reader.imported_quarters(meter.id)
            assert reader.sites()[0].meters[0].first_ms == start_of(FIRST) - QUARTER_MS
        assert reader.imported_quarters(meter.id)


def test_days_without_frames_of_ours_are_not_compared(path: Path) -> None:
    record(path, start_of(FIRST) - QUARTER_MS, start_of(FIRST + timedelta(days=1)))
    show(path, {FIRST - timedelta(days=5): 4321, FIRST: counted(FIRST)})
    assert [each.day for each in compared(path, FIRST - timedelta(days=9))] == [FIRST]


@pytest.fixture
def two_days(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A day that agrees and one that does not."""
    monkeypatch.setenv("TICTALLY_LEDGER", str(path))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    record(path, start_of(FIRST) - QUARTER_MS, start_of(FIRST + timedelta(days=2)) + QUARTER_MS)
    second = FIRST + timedelta(days=1)
    show(path, {FIRST: counted(FIRST), second: 2 * counted(second)})
    return path


ARGUMENTS = ["reconcile", "--from", "2026-10", "--to", "2026-11"]


def test_the_command_shows_days_and_the_sum_of_the_year(two_days: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert two_days.exists()
    assert main(ARGUMENTS) == 0
    out = capsys.readouterr().out
    assert "2026-10-10" in out
    assert "equal" in out
    assert "different: no gap and no clock explains it" in " ".join(out.split())
    ours = counted(FIRST) + counted(FIRST + timedelta(days=1))
    assert f"{ours / 1000:.3f}" in out
    assert main([*ARGUMENTS, "--different", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert (record["day"], record["verdict"], record["cause"]["code"]) == (
        "2026-10-11",
        "different",
        "reconcile_unexplained",
    )
    assert main(["reconcile", "--from", "2025-10", "--to", "2025-11"]) == 0
    assert "Enedis has no figure for a day" in capsys.readouterr().out


def test_the_doctor_names_the_days_that_differ(two_days: Path) -> None:
    settings = settings_with(name="nas", ledger=two_days)
    (site,) = collect_reconciliation(settings, start_of(FIRST + timedelta(days=5)))
    found = [(each.level, ENGLISH.phrase(each.phrase)) for each in reconciliation_findings([site])]
    assert found[0] == (Level.OK, "1 day of the last month agrees with Enedis' figure")
    assert found[1][0] is Level.NOTE
    assert found[1][1].startswith("energy differs from Enedis' figure on 2026-10-11: no gap and no clock explains it")
    assert collect_reconciliation(settings, start_of(FIRST + timedelta(days=90))) == ()


def test_the_api_has_days_and_years(two_days: Path) -> None:
    with Served(two_days.parent, {}) as served:
        body = served.get("/api/v1/reconciliation?from=2026-10-01&to=2026-11-01").json()
        csv = served.get("/api/v1/reconciliation?from=2026-10-01&to=2026-11-01&format=csv").text
    assert [each["verdict"] for each in body["items"]] == ["equal", "different"]
    (year,) = body["years"]
    assert (year["year"], year["days"], year["equal"], year["different"]) == (2026, 2, 1, 1)
    assert csv.startswith("site,day,direction,energy_wh,enedis_wh")
