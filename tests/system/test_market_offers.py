"""A real year on every market offer and on Tempo, against a computation of its own; and a week, worked by hand."""

import json
import os
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import independent_offers as independent
import pytest
from enedis_files import lines_of, write
from ledger_building import METER

from tictally_recorder.cli.app import main
from tictally_recorder.ledger import Ledger
from tictally_recorder.tariffs.template_files import templates

CONTRACT: Final = """\
[[contract]]
tariff = "edf-bleu-base"
power = 6
from = 2022-01-01
chosen_day = "wed"
off_peak = [
    { season = ["04-01", "10-31"], hours = ["02:00-07:00", "14:00-17:00"] },
    { hours = ["22:30-06:30"] },
]
"""
SUPPLIERS: Final = {"TotalEnergies": "TotalEnergie"}
YEAR: Final = ("--from", "2022-07-29", "--to", "2023-07-29", "--prices-on", "2026-07-01")
CENT: Final = Decimal("0.01")
needs_data = pytest.mark.skipif(not independent.CURVE.exists(), reason="no load curve beside the project")


@pytest.fixture(scope="module")
def environment() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
            patch.delenv(name)
        patch.setenv("TICTALLY_LANGUAGE", "en")
        yield patch


def home(folder: Path, patch: pytest.MonkeyPatch, curve: Path) -> None:
    """A ledger that has nothing but an imported load curve, on a contract of one price."""
    patch.setenv("TICTALLY_LEDGER", str(folder / "ledger.sqlite"))
    Ledger.open(folder / "ledger.sqlite").close()
    (folder / "contracts.toml").write_text(CONTRACT)
    assert main(["import", str(curve), "--site", METER]) == 0


def compared(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, Any]]:
    """The offers at 6 kVA."""
    capsys.readouterr()
    assert main(["compare", "--offers", "--json", *arguments]) == 0
    return {each["tariff"]: each for each in json.loads(capsys.readouterr().out) if each["power_kva"] == 6}


@needs_data
def test_a_real_year_on_every_offer_costs_what_its_half_hours_do(
    tmp_path: Path, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home(tmp_path, environment, independent.CURVE)
    flex = templates()["edf-zen-flex"].text
    announced = ", ".join(map(str, sorted(independent.SOBRIETY)))
    known = f'name = "sobriete"\nfrom = 2022-01-01\nuntil = 2023-12-31\ndays = [{announced}]'
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "flex.toml").write_text(flex.replace('name = "sobriete"', known), encoding="utf-8")
    found = compared(capsys, *YEAR)

    curve, colours = independent.half_hours(), independent.colours()
    named = dict(_offers())
    expected = independent.figures(6)
    assert len(expected) == len(named) == 56
    by_offer = {}
    for offer, (monthly, prices) in expected.items():
        energy = independent.energy_kwh(offer, curve, colours)
        amount = sum((kwh * prices[kind] for kind, kwh in energy.items()), Decimal(0))
        by_offer[named[offer]] = amount + independent.subscriptions(monthly, date(2022, 7, 29), 365)
    # A register shows whole Wh, of which less than one is cut where a period ends and shown in the next one.
    wrong = {
        name: (found[name]["amount"], amount) for name, amount in by_offer.items() if not _near(found[name], amount)
    }
    assert wrong == {}
    assert {found[name]["days"] for name in by_offer} == {365}
    # Of EJP nothing shows the days.
    assert found["edf-bleu-ejp"]["amount"] is None

    used = independent.tempo_kwh(curve, colours)
    by_period = {"HC blue": "0.1325", "HP blue": "0.1612", "HC white": "0.1499", "HP white": "0.1871"}
    by_period |= {"HC red": "0.1575", "HP red": "0.7060"}
    tempo = sum((used[period] * Decimal(price) for period, price in by_period.items()), Decimal(0))
    tempo += independent.subscriptions(Decimal("15.59"), date(2022, 7, 29), 365)
    assert _near(found["edf-bleu-tempo"], tempo), (found["edf-bleu-tempo"]["amount"], tempo)


def _offers() -> Iterator[tuple[independent.Offer, str]]:
    """Supplier and offer as the collection names them, and the template's name."""
    for name, each in templates().items():
        document = tomllib.loads(each.text)
        yield (SUPPLIERS.get(document["supplier"], document["supplier"]), document["names"]["fr"]), name


def _near(record: dict[str, Any], amount: Decimal) -> bool:
    return record["amount"] is not None and abs(Decimal(record["amount"]) - amount) < CENT


# From Saturday 29 October 2022 to Friday 4 November at an even kW: 169 hours, since the clock is set back on Sunday.
WEEK: Final = ("--from", "2022-10-29", "--to", "2022-11-05", "--prices-on", "2026-07-01")
BY_HAND: Final = {
    # Saturday 24, Sunday 25 and the chosen Wednesday 24 hours; on four other days 8 hours off-peak and 16 peak.
    "edf-zen-weekend-plus-hc": ({"WE": 73, "HC": 32, "HP": 64}, "15.05", "31.5932"),
    # Summer until Tuesday 06:00: three days 11-18 h; 22-07 h: 9 + 10 + 9 + 6; the rest. Then winter.
    "edf-zen-estival": (
        {"HSC ETE": 21, "HC ETE": 34, "HP ETE": 24, "HSC HIVER": 30, "HC HIVER": 28, "HP HIVER": 32},
        "15.65",
        "30.1231",
    ),
    # Summer until Monday: 9 hours peak, 7 super off-peak and 8, 9, 8 off-peak; then four winter days.
    "alterna-super-creuses": (
        {"HP ETE": 27, "HSC ETE": 21, "HC ETE": 25, "HP HIVER": 36, "HC HIVER": 28, "HSC HIVER": 32},
        "16.65",
        "29.4633",
    ),
    # A weekend from Saturday 06:00 to Monday 06:00, 49 hours; Monday 11-17 h; Tuesday from 06:00 it is winter.
    "enercoop-2-saisons": ({"HP ETE": 24, "HC ETE": 55, "HC HIVER": 34, "HP HIVER": 56}, "15.86", "37.35973"),
    # Thursday is red, from 06:00 to Friday 06:00.
    "octopus-octotempo": (
        {"HC ETE": 55, "HP ETE": 24, "HC HIVER": 24, "HP HIVER": 42, "HC ROUGE": 10, "HP ROUGE": 14},
        "15.65",
        "33.3373",
    ),
}


def test_a_week_with_a_weekend_a_change_of_season_and_of_the_clock_by_hand(
    tmp_path: Path, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start = datetime(2022, 10, 28, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
    home(tmp_path, environment, write(tmp_path / "week.csv", lines_of(start, [1000] * 2 * (24 + 169 + 24))))
    (tmp_path / "colours.csv").write_text("2022-11-03,red\n")
    own = ("--off-peak", "22:00-06:00", "--chosen-day", "wed", "--colours", str(tmp_path / "colours.csv"))
    found = compared(capsys, *WEEK, *own)
    for tariff, (hours, monthly, energy) in BY_HAND.items():
        assert {period: wh // 1000 for period, wh in found[tariff]["energy_wh"].items() if wh} == hours
        assert sum(hours.values()) == 169
        # Three days of October and four of November.
        subscription = Decimal(monthly) * 3 / 31 + Decimal(monthly) * 4 / 30
        assert _near(found[tariff], Decimal(energy) + subscription), tariff


# From Saturday 28 March 2026 to Friday 3 April: 167 hours, a weekend from 06:00 to 06:00, winter until Wednesday 06:00.
# HC HIVER: Saturday 6, the weekend 18 + 23 + 6, Monday 1 + 3, Tuesday 6 + 1 + 3, Wednesday 6; summer: 11-17 h each day.
SPRING: Final = {"HC HIVER": 73, "HP HIVER": 28, "HC ETE": 18, "HP ETE": 48}
# 73 x 0.229 + 28 x 0.3104 + 18 x 0.13715 + 48 x 0.19367 + 15.86 x (4 / 31 + 3 / 30)
SPRING_COST: Final = "40.81"


def test_a_contract_on_an_offer_is_priced_and_billed_by_its_rules(
    tmp_path: Path, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start = datetime(2026, 3, 27, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
    home(tmp_path, environment, write(tmp_path / "week.csv", lines_of(start, [1000] * 2 * (24 + 167 + 24))))
    assert main(["tariff", "template", "enercoop-2-saisons"]) == 0
    (tmp_path / "contracts.toml").write_text(CONTRACT.replace("edf-bleu-base", "enercoop-2-saisons"))
    week = ("--from", "2026-03-28", "--to", "2026-04-04")
    capsys.readouterr()
    assert main(["cost", *week, "--by", "year", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    energy = {row["period"]: row["energy_wh"] // 1000 for row in rows if row["kind"] == "energy"}
    assert energy == SPRING
    assert sum(SPRING.values()) == 167
    assert {row["quality"] for row in rows if row["kind"] == "energy"} == {"estimated"}
    (total,) = [row for row in rows if row["kind"] == "total"]
    assert total["rounded"] == SPRING_COST
    assert main(["cost", *week]) == 0
    assert "rules divide the total" in capsys.readouterr().out
    assert main(["bill", *week, "--json"]) == 0
    assert SPRING_COST in capsys.readouterr().out
    compared = _compared_actual(capsys, *week)
    assert compared["rounded"] == SPRING_COST
    assert Decimal(compared["amount"]) == Decimal(compared["actual"])


def _compared_actual(capsys: pytest.CaptureFixture[str], *week: str) -> dict[str, Any]:
    """The contract's own tariff beside what it cost by the contract."""
    assert main(["compare", *week, "--json"]) == 0
    found = {each["tariff"]: each for each in json.loads(capsys.readouterr().out) if each["power_kva"] == 6}
    own: dict[str, Any] = found["enercoop-2-saisons"]
    return own
