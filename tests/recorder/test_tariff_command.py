"""`tictally tariff list`, `show` and `check`: their text and JSON output, and their exit codes."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ledger_building import METER, NOON_MS, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.ledger import Ledger

CRE = "CRE, open data"
OVERLAY = """\
id = "edf-bleu-hphc"
overlay = true
[[version]]
from = 2199-08-01
confidence = "own"
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
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self(*arguments, "--json")[1])

    def put(self, text: str) -> None:
        self.tariffs.mkdir(exist_ok=True)
        (self.tariffs / "own.toml").write_text(text)


@pytest.fixture
def tariff(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    for name in [name for name in os.environ if name.startswith("TICTALLY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    return Commands(tmp_path, capsys)


def test_list_names_every_tariff_with_its_newest_version(tariff: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("TICTALLY_LANGUAGE")
    code, out, _ = tariff("list")
    assert code == 0
    (line,) = [line for line in out.splitlines() if line.startswith("edf-bleu-hphc")]
    assert line.split()[:7] == ["edf-bleu-hphc", "EDF", "Tarif", "Bleu,", "option", "Heures", "Creuses"]
    # Once the next revision is overdue its day follows.
    assert line.split()[7:11] == ["20", "2026-08-01", "non", "officielle"]


def test_list_is_in_the_language_of_the_settings(tariff: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    names = {each["id"]: each["name"] for each in tariff.json("list")}
    assert names["edf-bleu-hphc"] == "Tarif Bleu, off-peak option"


def test_list_shows_since_when_a_revision_is_overdue(tariff: Commands) -> None:
    tariff.put(OVERLAY)
    overdue = {each["id"]: each["overdue_since"] for each in tariff.json("list")}
    assert overdue["edf-bleu-ejp"] == "2026-08-01"
    assert overdue["edf-bleu-hphc"] is None


def test_a_broken_file_is_reported_beside_the_list_and_fails_the_command(tariff: Commands) -> None:
    tariff.put(OVERLAY.replace('"0.1"', '"10"'))
    code, out, err = tariff("list")
    assert code == 1
    assert "edf-bleu-hphc" in out
    assert err == (
        f"tictally: {tariff.tariffs}/own.toml, line 7: energy.HC.ttc is 10: more than 5 a kWh is taken for a slip; "
        "write euros, not cents: 0.1\n"
    )


def test_show_prints_the_version_of_a_day(tariff: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICTALLY_LANGUAGE")
    monkeypatch.setenv("COLUMNS", "160")
    code, out, err = tariff("show", "edf-bleu-hphc", "--on", "2025-07-31")
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0].startswith("edf-bleu-hphc 2025-02-01, empreinte ")
    assert lines[1:4] == [
        "EDF, Tarif Bleu, option Heures Creuses : montants en EUR, consommation",
        "En vigueur du 2025-02-01 au 2025-07-31",
        "Source : CRE, open data (officielle) ; shipped/edf-bleu-hphc.toml",
    ]
    assert "6, 9, 12, 15, 18, 24, 30, 36 kVA HC 0,1696 0,1076 officielle CRE, open data" in lines
    assert "HP 0,2146 0,1451 officielle CRE, open data" in lines
    assert "6 kVA 14,04 11,48 officielle EDF, price grid" in lines


def test_show_marks_what_is_unknown(tariff: Commands) -> None:
    tariff.put(
        OVERLAY.replace('subscription = "16"', 'power.6 = { subscription = "unknown", subscription_ht = "10.70" }')
    )
    lines = [" ".join(line.split()) for line in tariff("show", "edf-bleu-hphc", "--on", "2199-12-31")[1].splitlines()]
    assert "6 kVA unknown 10.70 own a bill" in lines
    shown = tariff.json("show", "edf-bleu-hphc", "--on", "2199-12-31")[0]["subscription"]["6"]
    assert (shown["ttc"], shown["ht"]) == (None, "10.70")


def test_json_of_show_has_every_amount_as_an_exact_string(tariff: Commands) -> None:
    (version,) = tariff.json("show", "edf-bleu-base", "--on", "2025-08-01")
    assert (version["tariff"], version["from"], version["until"]) == ("edf-bleu-base", "2025-08-01", "2026-01-31")
    cre, edf = ({"source": f"{source}", "confidence": "official", "note": ""} for source in (CRE, "EDF, price grid"))
    without = {"ht_source": CRE, "ht_confidence": "official"}
    assert version["energy"]["6"] == {"BASE": {"ttc": "0.1952", "ht": "0.1327", **cre, **without}}
    assert version["subscription"]["6"] == {
        "ttc": "15.47",
        "ht": "11.07",
        **edf,
        **without,
        "ht_source": f"{CRE}: a twelfth of the year",
    }
    assert version["energy"]["36"]["BASE"]["confidence"] == "secondary"
    assert version["taxes"]["vat_subscription"] == "0.20"
    assert len(version["hash"]) == 12


def test_show_marks_an_amount_for_every_power(tariff: Commands) -> None:
    tariff.put(OVERLAY)
    (version,) = tariff.json("show", "edf-bleu-hphc", "--on", "2199-08-01")
    assert (version["subscription"]["*"]["ttc"], version["subscription"]["*"]["ht"]) == ("16", None)
    assert (version["until"], version["confidence"], version["file"]) == (None, "own", f"{tariff.tariffs}/own.toml")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("show", "edf-bleu-ejp", "--on", "2020-01-01"), 1, "edf-bleu-ejp has no version on 2020-01-01"),
        (("show", "edf"), 1, "there is no tariff 'edf'; there are: edf-bleu-base, "),
        (("check", "edf"), 1, "there is no tariff 'edf'; there are: edf-bleu-base, "),
        (
            ("show", "edf-bleu-ejp", "--on", "soon"),
            2,
            "Invalid value for --on: 'soon' is not a valid date; write YYYY-MM-DD, YYYY-MM, YYYY or a word such as",
        ),
        (
            ("check", "--from", "soon"),
            2,
            "Invalid value for --from: 'soon' is not a valid date; write YYYY-MM-DD, YYYY-MM, YYYY or a word such as",
        ),
    ],
)
def test_an_unanswerable_query_is_one_sentence(
    tariff: Commands, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    got, out, err = tariff(*arguments)
    assert (got, out) == (code, "")
    assert err.startswith(f"tictally: {sentence}")


def test_the_error_of_a_users_file_is_all_that_is_said_of_its_tariff(tariff: Commands) -> None:
    tariff.put('id = "mine"\nsupplier = 3\n')
    wrong = f"{tariff.tariffs}/own.toml, line 1: there is no version; each begins with a line [[version]]\n"
    assert tariff("show", "mine") == (1, "", f"tictally: {wrong}")
    assert tariff("check", "mine") == (1, wrong, "")


def test_a_tariff_of_no_file_is_unknown_beside_a_broken_one(tariff: Commands) -> None:
    tariff.put('id = "mine"\nsupplier = 3\n')
    broken, unknown = tariff("check", "yours")[2].splitlines()
    assert broken.startswith(f"tictally: {tariff.tariffs}/own.toml, line 1: ")
    assert unknown.startswith("tictally: there is no tariff 'yours'; there are: ")


def test_check_fails_with_the_reason(tariff: Commands) -> None:
    code, out, _ = tariff("check", "edf-bleu-ejp")
    assert code == 1
    assert "edf-bleu-ejp has no version from 2019-06-01 to 2021-07-31: energy of these days has no cost\n" in out
    assert "edf-bleu-ejp is overdue: a revision was due on 2026-08-01, and the newest version is from 2026-02-01" in out


def test_check_passes_a_tariff_that_is_complete_from_a_day(tariff: Commands) -> None:
    tariff.put(OVERLAY)
    assert tariff("check", "edf-bleu-hphc", "--from", "2199-08-01")[:2] == (
        0,
        "Nothing is missing, and nothing is overdue.\n",
    )
    code, out, _ = tariff("check", "edf-bleu-hphc", "--from", "2199-07-31")
    assert code == 1
    assert out == (
        "edf-bleu-hphc 2026-08-01 has no prices at 15, 18, 24, 30, 36 kVA: what was in force before stays so there, "
        "and costs from 2026-08-01 to 2199-07-31 are provisional\n"
    )


def test_check_of_contracts_shows_only_their_own_powers(tariff: Commands) -> None:
    never_overdue(tariff)
    contracts(tariff, BASE_NOW)
    assert tariff("check")[:2] == (0, "Nothing is missing, and nothing is overdue.\n")
    contracts(tariff, BASE_NOW.replace("power = 6", "power = 15"))
    code, out, _ = tariff("check")
    assert (code, out.split(":")[0]) == (1, "edf-bleu-base 2026-08-01 has no prices at 15 kVA")
    contracts(tariff, BASE_NOW.replace("power = 6", "power = 15\nuntil = 2026-07-31"))
    assert tariff("check")[0] == 0


def test_json_of_check_has_every_finding_and_broken_files(tariff: Commands) -> None:
    tariff.put("id = ")
    found = tariff.json("check", "edf-bleu-ejp")
    overdue = found[-2]
    assert overdue.pop("text").startswith("edf-bleu-ejp is overdue: ")
    assert overdue.pop("parameters") == {"tariff": "edf-bleu-ejp", "due": "2026-08-01", "newest": "2026-02-01"}
    assert overdue == {"tariff": "edf-bleu-ejp", "code": "overdue", "since": "2026-08-01", "until": None}
    assert (found[-1]["tariff"], found[-1]["code"]) == (None, "broken_file")
    assert found[-1]["text"].startswith(f"{tariff.tariffs}/own.toml, line 1: it is not TOML: ")


def test_a_broken_file_alone_fails_a_check(tariff: Commands) -> None:
    tariff.put("id = ")
    code, out, _ = tariff("check", "edf-bleu-hphc", "--from", "2199-01-01")
    assert code == 1
    assert f"{tariff.tariffs}/own.toml, line 1: " in out


def contracts(tariff: Commands, text: str) -> None:
    (tariff.tariffs.parent / "contracts.toml").write_text(text)


def store_frame(tariff: Commands, values: Mapping[str, int | str]) -> None:
    with Ledger.open(tariff.tariffs.parent / "ledger.sqlite") as ledger:
        ledger.store([message(frame(1, NOON_MS, values))])


def never_overdue(tariff: Commands) -> None:
    tariff.put(
        OVERLAY.replace("edf-bleu-hphc", "edf-bleu-base")
        .replace("energy.HC", "energy.BASE")
        .replace('energy.HP = { ttc = "0.2" }\n', "")
    )


BASE_NOW = '[[contract]]\ntariff = "edf-bleu-base"\npower = 6\nfrom = 2025-08-01\n'


def test_check_covers_only_the_tariffs_of_contracts_while_they_held(tariff: Commands) -> None:
    everything = {each["tariff"] for each in tariff.json("check")}
    assert len(everything) > 2
    never_overdue(tariff)
    on_ejp = '[[contract]]\ntariff = "edf-bleu-ejp"\npower = 9\nfrom = 2021-08-01\nuntil = {}\n'
    contracts(tariff, on_ejp.format("2022-02-01"))
    used = tariff.json("check")
    assert [(each["tariff"], each["code"], each["since"]) for each in used] == [("edf-bleu-ejp", "gap", "2022-02-01")]
    contracts(tariff, on_ejp.format("2022-01-31"))
    assert tariff("check")[:2] == (0, "Nothing is missing, and nothing is overdue.\n")
    assert tariff("check", "edf-bleu-ejp")[0] == 1


def test_an_ended_contract_is_not_checked_beyond_its_end(tariff: Commands) -> None:
    left = '[[contract]]\ntariff = "edf-bleu-ejp"\npower = 9\nfrom = 2025-08-01\n'
    never_overdue(tariff)
    contracts(tariff, left)
    assert "edf-bleu-ejp is overdue" in tariff("check")[1]
    for site in ("", f'site = "{METER}"\n'):
        contracts(tariff, left + BASE_NOW.replace("2025-08-01", "2026-05-01") + site)
        assert tariff("check")[:2] == (0, "Nothing is missing, and nothing is overdue.\n")


@pytest.mark.parametrize(
    ("values", "sentences"),
    [
        ({"NGTF": "BASE", "PREF": 6}, []),
        (
            {"NGTF": "a supplier's own", "PREF": 6},
            ["the meter announces a supplier's own, and the contract is on edf-bleu-base"],
        ),
        (
            {"NGTF": "TEMPO", "PREF": 9},
            [
                "the meter announces TEMPO, and the contract is on edf-bleu-base",
                "the meter announces 9 kVA, and the contract has 6 kVA",
            ],
        ),
        ({"OPTARIF": "HC..", "ISOUSC": 30}, ["the meter announces HC.., and the contract is on edf-bleu-base"]),
        ({"OPTARIF": "BASE", "ISOUSC": 45}, ["the meter announces 9 kVA, and the contract has 6 kVA"]),
        ({"OPTARIF": "BASE", "ISOUSC": 10, "IINST1": 1, "IINST2": 1, "IINST3": 1}, []),
    ],
)
def test_check_compares_the_contract_with_what_the_meter_announces(
    tariff: Commands, values: Mapping[str, int | str], sentences: list[str]
) -> None:
    never_overdue(tariff)
    contracts(tariff, BASE_NOW)
    store_frame(tariff, values)
    found = tariff.json("check")
    assert [each["text"] for each in found] == [f"site {METER}: {sentence}" for sentence in sentences]
    assert {(each["tariff"], each["code"], each["since"]) for each in found} <= {
        ("edf-bleu-base", "contract", "2025-08-01")
    }
    assert tariff("check")[0] == (1 if sentences else 0)


def test_check_names_the_contract_of_an_unknown_site(tariff: Commands) -> None:
    never_overdue(tariff)
    contracts(tariff, BASE_NOW + 'site = "hme"\n')
    assert tariff("check")[0] == 0  # no site has sent a frame yet
    store_frame(tariff, {"NGTF": "BASE", "PREF": 6})
    code, out, _ = tariff("check")
    of_hme = "the contract on edf-bleu-base from 2025-08-01 is of site hme"
    assert (code, out) == (1, f"{of_hme}, and the ledger has only {METER}: it pays for nothing\n")
    (found,) = tariff.json("check")
    assert (found["tariff"], found["code"], found["since"]) == ("edf-bleu-base", "no_site", "2025-08-01")
    contracts(tariff, BASE_NOW + f'site = "{METER}"\n')
    assert tariff("check")[0] == 0


def test_a_flat_price_matches_every_option(tariff: Commands) -> None:
    own = OVERLAY.replace("overlay = true", 'supplier = "me"\ncurrency = "EUR"\nperiods = ["FLAT"]\nnames.en = "flat"')
    own = own.replace('"edf-bleu-hphc"', '"flat"').replace("2199", "2025")
    tariff.put(own.replace("energy.HC", "energy.FLAT").replace('energy.HP = { ttc = "0.2" }\n', ""))
    contracts(tariff, BASE_NOW.replace("edf-bleu-base", "flat"))
    store_frame(tariff, {"NGTF": "TEMPO"})
    assert tariff("check")[:2] == (0, "Nothing is missing, and nothing is overdue.\n")
