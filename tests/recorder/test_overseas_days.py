"""A household overseas has its own local days, months and off-peak hours."""

import json
import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from api_serving import Served, messages

from tictally_recorder.cli.app import main
from tictally_recorder.ledger import Ledger
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

METER = "021900000002"
ZONES = ("Indian/Reunion", "America/Martinique", "America/Cayenne", "America/Miquelon", "Pacific/Marquesas")
FIRST, DAYS = date(2026, 6, 29), 4
QUARTER_WH = 100
HPHC = '[[contract]]\ntariff = "edf-bleu-hphc"\npower = 9\nfrom = 2024-01-01\n'
BASE = '[[contract]]\ntariff = "edf-bleu-base"\npower = 9\nfrom = 2024-01-01\noff_peak = ["22:00-06:00"]\n'


def frames(zone: str, *, hphc: bool) -> list[Frame]:
    """A frame each quarter-hour of four local days around the end of June; off-peak from 22:00 to 06:00 local time."""
    tz = ZoneInfo(zone)
    start = datetime.combine(FIRST, time(), tz).astimezone(UTC)
    low, high, found = 1_000_000, 2_000_000, []
    for n in range(DAYS * 96 + 1):
        moment = start + timedelta(minutes=15) * n
        is_night = not 6 <= moment.astimezone(tz).hour < 22
        registers = {"EASF01": low, "EASF02": high} if hphc else {"EASF01": low + high}
        texts = {"NGTF": "H PLEINE/CREUSE" if hphc else "BASE", "NTARF": "02" if hphc and not is_night else "01"}
        texts["LTARF"] = ("HEURE CREUSE" if is_night else "HEURE PLEINE") if hphc else "BASE"
        values: dict[str, int | str] = {"EAST": low + high, **registers, **texts, "SINSTS": 400, "PREF": 9}
        found.append(Frame(METER, "cellar", "a1" * 8, n + 1, int(moment.timestamp()) * 1000, Mode.STANDARD, values))
        low, high = (low + QUARTER_WH, high) if is_night else (low, high + QUARTER_WH)
    return found


def rows(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main([*arguments, "--json"]) == 0, capsys.readouterr().err
    found = json.loads(capsys.readouterr().out)
    return list(found) if isinstance(found, list) else list(found["items"])


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    return tmp_path / "ledger.sqlite"


def fill(ledger: Path, zone: str, contract: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICTALLY_TIMEZONE", zone)
    (ledger.parent / "contracts.toml").write_text(contract)
    with Ledger.open(ledger) as opened:
        opened.store(messages(frames(zone, hphc=contract == HPHC)))


WINDOW = ("--from", str(FIRST), "--to", str(FIRST + timedelta(days=DAYS)))


@pytest.mark.parametrize("zone", ZONES)
def test_energy_and_cost_are_summed_by_the_households_days(
    zone: str, ledger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(ledger, zone, HPHC, monkeypatch)
    midnights = {datetime.combine(FIRST + timedelta(days=n), time(), ZoneInfo(zone)).isoformat() for n in range(DAYS)}
    energy = [each for each in rows(capsys, "energy", *WINDOW, "--by", "day") if each["register"] != "EAST"]
    assert {each["from"] for each in energy} == midnights
    assert {(each["register"], each["energy"], each["estimated"]) for each in energy} == {
        ("EASF01", 3200, False),
        ("EASF02", 6400, False),
    }
    months = [each for each in rows(capsys, "energy", *WINDOW, "--by", "month") if each["register"] == "EAST"]
    assert [each["energy"] for each in months] == [2 * 9600, 2 * 9600]
    cost = [each for each in rows(capsys, "cost", *WINDOW, "--by", "day") if each["kind"] == "energy"]
    assert {(each["period"], each["energy_wh"], each["quality"]) for each in cost} == {
        ("HC", 3200, "measured"),
        ("HP", 6400, "measured"),
    }
    assert len(cost) == 2 * DAYS


@pytest.mark.parametrize("zone", ZONES)
def test_off_peak_hours_of_a_comparison_are_local_hours(
    zone: str, ledger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(ledger, zone, BASE, monkeypatch)
    (offer,) = (
        each for each in rows(capsys, "compare", *WINDOW) if (each["tariff"], each["power_kva"]) == ("edf-bleu-hphc", 9)
    )
    assert offer["energy_wh"] == {"HC": DAYS * 3200, "HP": DAYS * 6400}


@pytest.mark.parametrize("zone", ZONES)
def test_page_and_api_have_the_households_day(zone: str, tmp_path: Path) -> None:
    now = datetime.combine(FIRST + timedelta(days=2), time(12), ZoneInfo(zone))
    stored = [each for each in frames(zone, hphc=True) if each.time_ms <= now.timestamp() * 1000]
    with Served(tmp_path, {"timezone": zone}, HPHC, stored, now=now) as served:
        (site,) = served.items("/api/v1/sites")
        assert site["timezone"] == zone
        (live,) = served.items("/api/v1/now")
        assert live["today"]["from"] == datetime.combine(now.date(), time(), ZoneInfo(zone)).isoformat()
        assert live["today"]["consumption_wh"] == 12 * 4 * QUARTER_WH
        (use,) = served.items(f"/api/v1/use?from={FIRST}&to={FIRST + timedelta(days=1)}")
        assert use["consumption_wh"] == 9600
