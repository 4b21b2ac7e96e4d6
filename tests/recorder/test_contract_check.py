"""`tictally tariff check` and the doctor: calendars of suppliers, aliases that are never used, missing prices."""

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cost_building import PARIS
from ledger_building import METER, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.doctor.collect import collect_cost
from tictally_recorder.ledger import Ledger
from tictally_recorder.settings import Settings
from tictally_recorder.translations import ENGLISH

NOW_MS = int(datetime.fromisoformat("2026-09-20T12:00Z").timestamp() * 1000)
OWN = """
id = "{id}"
supplier = "A supplier"
currency = "EUR"
periods = [{periods}]
names.fr = "Le tarif"
[[version]]
from = 2025-01-01
confidence = "own"
source = "bill"
{prices}
subscription = "18.00"
"""
Check = Callable[[str], tuple[int, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    (tmp_path / "tariffs").mkdir()
    return tmp_path


@pytest.fixture
def check(folder: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Checks a contract on a tariff: exit code, and what concerns the site."""

    def run(contract: str) -> tuple[int, str]:
        (folder / "contracts.toml").write_text(f"[[contract]]\nfrom = 2026-01-01\n{contract}\n")
        code = main(["tariff", "check", "--from", "2026-09-01"])
        lines = capsys.readouterr().out.splitlines()
        return code, "\n".join(line for line in lines if "site " in line or "kVA" in line)

    return run


def tariff(folder: Path, tariff_id: str, *periods: str) -> None:
    quoted = ", ".join(f'"{period}"' for period in periods)
    prices = "\n".join(f'energy."{period}" = {{ ttc = "0.2" }}' for period in periods)
    (folder / "tariffs" / f"{tariff_id}.toml").write_text(OWN.format(id=tariff_id, periods=quoted, prices=prices))


def week(folder: Path, ngtf: str, names: Mapping[str, str]) -> None:
    """Frames of a week: the registers count one after the other, an hour each, under their names."""
    start = datetime(2026, 9, 2, tzinfo=PARIS)
    registers = dict.fromkeys(names, 1000)
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        frames = []
        for n in range(7 * 24 * 4):
            register = list(names)[n // 4 % len(names)]
            registers[register] += 100
            values: dict[str, int | str] = {"NGTF": ngtf, "LTARF": names[register], "NTARF": register[4:], "PREF": 9}
            added = frame(n + 1, int((start + timedelta(minutes=15 * n)).timestamp() * 1000), values | registers)
            frames.append(message(added, arrived_ms=NOW_MS))
        ledger.store(frames)


def doctor(folder: Path) -> list[str]:
    settings = Settings(name="nas", ledger=folder / "ledger.sqlite", language="en")
    return [ENGLISH.phrase(each) for paid in collect_cost(settings, NOW_MS).paid for each in paid.contradictions]


WEEKEND = {"EASF01": "HEURES CREUSES", "EASF02": "HEURES PLEINES", "EASF03": "HEURES CREUSES"}


@pytest.mark.parametrize("option", ["base", "hphc", "tempo"])
def test_a_suppliers_calendar_is_no_option_of_tarif_bleu(folder: Path, check: Check, option: str) -> None:
    week(folder, "HC et Week-End", WEEKEND)
    code, found = check(f'tariff = "edf-bleu-{option}"\npower = 9')
    sentence = f"the meter announces HC et Week-End, and the contract is on edf-bleu-{option}"
    assert (code, found) == (1, f"site {METER}: {sentence}")
    assert doctor(folder) == [sentence]


def test_a_calendar_of_one_period_is_no_option_of_tarif_bleu_either(folder: Path, check: Check) -> None:
    week(folder, "TARIF UNIQUE", {"EASF01": "TOUTES HEURES"})
    assert "the meter announces TARIF UNIQUE" in check('tariff = "edf-bleu-base"\npower = 9')[1]
    tariff(folder, "flat", "BASE")
    assert check('tariff = "flat"') == (0, "")


def test_aliases_say_which_period_of_a_calendar_is_which(folder: Path, check: Check) -> None:
    week(folder, "HC ou HP", {"EASF01": "HEURES CREUSES", "EASF02": "HEURES PLEINES"})
    aliases = 'aliases = { "HEURES CREUSES" = "HC", "HEURES PLEINES" = "HP" }'
    assert "the meter announces" in check('tariff = "edf-bleu-hphc"\npower = 9')[1]
    assert "the meter announces" not in check(f'tariff = "edf-bleu-hphc"\npower = 9\n{aliases}')[1]


def test_a_calendar_with_a_period_that_an_own_tariff_lacks_is_reported(folder: Path, check: Check) -> None:
    week(folder, "HC et Week-End", {"EASF01": "HC", "EASF02": "HP", "EASF03": "WE"})
    tariff(folder, "two", "HC", "HP")
    tariff(folder, "three", "HC", "HP", "WE")
    assert "announces HC et Week-End, and the contract is on two" in check('tariff = "two"')[1]
    assert check('tariff = "three"') == (0, "")


def test_an_alias_that_is_never_used_is_reported(folder: Path, check: Check) -> None:
    week(folder, "HC et Week-End", WEEKEND)
    tariff(folder, "three", "HC", "HP", "WE")
    good = '"HEURES CREUSES" = "HC", "HEURES PLEINES" = "HP", EASF03 = "WE"'
    assert check(f'tariff = "three"\naliases = {{ {good} }}') == (0, "")
    code, found = check(f'tariff = "three"\naliases = {{ {good}, "WEEK END" = "WE" }}')
    assert code == 1
    assert found.startswith(f"site {METER}: WEEK END of the contract on three from 2026-01-01 has never been used")


def test_an_alias_under_a_more_exact_one_is_never_used(folder: Path, check: Check) -> None:
    week(folder, "HC ou HP", {"EASF01": "CREUSES", "EASF02": "PLEINES"})
    tariff(folder, "two", "HC", "HP")
    _, found = check('tariff = "two"\naliases = { EASF01 = "HC", CREUSES = "HC", EASF02 = "HP", PLEINES = "HP" }')
    assert "CREUSES and PLEINES of the contract" in found


def test_aliases_of_a_contract_before_the_first_frame_are_not_judged(folder: Path, check: Check) -> None:
    week(folder, "HC ou HP", {"EASF01": "HC", "EASF02": "HP"})
    tariff(folder, "two", "HC", "HP")
    contract = 'tariff = "two"\naliases = { NUIT = "HC" }\nuntil = 2026-03-31\n'
    assert check(f'{contract}[[contract]]\ntariff = "two"\nfrom = 2026-04-01') == (0, "")


def test_prices_that_are_missing_at_the_contracts_power_are_reported(folder: Path, check: Check) -> None:
    week(folder, "BASE", {"EASF01": "BASE"})
    (folder / "tariffs" / "own.toml").write_text(
        OWN.format(id="own", periods='"BASE"', prices='energy.BASE = { ttc = "0.2" }').replace(
            'subscription = "18.00"', 'power.6.subscription = "15"\npower.9.subscription = "unknown"'
        )
        + '[[version]]\nfrom = 2027-01-01\nconfidence = "own"\nsource = "bill"\nenergy.BASE = { ttc = "0.2" }\n'
        'power.9.subscription = "18"\n'
    )
    code, found = check('tariff = "own"\npower = 9')
    sentence = "own 2025-01-01 has no subscription at 9 kVA"
    assert (code, found) == (1, f"{sentence}, and a contract needs it from 2026-01-01 on")
    settings = Settings(name="nas", ledger=folder / "ledger.sqlite", language="en")
    (paid,) = collect_cost(settings, NOW_MS).paid
    assert paid.reason is not None
    assert ENGLISH.phrase(paid.reason) == sentence
    assert check('tariff = "own"\npower = 6')[1] != found
