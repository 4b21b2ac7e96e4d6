"""The doctor's findings about contracts and tariffs beside a real ledger."""

from datetime import date
from pathlib import Path

import pytest
from cost_building import english
from ledger_building import METER, NOON_MS, frame, message

from tictally_recorder.doctor import CostFacts, PaidFacts
from tictally_recorder.doctor.collect import collect_cost
from tictally_recorder.ledger import Ledger
from tictally_recorder.reason import Reason, ReasonCode
from tictally_recorder.settings import Settings

CONTRACT = '[[contract]]\ntariff = "{tariff}"\npower = 6\nfrom = 2020-01-01\n'
OTHERS = """
id = "others"
supplier = "S"
names.en = "Others"
currency = "EUR"
periods = ["NIGHT", "DAY"]
[[version]]
from = 2020-01-01
confidence = "own"
source = "me"
energy.NIGHT = { ttc = "0.16" }
energy.DAY = { ttc = "0.21" }
subscription = "15"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings for a ledger whose meter reports off-peak and peak at 6 kVA, on 21 November 2026."""
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.store([message(frame(1, NOON_MS, {"NGTF": "H PLEINE/CREUSE", "PREF": 6, "EASF01": 1}))])
    return Settings(name="nas", ledger=tmp_path / "ledger.sqlite")


def seen(settings: Settings, tariff: str | None) -> CostFacts:
    if tariff is not None:
        settings.contracts_file.write_text(CONTRACT.format(tariff=tariff))
    return collect_cost(settings, NOON_MS)


def test_the_version_of_today(settings: Settings) -> None:
    assert seen(settings, "edf-bleu-hphc").paid == (PaidFacts(METER, "edf-bleu-hphc 2026-08-01"),)


def test_no_contract(settings: Settings) -> None:
    assert seen(settings, None).paid == (PaidFacts(METER, None, Reason(ReasonCode.NO_CONTRACT)),)


def test_a_contract_on_another_option_than_the_meters(settings: Settings) -> None:
    (paid,) = seen(settings, "edf-bleu-base").paid
    assert english(paid.contradictions) == ["the meter announces H PLEINE/CREUSE, and the contract is on edf-bleu-base"]


@pytest.mark.parametrize(
    ("aliases", "fits"),
    [
        ('{ "HEURE CREUSE" = "NIGHT", "HEURE PLEINE" = "DAY" }', True),
        ('{ EASF01 = "NIGHT", HP = "DAY" }', True),
        ('{ "HEURE CREUSE" = "NIGHT", "HEURE PLEINE" = "NIGHT" }', False),
        ("{}", False),
    ],
)
def test_a_tariff_with_other_period_names_matches_by_the_contracts_aliases(
    settings: Settings, aliases: str, fits: bool
) -> None:
    with Ledger.open(settings.ledger) as ledger:
        for n, name in ((1, "HEURE CREUSE"), (2, "HEURE PLEINE")):
            times = (NOON_MS + n * 3_600_000 + minutes * 60_000 for minutes in (0, 10))
            values: dict[str, int | str] = {
                "NGTF": "H PLEINE/CREUSE",
                "NTARF": f"{n:02d}",
                "LTARF": name,
                "EASF01": 1,
                "EASF02": 1,
            }
            ledger.store([message(frame(2 * n + at, time, values)) for at, time in enumerate(times)])
    settings.tariffs_folder.mkdir()
    (settings.tariffs_folder / "others.toml").write_text(OTHERS)
    settings.contracts_file.write_text(CONTRACT.format(tariff="others") + f"aliases = {aliases}\n")
    (paid,) = collect_cost(settings, NOON_MS).paid
    contradiction = "the meter announces H PLEINE/CREUSE, and the contract is on others"
    assert english(paid.contradictions) == ([] if fits else [contradiction])


def test_an_overdue_tariff(settings: Settings) -> None:
    settings.contracts_file.write_text(CONTRACT.format(tariff="edf-bleu-hphc"))
    (paid,) = collect_cost(settings, NOON_MS + 120 * 86_400_000).paid
    assert paid.overdue_since == date(2027, 2, 1)


def test_a_power_that_the_newest_version_lacks(settings: Settings) -> None:
    settings.contracts_file.write_text(CONTRACT.format(tariff="edf-bleu-hphc").replace("power = 6", "power = 18"))
    (paid,) = collect_cost(settings, NOON_MS).paid
    assert paid.version == "edf-bleu-hphc 2026-02-01"
    assert paid.not_revised is not None
    assert paid.not_revised.parameters["newest"] == "edf-bleu-hphc 2026-08-01"


def test_an_invalid_file(settings: Settings) -> None:
    facts = seen(settings, "none-such")
    assert facts.paid == ()
    assert facts.problem is not None
    assert str(facts.problem).startswith(f"{settings.contracts_file}, line 2: there is no tariff 'none-such'")


def test_without_a_ledger_there_are_no_cost_findings(tmp_path: Path) -> None:
    assert collect_cost(Settings(name="nas", ledger=tmp_path / "none.sqlite"), NOON_MS) == CostFacts()
