"""`tictally tariff list`, `show` and `check`, as a person and a program meet them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tictally_recorder.cli.app import main

OVERLAY = """\
id = "edf-bleu-hphc"
overlay = true
[[version]]
from = 2199-08-01
sureness = "own"
source = "a bill"
energy.HC = { ttc = "0.1" }
energy.HP = { ttc = "0.2" }
subscription = "16"
"""
Command = tuple[int, str, str]


class Commands:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.tariffs = folder / "tariffs"
        self._ledger = folder / "ledger.sqlite"
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Command:
        code = main(["tariff", *arguments, "--ledger", str(self._ledger)])
        told = self._capsys.readouterr()
        return code, told.out, told.err

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever the command says
        return json.loads(self(*arguments, "--json")[1])

    def put(self, text: str) -> None:
        self.tariffs.mkdir(exist_ok=True)
        (self.tariffs / "own.toml").write_text(text)


@pytest.fixture
def tariff(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.delenv("TICTALLY_CONFIG", raising=False)
    return Commands(tmp_path, capsys)


def test_list_names_every_list_with_its_newest_version(tariff: Commands) -> None:
    code, out, _ = tariff("list")
    assert code == 0
    (line,) = [line for line in out.splitlines() if line.startswith("edf-bleu-hphc")]
    assert line.split()[:7] == ["edf-bleu-hphc", "EDF", "Tarif", "Bleu,", "option", "Heures", "Creuses"]
    assert line.split()[7:10] == ["20", "2026-08-01", "secondary"]


def test_list_speaks_the_language_of_the_settings(tariff: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    names = {each["id"]: each["name"] for each in tariff.json("list")}
    assert names["edf-bleu-hphc"] == "Tarif Bleu, off-peak option"


def test_list_says_since_when_a_revision_is_overdue(tariff: Commands) -> None:
    tariff.put(OVERLAY)
    overdue = {each["id"]: each["overdue_since"] for each in tariff.json("list")}
    assert overdue["edf-bleu-ejp"] == "2026-08-01"
    assert overdue["edf-bleu-hphc"] is None


def test_a_broken_file_is_told_beside_the_list_and_fails_the_command(tariff: Commands) -> None:
    tariff.put(OVERLAY.replace('"0.1"', '"10"'))
    code, out, err = tariff("list")
    assert code == 1
    assert "edf-bleu-hphc" in out
    assert err == (
        f"tictally: {tariff.tariffs}/own.toml, line 7: energy.HC.ttc is 10: more than 5 a kWh is taken for a slip\n"
    )


def test_show_prints_the_version_of_a_day(tariff: Commands) -> None:
    code, out, err = tariff("show", "edf-bleu-hphc", "--on", "2025-07-31")
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0].startswith("edf-bleu-hphc 2025-02-01, hash ")
    assert lines[1:4] == [
        "EDF, Tarif Bleu, option Heures Creuses: amounts in EUR, energy drawn",
        "Holds from 2025-02-01 to 2025-07-31",
        "Source: CRE, open data (official); shipped/edf-bleu-hphc.toml",
    ]
    assert "6, 9, 12, 15, 18, 24, 30, 36 kVA HC 0.1696 0.1076" in lines
    assert "HP 0.2146 0.1451" in lines
    assert "6 kVA 14.04 11.48" in lines


def test_show_says_what_is_unknown(tariff: Commands) -> None:
    assert "6 kVA unknown 10.70" in [
        " ".join(line.split()) for line in tariff("show", "edf-bleu-hphc", "--on", "2024-12-31")[1].splitlines()
    ]
    assert tariff.json("show", "edf-bleu-hphc", "--on", "2024-12-31")["subscription"]["6"] == {
        "ttc": None,
        "ht": "10.70",
    }


def test_show_tells_a_program_everything_as_exact_text(tariff: Commands) -> None:
    told = tariff.json("show", "edf-bleu-base", "--on", "2025-08-01")
    assert (told["tariff"], told["from"], told["until"]) == ("edf-bleu-base", "2025-08-01", "2026-01-31")
    assert told["energy"]["6"] == {"BASE": {"ttc": "0.1952", "ht": "0.1327"}}
    assert told["subscription"]["6"] == {"ttc": "15.47", "ht": "11.07"}
    assert told["taxes"]["vat_subscription"] == "0.20"
    assert len(told["hash"]) == 12


def test_show_takes_an_amount_for_every_power_as_such(tariff: Commands) -> None:
    tariff.put(OVERLAY)
    told = tariff.json("show", "edf-bleu-hphc", "--on", "2199-08-01")
    assert told["subscription"] == {"*": {"ttc": "16", "ht": None}}
    assert (told["until"], told["sureness"], told["file"]) == (None, "own", f"{tariff.tariffs}/own.toml")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("show", "edf-bleu-ejp", "--on", "2020-01-01"), 1, "edf-bleu-ejp has no version on 2020-01-01"),
        (("show", "edf"), 1, "there is no tariff 'edf'; there are: edf-bleu-base, "),
        (("check", "edf"), 1, "there is no tariff 'edf'; there are: edf-bleu-base, "),
        (("show", "edf-bleu-ejp", "--on", "today"), 2, "Invalid value for --on: 'today' is not a date: 2026-11-21"),
        (("check", "--from", "today"), 2, "Invalid value for --from: 'today' is not a date: 2026-11-21"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(
    tariff: Commands, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    told = tariff(*arguments)
    assert (told[0], told[1]) == (code, "")
    assert told[2].startswith(f"tictally: {sentence}")


def test_check_fails_and_says_why(tariff: Commands) -> None:
    code, out, _ = tariff("check", "edf-bleu-ejp")
    assert code == 1
    assert "edf-bleu-ejp has no version from 2019-06-01 to 2021-07-31: energy of these days has no cost\n" in out
    assert "edf-bleu-ejp is overdue: a revision was due on 2026-08-01, and the newest version is from 2026-02-01" in out


def test_check_passes_a_list_that_lacks_nothing_since_a_day(tariff: Commands) -> None:
    tariff.put(OVERLAY)
    assert tariff("check", "edf-bleu-hphc", "--from", "2025-02-01")[:2] == (
        0,
        "Nothing is lacking, and nothing is overdue.\n",
    )
    assert tariff("check", "edf-bleu-hphc", "--from", "2025-01-31")[0] == 1


def test_check_tells_a_program_what_it_found_broken_files_too(tariff: Commands) -> None:
    tariff.put("id = ")
    found = tariff.json("check", "edf-bleu-ejp")
    overdue = found[-2]
    assert overdue.pop("sentence").startswith("edf-bleu-ejp is overdue: ")
    assert overdue == {"tariff": "edf-bleu-ejp", "fault": "overdue", "since": "2026-08-01", "until": None}
    assert (found[-1]["tariff"], found[-1]["fault"]) == (None, "file")
    assert found[-1]["sentence"].startswith(f"{tariff.tariffs}/own.toml, line 1: it is not TOML: ")


def test_a_broken_file_alone_fails_a_check(tariff: Commands) -> None:
    tariff.put("id = ")
    code, out, _ = tariff("check", "edf-bleu-hphc", "--from", "2199-01-01")
    assert code == 1
    assert f"{tariff.tariffs}/own.toml, line 1: " in out
