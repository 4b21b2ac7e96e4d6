"""The reference of commands is what the parsers have; the edge's command line behaves as the recorder's."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from devel import cli_reference
from tictally_edge.__main__ import main
from tictally_edge.arguments import make_parser
from tictally_recorder.cli.app import app

EDGE = ("run", "doctor", "decode", "simulate")


def test_the_page_is_what_the_code_makes() -> None:
    assert cli_reference.PAGE.read_text(encoding="utf-8") == cli_reference.page(), "run ./run commands"


def test_the_page_has_every_command_and_every_option() -> None:
    page = cli_reference.page()
    for name, command in getattr(get_command(app), "commands", {}).items():
        section = page.partition(f"### `tictally {name}")[2].partition("\n### ")[0]
        assert section, name
        options = {each.opts[0] for each in command.params if each.opts[0].startswith("--")}
        assert {each for each in options if f"| `{each}" not in section} <= {"--ledger", "--config", "--help"}, name
    for name in EDGE:
        assert f"### `tictally-edge {name}" in page


@pytest.mark.parametrize("command", [(), *((each,) for each in EDGE)], ids=" ".join)
def test_every_help_of_the_edge_fits_80_columns_and_explains_every_option(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert re.search(r"\b(tell|told|say|says|said|aside|refused)\b", text) is None
    for parser in cli_reference._subparsers(make_parser()):
        assert [each.dest for each in parser._actions if not each.help] == []


def test_without_a_command_the_edge_shows_its_help_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Exit codes: 0 done; 1 failed" in err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_edge_prints_a_completion_for_each_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--show-completion", shell]) == 0
    assert "tictally-edge" in capsys.readouterr().out


def test_the_edge_completes_commands(tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": "tictally-edge d", "COMP_POINT": "15", "_ARGCOMPLETE_IFS": "\n"}
    subprocess.run(
        [sys.executable, "-m", "tictally_edge"],
        env={"PATH": os.environ["PATH"], "_ARGCOMPLETE_STDOUT_FILENAME": str(answer)} | asked,
        check=False,
        timeout=60,
    )
    assert [each.strip() for each in answer.read_text().split("\n")] == ["doctor", "decode"]
