"""Which subscribed powers would have been enough, by the meter's daily maxima, else frames; counts unknown days."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from api_serving import METER, Served
from cost_building import PARIS, d, days, english
from ledger_building import frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.cost import CostRow, Quality
from tictally_recorder.cost.power import DayPower, PowerAdvice, advise
from tictally_recorder.cost.power.engine import USUAL_KVA, Subscribed
from tictally_recorder.ledger import Ledger
from tictally_recorder.reports.power import remarks
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.model import Direction
from tictally_shared.frames import Frame

CONTRACT = '[[contract]]\ntariff = "edf-bleu-base"\npower = 9\nfrom = 2025-01-01\n'


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


class Home:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self._seq = 0
        (folder / "contracts.toml").write_text(CONTRACT)

    def store(self, frames: list[Frame]) -> None:
        with Ledger.open(self.folder / "ledger.sqlite") as ledger:
            ledger.store([message(each) for each in frames])

    def frame(self, when: datetime, values: dict[str, int | str], **dated: tuple[int, str]) -> Frame:
        """A frame; `dated` is label → value and its local time."""
        self._seq += 1
        made = frame(self._seq, int(when.timestamp()) * 1000, values)
        made.values.update({name.replace("_", "-"): va for name, (va, _) in dated.items()})
        made.dated.update({name.replace("_", "-"): at(time).isoformat() for name, (_, time) in dated.items()})
        return made

    def __call__(self, *arguments: str) -> tuple[int, str]:
        code = main(["power", *arguments, "--ledger", str(self.folder / "ledger.sqlite")])
        captured = self._capsys.readouterr()
        return code, captured.out or captured.err

    def records(self, *arguments: str) -> list[Any]:
        code, out = self(*arguments, "--json")
        assert code == 0, out
        found = json.loads(out)
        assert isinstance(found, list)
        return found


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("TICTALLY_CONFIG", "TICTALLY_CONTRACTS", "TICTALLY_TARIFFS", "TICTALLY_TIMEZONE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "150")
    return Home(tmp_path, capsys)


def standard(home: Home) -> None:
    """Four days of a standard meter: 2800, 5900 and 6400 VA, and a last one that was heard in its first hours only."""
    maxima = {"2025-03-10": 2800, "2025-03-11": 5900, "2025-03-12": 6400}
    frames, east = [], 1000
    for day in days("2025-03-10", "2025-03-13"):
        yesterday = day - timedelta(days=1)
        dated = {"SMAXSN": (maxima.get(str(day), 2000), f"{day}T00:00:30")}
        if str(yesterday) in maxima:
            dated["SMAXSN_1"] = (maxima[str(yesterday)], f"{yesterday}T19:12:44")
        for hour in (0, 3):
            east += 1000
            values: dict[str, int | str] = {"NGTF": "BASE", "EAST": east, "EASF01": east, "PREF": 9, "SINSTS": 1500}
            frames.append(home.frame(at(f"{day}T{hour:02d}:01:00"), values, **dated))
    home.store(frames)


def test_days_over_each_power_are_those_of_the_meters_own_maxima(home: Home) -> None:
    standard(home)
    found = home.records("--from", "2025-03-10", "--to", "2025-03-14")
    by_power = {each["power_kva"]: each for each in found}
    assert [(kva, each["days_over"], each["days_unknown"]) for kva, each in by_power.items()][:4] == [
        (3, 2, 1),
        (6, 1, 1),
        (9, 0, 1),
        (12, 0, 1),
    ]
    assert by_power[6]["over"] == [["2025-03-12", "2025-03-12"]]
    assert (by_power[9]["is_subscribed"], by_power[6]["is_subscribed"]) == (True, False)
    assert (by_power[9]["highest_va"], by_power[9]["highest_day"]) == (6400, "2025-03-12")
    # Base of 2025-02: 17.16 a month at 9 kVA, 13.72 at 6; a kWh costs the same at both.
    tariff = load_catalogue().tariffs["edf-bleu-base"].on(d("2025-03-13"))
    assert tariff
    six, nine = (tariff.subscription[power] for power in (6, 9))
    assert Decimal(by_power[6]["saving_year"]) == 12 * (nine - six)
    assert Decimal(by_power[9]["saving_year"]) == 0


def test_a_day_heard_in_part_is_over_or_unknown_and_never_below(home: Home) -> None:
    start = at("2025-03-10T00:00:00")
    quarters = [n for n in range(3 * 96) if not 96 + 40 <= n < 96 + 44]  # an hour of the second day is missing
    powers = dict.fromkeys(quarters, 500) | {10: 3100, 100: 3200, 200: 2900}
    home.store(
        [
            home.frame(
                start + timedelta(minutes=15 * n),
                {"OPTARIF": "BASE", "BASE": 1000 + n, "ISOUSC": 45, "PAPP": powers[n]},
            )
            for n in quarters
        ]
    )
    found = {each["power_kva"]: each for each in home.records("--from", "2025-03-10", "--to", "2025-03-13")}
    # 3100 VA in a whole day, 3200 VA in a day with a gap, 2900 VA in a whole day.
    assert (found[3]["days_over"], found[3]["days_unknown"]) == (2, 0)
    assert (found[6]["days_over"], found[6]["days_unknown"]) == (0, 1)


def test_the_table_names_what_would_have_been_enough(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    standard(home)
    code, out = home("--from", "2025-03-10", "--to", "2025-03-14")
    assert code == 0
    assert "The highest power was 6400 VA, on 2025-03-12." in out
    assert "9 kVA would have been enough on all days that are known." in out
    assert "For 1 of 4 days the highest power is unknown" in out
    monkeypatch.setenv("TICTALLY_LANGUAGE", "fr")
    assert "9 kVA auraient suffi" in home("--from", "2025-03-10", "--to", "2025-03-14")[1]
    assert home("--from", "2025-03-14", "--to", "2025-03-10")[0] == 2
    code, out = home("--from", "2024-03-10", "--to", "2024-03-14")
    assert code == 0
    assert "2024" in out


def test_today_is_never_judged(home: Home) -> None:
    now = datetime.now(PARIS)
    home.store([home.frame(now - timedelta(minutes=1), {"NGTF": "BASE", "EAST": 1, "SINSTS": 9000})])
    assert home.records("--from", str((now - timedelta(days=1)).date()), "--to", "tomorrow") == []


def test_prices_of_a_kwh_that_differ_by_power_count_in_the_saving() -> None:
    base = load_catalogue().tariffs["edf-bleu-base"]
    day = d("2026-02-10")
    version = base.in_force(day, 9)
    assert version is not None
    prices = [version.price(power, "BASE") for power in (6, 9)]
    assert [price.ttc for price in prices if price] == [Decimal("0.1940"), Decimal("0.1927")]
    row = CostRow(
        *("home", day, Direction.CONSUMPTION, "BASE", 10_000, Decimal("0.1927"), Decimal("1.927"), "EUR", None, 9),
        Quality.MEASURED,
    )
    known = {day: DayPower(4000, is_whole=True)}
    (six,) = (each for each in advise([day], known, Subscribed(base, version, 9, [row])) if each.power_kva == 6)
    # 10 kWh a day are 3650 kWh a year.
    monthly = version.subscription[9] - version.subscription[6]
    assert six.saving_year == 12 * monthly - 3650 * Decimal("0.0013")
    (six,) = (each for each in advise([day], known, Subscribed(base, version, 9, [])) if each.power_kva == 6)
    assert six.saving_year is None


def test_without_a_contract_the_usual_powers_are_judged_and_nothing_is_saved() -> None:
    day = d("2025-03-10")
    found = advise([day], {day: DayPower(40_000, is_whole=True)}, Subscribed(None, None, None))
    assert [each.power_kva for each in found] == [*USUAL_KVA]
    assert all(each.over and each.saving_year is None and each.monthly is None for each in found)
    span = ("home", day, d("2025-03-11"), None, None, None)
    advice = PowerAdvice(*span, (day, 40_000), 0, has_three_phases=True, options=found)
    words = " ".join(english(remarks(advice)))
    assert "Every power was exceeded on some day." in words
    assert "three phases" in words
    nothing = PowerAdvice(*span, None, 1, has_three_phases=False, options=found)
    assert english(remarks(nothing))[0].startswith("No day has a known highest power")


def test_the_api_has_the_same_records_and_what_a_person_must_know(tmp_path: Path) -> None:
    # Frames each ten minutes of two and a half days, of at most 1855 VA.
    with Served(tmp_path) as served:
        answer = served.get("/api/v1/power?from=2026-03-28&to=2026-03-30").json()
        assert {each["site"] for each in answer["items"]} == {METER}
        three = next(each for each in answer["items"] if each["power_kva"] == 3)
        assert (three["days"], three["days_over"], three["days_unknown"]) == (2, 0, 0)
        assert Decimal(three["saving_year"]) > 0
        assert {each["code"] for each in answer["remarks"]} == {"power_highest", "power_least", "power_assumption"}
        # Today and what is to come is no day of it.
        assert served.items("/api/v1/power?from=2026-03-29")[0]["to"] == "2026-03-30"
