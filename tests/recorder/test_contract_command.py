"""`tictally contract`: contracts are listed, added, ended and checked; what stands in the file stays."""

import io
import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cost_building import PARIS
from ledger_building import METER, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.ledger import Ledger

BEFORE = '# the house\n[[contract]]\ntariff = "edf-bleu-base"\npower = 6   # kVA\nfrom = 2025-01-01\n'
NIGHT = "22:00-06:00"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "150")
    return tmp_path


def contracts(folder: Path) -> str:
    return (folder / "contracts.toml").read_text(encoding="utf-8")


def store(folder: Path, *, begins: int = 22, ends: int = 6, days: int = 10, ngtf: str = "H PLEINE/CREUSE") -> None:
    """Frames at every change of the period in the newest days, off-peak from one hour to another."""
    now = datetime.now(PARIS).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    wh, found = 1000, []
    for number in range(days * 24 * 4):
        at = now - timedelta(minutes=15 * (days * 24 * 4 - number))
        is_off_peak = at.hour >= begins or at.hour < ends if begins > ends else begins <= at.hour < ends
        values: dict[str, int | str] = {"NGTF": ngtf, "PREF": 6, "NTARF": "01" if is_off_peak else "02"}
        wh += 100
        values |= {"EAST": wh, "EASF01": wh // 2, "EASF02": wh - wh // 2}
        found.append(message(frame(number + 1, int(at.timestamp()) * 1000, values)))
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        ledger.store(found)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_contract_is_added_below_what_stands_in_the_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "contracts.toml").write_text(BEFORE)
    own = ("--off-peak", "22:30-06:30", "--summer-off-peak", "02:00-07:00,14:00-17:00", "--chosen-day", "wed")
    assert main(["contract", "add", "--tariff", "edf-bleu-hphc", "--power", "9", "--from", "2026-03-01", *own]) == 0
    assert contracts(folder) == BEFORE + (
        '\n[[contract]]\ntariff = "edf-bleu-hphc"\npower = 9\nfrom = 2026-03-01\noff_peak = [\n'
        '    { season = ["04-01", "10-31"], hours = ["02:00-07:00", "14:00-17:00"] },\n'
        '    { hours = ["22:30-06:30"] },\n]\nchosen_day = "wed"\n'
    )
    assert "now has a contract on edf-bleu-hphc from 2026-03-01" in capsys.readouterr().out
    assert main(["contract", "list", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["tariff"], first["until"], first["off_peak_hours"]) == ("edf-bleu-base", "2026-02-28", [])
    assert (second["power_kva"], second["until"], second["chosen_day"]) == (9, None, "wed")
    assert main(["contract", "list"]) == 0
    assert "edf-bleu-hphc" in capsys.readouterr().out


def test_the_first_contract_makes_the_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "list"]) == 0
    assert "`tictally contract add` writes one" in capsys.readouterr().out
    given = ("--tariff", "edf-bleu-base", "--power", "6", "--from", "2026-01-01", "--off-peak", NIGHT)
    assert main(["contract", "add", *given]) == 0
    assert contracts(folder) == (
        f'[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2026-01-01\noff_peak = ["{NIGHT}"]\n'
    )


def test_a_french_reader_reads_french(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TICTALLY_LANGUAGE", "fr")
    given = ("--tariff", "edf-bleu-base", "--power", "6", "--from", "2026-01-01", "--chosen-day", "wed")
    assert main(["contract", "add", *given]) == 0
    assert "contient désormais un contrat au tarif edf-bleu-base à partir du 2026-01-01" in capsys.readouterr().out
    assert main(["contract", "list"]) == 0
    shown = capsys.readouterr().out
    assert "Jour choisi" in shown
    assert "mercredi" in shown
    assert "consommation" in shown
    assert main(["contract", "check"]) == 0
    assert "rien ne manque" in capsys.readouterr().out
    assert main(["contract", "end", "2026-05-31"]) == 0
    assert "prend fin le 2026-05-31" in capsys.readouterr().out
    assert (folder / "contracts.toml").exists()


WRONG = [
    (("--tariff", "edf-bleu-base", "--power", "7", "--from", "2026-03-01"), 1, "not 7"),
    (("--tariff", "edf-bleu-base", "--power", "6", "--from", "2025-01-01"), 1, "begin at the same time"),
    (("--tariff", "nothing", "--power", "6", "--from", "2026-03-01"), 1, "there is no tariff 'nothing'"),
    (("--tariff", "edf-bleu-base", "--power", "6", "--from", "soon"), 2, "is not a valid date"),
    (("--tariff", "edf-bleu-base", "--power", "6", "--from", "2026-03-01", "--off-peak", "22-6"), 2, "not hours"),
    (("--tariff", "edf-bleu-base", "--power", "6", "--from", "2026-03-01", "--chosen-day", "we"), 2, "not one of mon"),
    (
        ("--tariff", "edf-bleu-base", "--power", "6", "--from", "2026-03-01", "--summer-off-peak", NIGHT),
        2,
        "it needs --off-peak",
    ),
    (("--tariff", "edf-bleu-base", "--power", "6"), 2, "it is needed where nobody can be asked"),
    (("--power", "6", "--from", "2026-03-01"), 2, "it is needed where nobody can be asked"),
]


@pytest.mark.parametrize(("arguments", "code", "sentence"), WRONG, ids=[each[2] for each in WRONG])
def test_a_contract_that_cannot_be_used_is_not_written(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    (folder / "contracts.toml").write_text(BEFORE)
    assert main(["contract", "add", *arguments]) == code
    assert sentence in capsys.readouterr().err
    assert contracts(folder) == BEFORE


def test_a_person_is_asked_for_what_is_not_given(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store(folder, begins=23, ends=7)
    # Tariff, power, start, off-peak hours of winter and of summer, billing day, months in advance.
    answers = ("", "9", "2026-01-01T14:00", "", "02:00-07:00,14:00-17:00", "24", "2")
    monkeypatch.setattr(sys, "stdin", Terminal("\n".join([*answers, ""])))
    assert main(["contract", "add"]) == 0
    # What the meter reports was proposed: option, power, and the hours that it counted in the last days.
    assert contracts(folder) == (
        '[[contract]]\ntariff = "edf-bleu-hphc"\npower = 9\nfrom = 2026-01-01T14:00:00\noff_peak = [\n'
        '    { season = ["04-01", "10-31"], hours = ["02:00-07:00", "14:00-17:00"] },\n'
        '    { hours = ["23:00-07:00"] },\n]\nbilling_day = 24\nbilled_in_advance = 2\n'
    )
    shown = capsys.readouterr().err
    assert "Tariff [edf-bleu-hphc]" in shown
    assert "[23:00-07:00]" in shown
    assert "the meter announces 6 kVA, and the contract has 9 kVA" in shown
    monkeypatch.setattr(sys, "stdin", Terminal("edf-bleu-hphc\nsix\n"))
    assert main(["contract", "add", "--from", "2026-02-01"]) == 2


def test_only_what_a_tariff_needs_is_asked_and_an_answer_may_be_left_empty(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TICTALLY_LANGUAGE", "fr")
    # Billing day and months in advance.
    monkeypatch.setattr(sys, "stdin", Terminal("\n\n"))
    assert main(["contract", "add", "--tariff", "edf-bleu-base", "--power", "6", "--from", "2026-01-01"]) == 0
    assert contracts(folder) == '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2026-01-01\n'
    shown = capsys.readouterr().err
    assert "Heures creuses" not in shown
    assert "2 chez EDF" in shown
    # A tariff whose rules ask for hours and for a weekday: hours by season, then the weekday.
    assert main(["tariff", "template", "edf-zen-weekend-plus-hc"]) == 0
    monkeypatch.setattr(sys, "stdin", Terminal("22:30-06:30\n\nwed\n\n\n"))
    given = ("--tariff", "edf-zen-weekend-plus-hc", "--power", "6", "--from", "2026-03-01")
    assert main(["contract", "add", *given]) == 0
    assert contracts(folder).endswith('off_peak = ["22:30-06:30"]\nchosen_day = "wed"\n')
    before = contracts(folder)
    for answers in ("22-6\n", "22:30-06:30\n\nmercredi\n", "22:30-06:30\n\nwed\n32\n\n", "\n\n\nmai\n"):
        monkeypatch.setattr(sys, "stdin", Terminal(answers))
        assert main(["contract", "add", *given[:-1], "2026-04-01"]) in {1, 2}
        assert contracts(folder) == before
    assert main(["contract", "add", *given[:-1], "2026-04-01", "--billed-in-advance", "13"]) == 2


def test_a_contract_is_ended_with_a_line_of_its_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "contracts.toml").write_text(BEFORE + "# after\n")
    assert main(["contract", "end", "2026-05-31"]) == 0
    assert contracts(folder) == BEFORE + "until = 2026-05-31\n# after\n"
    assert main(["contract", "end", "2026-04-30"]) == 2
    assert "that contract ends on 2026-05-31" in capsys.readouterr().err
    assert main(["contract", "end", "2024-12-31"]) == 2
    assert "no contract holds on 2024-12-31" in capsys.readouterr().err
    assert main(["contract", "end", "2026-05-01", "--injection"]) == 2
    inline = 'contract = [{ tariff = "edf-bleu-base", power = 6, from = 2025-01-01 }]\n'
    (folder / "contracts.toml").write_text(inline)
    assert main(["contract", "end", "2026-05-31"]) == 1
    assert "only a text editor can change" in capsys.readouterr().err
    assert contracts(folder) == inline


def test_with_several_sites_one_has_to_be_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(folder, days=1)
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        other = frame(1, int(datetime(2026, 1, 1, tzinfo=PARIS).timestamp()) * 1000, {"EAST": 1}, meter="021900000009")
        ledger.store([message(other)])
    given = ("--tariff", "edf-bleu-base", "--power", "6", "--from", "2026-01-01")
    assert main(["contract", "add", *given]) == 2
    assert "021900000009" in capsys.readouterr().err
    assert main(["contract", "add", *given, "--site", "barn"]) == 2
    assert main(["contract", "add", *given, "--site", METER]) == 0
    assert f'site = "{METER}"' in contracts(folder)


def check(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["contract", "check"])
    return code, capsys.readouterr().out


def test_off_peak_hours_are_checked_against_the_meter(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(folder, begins=23, ends=7)
    contract = '[[contract]]\ntariff = "edf-bleu-hphc"\npower = 6\nfrom = 2025-01-01\n'
    (folder / "contracts.toml").write_text(contract)
    assert check(capsys) == (0, "The contracts agree with the meter, and nothing is missing.\n")
    (folder / "contracts.toml").write_text(contract + 'off_peak = ["23:00-07:00"]\n')
    assert check(capsys)[0] == 0
    (folder / "contracts.toml").write_text(contract + 'off_peak = ["22:00-06:00"]\n')
    code, out = check(capsys)
    assert (code, out) == (
        1,
        f"site {METER}: the meter counts off-peak at other hours than `off_peak` of the contract: 23:00-07:00\n",
    )
    assert main(["contract", "check", "--json"]) == 1
    (issue,) = json.loads(capsys.readouterr().out)
    assert issue["parameters"]["problem"]["code"] == "off_peak_differs"
    assert main(["tariff", "check"]) == 1
    assert "the meter counts off-peak at other hours" in capsys.readouterr().out


def test_too_few_days_say_nothing_of_off_peak_hours(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(folder, begins=23, ends=7, days=6)
    contract = '[[contract]]\ntariff = "edf-bleu-hphc"\npower = 6\nfrom = 2025-01-01\noff_peak = ["22:00-06:00"]\n'
    (folder / "contracts.toml").write_text(contract)
    assert check(capsys)[0] == 0


def test_what_rules_ask_for_and_the_contract_lacks_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(folder, days=1, ngtf="BASE")
    assert main(["tariff", "template", "edf-zen-weekend-plus-hc"]) == 0
    contract = '[[contract]]\ntariff = "edf-zen-weekend-plus-hc"\npower = 6\nfrom = 2026-03-01\n'
    (folder / "contracts.toml").write_text(contract)
    code, out = check(capsys)
    assert code == 1
    assert "require the weekday that you selected: add `chosen_day` to the contract" in out
    assert "require your off-peak hours, and neither the meter nor the contract shows them" in out
    (folder / "contracts.toml").write_text(contract + f'off_peak = ["{NIGHT}"]\nchosen_day = "wed"\n')
    assert check(capsys)[0] == 0
