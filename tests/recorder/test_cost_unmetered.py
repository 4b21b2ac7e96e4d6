"""Unmetered time is in no amount and is reported as missing."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cost_building import BASE, HPHC, PARIS, SITE, SURPLUS, d, midnight_ms, on, row, terms, words
from ledger_building import METER, NOON_MS, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.cost import CostRow, Quality, Use, cost
from tictally_recorder.cost.fingerprint import Fingerprints
from tictally_recorder.cost.model import UNMETERED, Unmetered
from tictally_recorder.cost.unmetered import unmetered_of
from tictally_recorder.hubs.site_state import CurrentSite, site_figures
from tictally_recorder.ledger import Ledger, LedgerReader, join_sites
from tictally_recorder.tariffs.model import Direction

OTHER = "021900000003"
TUESDAY, WEDNESDAY, THURSDAY = d("2026-11-10"), d("2026-11-11"), d("2026-11-12")
REASON = "the registers do not show the energy from 2026-11-10 10:00 to 2026-11-11 15:00"
CONTRACT = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-01-01\n'


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp() * 1000)


GAP = Unmetered(Direction.CONSUMPTION, ms("2026-11-10T10:00"), ms("2026-11-11T15:00"))


def store_frames(
    path: Path, meter: str, first: str, last: str, *registers: str, boot: str = "00000000000000a1"
) -> None:
    """Store a frame every ten minutes from one local time to another, both included, 10 Wh in each register."""
    at, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    frames = []
    while at <= end:
        n = int(at.timestamp()) // 600
        values: Mapping[str, int | str] = dict.fromkeys(registers, n % 100_000 * 10)
        frames.append(frame(n, ms(at.isoformat()), values, meter=meter, boot=boot))
        at += timedelta(minutes=10)
    with Ledger.open(path) as ledger:
        ledger.store([message(each, arrived_ms=NOON_MS) for each in frames])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A site whose meter was exchanged during a gap."""
    path = tmp_path / "ledger.sqlite"
    store_frames(path, METER, "2026-11-09T00:00", "2026-11-10T10:00", "BASE")
    store_frames(path, OTHER, "2026-11-11T15:00", "2026-11-12T12:00", "EAST", "EASF01", boot="00000000000000b1")
    join_sites(path, OTHER, METER)
    return path


def found(path: Path) -> list[Unmetered]:
    with LedgerReader.open(path) as reader:
        (site,) = reader.sites()
        return list(unmetered_of(reader, site))


def costs(*unmetered: Unmetered, rows: Mapping[str, int] | None = None) -> list[CostRow]:
    """The cost of Tuesday to Thursday; without rows each day has a kWh."""
    when = [TUESDAY, WEDNESDAY, THURSDAY]
    use = Use(SITE, [row(day, *each) for day in when for each in (rows or {"EAST": 1000}).items()], unmetered=unmetered)
    return cost(use, when, terms(on(BASE, SURPLUS), BASE, SURPLUS), PARIS)


def test_a_gap_between_two_meters_is_unmetered(path: Path) -> None:
    assert found(path) == [GAP]


def test_a_gap_between_two_meters_is_unmetered_for_each_direction(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    store_frames(path, METER, "2026-11-09T00:00", "2026-11-10T10:00", "EAST", "EAIT")
    store_frames(path, OTHER, "2026-11-11T15:00", "2026-11-12T12:00", "EAST", "EAIT", boot="00000000000000b1")
    join_sites(path, OTHER, METER)
    assert found(path) == [GAP, Unmetered(Direction.INJECTION, GAP.start_ms, GAP.end_ms)]


def test_a_gap_of_one_meter_is_not_between_meters(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    store_frames(path, METER, "2026-11-09T00:00", "2026-11-10T10:00", "BASE")
    store_frames(path, METER, "2026-11-11T15:00", "2026-11-12T12:00", "EAST", "EASF01")
    assert found(path) == []


def test_frames_without_registers_meter_nothing(path: Path) -> None:
    store_frames(path, METER, "2026-11-10T12:00", "2026-11-10T18:00", "PREF", "EAIT", boot="00000000000000c1")
    assert found(path) == [GAP]


@pytest.mark.parametrize("until", ["10:10", "10:20", "10:30"])
def test_an_exchange_leaves_any_time_between_the_meters_unmetered(tmp_path: Path, until: str) -> None:
    path = tmp_path / "ledger.sqlite"
    store_frames(path, METER, "2026-11-10T09:00", "2026-11-10T10:00", "EAST")
    store_frames(path, OTHER, f"2026-11-10T{until}", "2026-11-10T12:00", "EAST", boot="00000000000000b1")
    join_sites(path, OTHER, METER)
    assert found(path) == [Unmetered(Direction.CONSUMPTION, ms("2026-11-10T10:00"), ms(f"2026-11-10T{until}"))]


def test_days_with_unmetered_time_have_a_known_and_an_unknown_part() -> None:
    lines = {(each.day, each.period): each for each in costs(GAP) if each.direction is Direction.CONSUMPTION}
    assert {day for day, period in lines if period == UNMETERED} == {TUESDAY, WEDNESDAY}
    for day in (TUESDAY, WEDNESDAY):
        missing = lines[day, UNMETERED]
        assert (missing.amount, missing.quality, words(missing.reason)) == (None, Quality.UNKNOWN, REASON)
        assert (lines[day, "BASE"].energy_wh, str(lines[day, "BASE"].amount)) == (1000, "0.2016")
        assert lines[day, None].amount is not None


def test_a_day_is_unmetered_by_the_minute() -> None:
    overnight = Unmetered(Direction.CONSUMPTION, ms("2026-11-10T23:59"), ms("2026-11-12T00:00"))
    assert {each.day for each in costs(overnight) if each.period == UNMETERED} == {TUESDAY, WEDNESDAY}


def test_two_times_of_one_day_are_one_line() -> None:
    again = Unmetered(Direction.CONSUMPTION, ms("2026-11-11T18:00"), ms("2026-11-11T20:00"))
    (missing,) = [each for each in costs(GAP, again) if (each.day, each.period) == (WEDNESDAY, UNMETERED)]
    assert words(missing.reason) == f"{REASON} and from 2026-11-11 18:00 to 2026-11-11 20:00"


def test_injection_is_metered_by_its_own_register() -> None:
    injection_gap = Unmetered(Direction.INJECTION, GAP.start_ms, GAP.end_ms)
    missing = [each for each in costs(injection_gap, rows={"EAST": 1000, "EAIT": 5}) if each.period == UNMETERED]
    assert {each.direction for each in missing} == {Direction.INJECTION}


def test_a_day_without_rows_has_no_separate_unmetered_line() -> None:
    use = Use(SITE, [], unmetered=[GAP])
    lines = cost(use, [WEDNESDAY], terms(on(HPHC), HPHC), PARIS)
    assert [each.period for each in lines] == ["HC", "HP", None]


def test_the_fingerprint_of_a_day_depends_on_its_unmetered_time() -> None:
    fingerprints = Fingerprints(terms(on(BASE), BASE), PARIS)
    longer = Unmetered(Direction.CONSUMPTION, GAP.start_ms, GAP.end_ms + 1)
    for day, concerned in ((TUESDAY, True), (WEDNESDAY, True), (THURSDAY, False)):
        assert (fingerprints.of(SITE, day, [GAP]) != fingerprints.of(SITE, day, [])) is concerned
        assert (fingerprints.of(SITE, day, [GAP]) != fingerprints.of(SITE, day, [longer])) is concerned


def test_hubs_get_no_sum_of_a_day_or_month_with_unmetered_time() -> None:
    rows = costs(GAP)
    present = CurrentSite(SITE, THURSDAY, midnight_ms(THURSDAY), None, since=TUESDAY)
    figures = site_figures(present, rows, {}, terms(on(BASE), BASE))
    assert (figures["cost_yesterday"], figures["cost_month"]) == ("none", "none")
    assert figures["cost_today"] != "none"


@pytest.mark.usefixtures("in_english")
def test_cost_and_bill_report_unmetered_time(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path.parent / "contracts.toml").write_text(CONTRACT)
    window = ("--from", "2026-11-09", "--to", "2026-11-13", "--ledger", str(path))
    assert main(["cost", *window]) == 0
    output = capsys.readouterr().out
    assert output.count("and unknown") == 2
    assert f"And unknown: energy (unmetered), because {REASON} (2 days: 2026-11-10 to 2026-11-11)." in output
    assert main(["bill", *window]) == 0
    output = capsys.readouterr().out
    assert "Total of what is known, TTC" in output
    assert f"Unknown: unmetered (2 days from 2026-11-10 to 2026-11-12): {REASON}." in output
    assert main(["bill", *window, "--json"]) == 0
    assert '"whole": false' in capsys.readouterr().out
