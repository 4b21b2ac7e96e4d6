"""`tictally tariff days`: the days that a supplier announces, in one command; the rest of the file stays as it is."""

import json
from datetime import date
from pathlib import Path

import pytest

from tictally_recorder.cli.app import main
from tictally_recorder.tariffs.catalogue import load_catalogue
from tictally_recorder.tariffs.period_rules import DayList


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TICTALLY_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")
    assert main(["tariff", "template", "edf-zen-flex"]) == 0
    return tmp_path


def days(*arguments: str) -> int:
    return main(["tariff", "days", "edf-zen-flex", *arguments])


def known(folder: Path) -> DayList:
    rules = load_catalogue(folder / "tariffs").tariffs["edf-zen-flex"].rules
    assert rules is not None
    return rules.lists["sobriete"]


def december(*numbers: int) -> frozenset[date]:
    return frozenset(date(2026, 12, number) for number in numbers)


def test_days_are_added_as_they_are_announced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "tariffs" / "edf-zen-flex.toml"
    before = path.read_text(encoding="utf-8")
    assert days("2026-12-03", "--from", "2026-11-01") == 0
    assert known(folder) == DayList(date(2026, 11, 1), date(2026, 12, 3), december(3))
    assert days("2026-12-08") == 0
    assert known(folder) == DayList(date(2026, 11, 1), date(2026, 12, 8), december(3, 8))
    assert days("--until", "2026-12-31") == 0
    assert known(folder) == DayList(date(2026, 11, 1), date(2026, 12, 31), december(3, 8))
    assert "sobriete: 2026-11-01 to 2026-12-31, 2 days: 2026-12-03, 2026-12-08" in capsys.readouterr().out
    after = path.read_text(encoding="utf-8")
    first, last = before.split('[[days]]\nname = "sobriete"\n')
    assert after.startswith(first)
    assert after.endswith(last)


def test_a_day_given_by_mistake_is_removed(folder: Path) -> None:
    assert days("2026-12-03", "2026-12-04", "--from", "2026-12-01") == 0
    assert days("--remove", "2026-12-04") == 0
    assert known(folder) == DayList(date(2026, 12, 1), date(2026, 12, 4), december(3))


def test_a_season_comes_from_a_file(folder: Path) -> None:
    file = folder / "days.csv"
    file.write_text("\ufeffdate;jour\n# announced\n03/12/2026;Sobriété\n2026-12-04\n\n", encoding="utf-8")
    assert days("--file", str(file), "--from", "2026-11-01", "--until", "2027-03-31") == 0
    assert known(folder) == DayList(date(2026, 11, 1), date(2027, 3, 31), december(3, 4))


def test_lists_that_follow_one_another_become_one(folder: Path) -> None:
    path = folder / "tariffs" / "edf-zen-flex.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            'name = "sobriete"\n',
            'name = "sobriete"\nfrom = 2026-11-01\nuntil = 2026-11-30\n# none in November\ndays = []\n\n'
            '[[days]]\nname = "sobriete"\nfrom = 2026-12-01\nuntil = 2026-12-04\ndays = [\n    2026-12-04,\n]\n',
        ),
        encoding="utf-8",
    )
    assert days("2026-12-08") == 0
    assert known(folder) == DayList(date(2026, 11, 1), date(2026, 12, 8), december(4, 8))
    text = path.read_text(encoding="utf-8")
    assert text.count("[[days]]") == 1
    assert "# none in November" in text


def test_the_list_is_shown_also_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert days() == 0
    assert "sobriete: no day is known yet" in capsys.readouterr().out
    assert days("2026-12-03", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == [
        {
            "tariff": "edf-zen-flex",
            "list": "sobriete",
            "from": "2026-12-03",
            "until": "2026-12-03",
            "days": ["2026-12-03"],
        }
    ]
    assert folder


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("edf-bleu-base", "2026-12-03"), 1, "edf-bleu-base: you have no file of this tariff"),
        (("edf-vert", "2026-12-03"), 1, "`tictally tariff template edf-vert` writes it"),
        (
            ("edf-zen-flex", "2026-12-03", "--from", "2026-11-01", "--until", "2026-12-01"),
            2,
            "2026-12-03 is not in the time of the list",
        ),
        (
            ("edf-zen-flex", "2026-12-03", "--from", "2026-12-04"),
            2,
            "--from (2026-12-04) must be before --until (2026-12-03)",
        ),
        (("edf-zen-flex", "soon"), 2, "'soon' is not a valid date"),
        (("edf-zen-flex", "2026-12-03", "--list", "red"), 2, "'red' is not one of sobriete"),
        (("edf-zen-flex", "--remove", "2026-12-03"), 2, "the list does not have 2026-12-03"),
        (("edf-zen-flex", "--file", "nowhere.csv"), 2, "nowhere.csv cannot be read"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else None,
)
def test_what_cannot_be_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, message: str
) -> None:
    path = folder / "tariffs" / "edf-zen-flex.toml"
    before = path.read_bytes()
    assert main(["tariff", "days", *arguments]) == code
    assert message in capsys.readouterr().err.replace("\n", " ")
    assert path.read_bytes() == before


def test_a_file_with_a_wrong_line_is_rejected_whole(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "days.csv"
    file.write_text("2026-12-03\n2026-13-04\n", encoding="utf-8")
    assert days("--file", str(file)) == 2
    assert f"{file}, line 2: '2026-13-04' is not a date" in capsys.readouterr().err.replace("\n", " ")
    assert known(folder).until < known(folder).start
