"""`tictally note`: notes by command, in both languages, and in the export."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ledger_building import METER, NOON_MS, frame, message

from tictally_recorder.cli.app import main
from tictally_recorder.ledger import Ledger

Answer = Callable[..., tuple[int, str, str]]


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Answer:
    """Runs a command over a ledger of one site: exit code, stdout, stderr."""
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.store([message(frame(1, NOON_MS, {"EAST": 1}))])
    monkeypatch.setenv("TICTALLY_LEDGER", str(path))
    monkeypatch.setenv("TICTALLY_LANGUAGE", "en")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        return code, *capsys.readouterr()

    return run


def listed(answer: Answer, *more: str) -> list[tuple[int, str, str]]:
    found = json.loads(answer("note", "list", "--json", *more)[1])
    return [(each["note"], each["day"], each["text"]) for each in found]


def test_a_note_is_added_listed_changed_and_deleted(answer: Answer) -> None:
    assert answer("note", "list")[1] == "There are no notes.\n"
    added = answer("note", "add", "heat pump installed", "--day", "2026-11-03")
    assert added == (0, "Note 1 added on 2026-11-03: heat pump installed\n", "")
    _, table, _ = answer("note", "list", "--site", METER)
    assert table.split("\n")[2].split() == ["1", METER, "2026-11-03", "heat", "pump", "installed"]
    answer("note", "edit", "1", "--day", "2024-02-29")
    assert listed(answer) == [(1, "2024-02-29", "heat pump installed")]
    assert answer("note", "edit", "1", "--text", "boiler removed")[0] == 0
    assert answer("note", "delete", "1")[1] == (
        "Note 1 of 2024-02-29 deleted: boiler removed. To undo it: tictally note delete 1 --undo\n"
    )
    assert (listed(answer), listed(answer, "--deleted")) == ([], [(1, "2024-02-29", "boiler removed")])
    assert answer("note", "delete", "1", "--undo")[0] == 0
    assert listed(answer) == [(1, "2024-02-29", "boiler removed")]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("add", " "), "the note is empty"),
        (("add", "x", "--day", "2026-02-29"), "not a valid date"),
        (("add", "x", "--site", "nobody"), "there is no site 'nobody'"),
        (("edit", "7", "--text", "x"), "there is no note 7"),
        (("delete", "7"), "there is no note 7"),
        (("delete", "seven"), "not a whole number"),
    ],
)
def test_wrong_use_is_an_error_and_changes_nothing(answer: Answer, arguments: tuple[str, ...], problem: str) -> None:
    code, _, error = answer("note", *arguments)
    assert code in {1, 2}
    assert problem in error
    assert listed(answer) == []


def test_errors_are_in_the_readers_language(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICTALLY_LANGUAGE", "fr")
    assert answer("note", "delete", "7")[2] == "tictally: il n\u2019y a pas de note 7\n"
    assert answer("note", "add", "chaudière retirée", "--day", "2026-11-03")[1] == (
        "Note 1 ajoutée au 2026-11-03 : chaudière retirée\n"
    )


def test_the_export_has_notes(answer: Answer, tmp_path: Path) -> None:
    answer("note", "add", "=heat pump", "--day", "2026-11-03")
    answer("note", "add", "later", "--day", "2026-12-01")
    assert answer("export", str(tmp_path / "out"), "--what", "notes", "--to", "2026-12-01")[0] == 0
    assert (tmp_path / "out" / "notes.csv").read_text() == (f"site,day,note,text\n{METER},2026-11-03,1,'=heat pump\n")
