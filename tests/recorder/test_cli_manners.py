"""Rules for every command: help that fits and is complete, tables that truncate nothing, options, completion."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer
from rich.table import Table
from typer.main import get_command

from tictally_recorder.cli.app import app, main
from tictally_recorder.cli.option_groups import flattened
from tictally_recorder.ledger import Ledger
from tictally_recorder.reports.table import fit, plain_table

DIALECT = re.compile(r"\b(tells?|told|says?|said|reckon\w*|aside|heard|price lists?|drawn|injected)\b", re.IGNORECASE)


def commands(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


COMMANDS = list(commands(get_command(app)))


def help_of(capsys: pytest.CaptureFixture[str], *path: str) -> str:
    assert main([*path, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_help_fits_80_columns_and_is_complete(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = help_of(capsys, *path)
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.replace("]...", "").replace("}...", "")


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_uses_standard_terms(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys, *path)
    assert DIALECT.findall(text) == []


@pytest.mark.parametrize("command", ["cost", "bill", "compare"])
def test_queries_have_the_same_window_and_site_options(command: str) -> None:
    found = dict(getattr(get_command(app), "commands", {}))

    def window(name: str) -> list[object]:
        options = {each.name: each for each in found[name].params}
        return [
            (each, options[each].opts, options[each].default, options[each].help) for each in ("start", "end", "site")
        ]

    assert window(command) == window("energy")


def test_the_exit_codes_are_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(help_of(capsys).split())
    assert "Exit codes: 0 done; 1 failed, or the answer needs attention; 2 wrong use or a wrong setting" in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_completion(shell: str) -> None:
    environ = {"PATH": os.environ["PATH"], "_TICTALLY_COMPLETE": f"complete_{shell}", "COLUMNS": "80"}
    asked = {"COMP_WORDS": "tictally tar", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "tictally tar"}
    asked["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    done = subprocess.run(
        [sys.executable, "-m", "tictally_recorder"],
        env=environ | asked,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "tariff" in done.stdout
    assert "token" not in done.stdout


@dataclass(frozen=True, slots=True)
class Place:
    town: Annotated[str, typer.Option("--town")] = "Lyon"
    street: Annotated[str | None, typer.Option("--street")] = None


def test_a_dataclass_parameter_becomes_options() -> None:
    seen = []

    def command(number: Annotated[int, typer.Argument()], place: Place, *, loud: bool = False) -> None:
        seen.append((number, place, loud))

    small = typer.Typer()
    small.command()(flattened(command))
    get_command(small)(["7", "--street", "rue", "--loud"], standalone_mode=False)
    assert seen == [(7, Place("Lyon", "rue"), True)]


def table() -> Table:
    found = plain_table()
    for heading in ("From", "To", "Id", "Version"):
        found.add_column(heading, no_wrap=True)
    found.add_row("2026-03-28 00:00+01:00", "2026-03-28 00:15+01:00", "edf-bleu-hphc-of-my-own", "mine 2026-02-01")
    found.add_row("2026-03-28 00:15+01:00", "2026-03-29 00:30+01:00", "edf-bleu-hphc-of-my-own", "mine 2026-02-01")
    return found


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_a_table_fits_and_truncates_no_id(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tictally_recorder.cli.console import print_table  # noqa: PLC0415 - beside what it prints

    monkeypatch.setenv("COLUMNS", str(width))
    print_table(table())
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    assert "…" not in out
    if width >= 80:
        assert out.count("edf-bleu-hphc-of-my-own") == 2
    assert ("[1] mine 2026-02-01" in out) == (width < 100)


def test_a_table_that_fits_is_unchanged() -> None:
    original = table()
    assert fit(original, 200) == (original, [])


def test_no_color_disables_colour_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console  # noqa: PLC0415

    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(force_terminal=True)
    with console.capture() as capture:
        console.print("[bold red]tictally:[/] message")
    assert "\x1b[31m" not in capture.get()


def backed_up(folder: Path, stderr: int, **environ: str) -> str:
    """The stdout of a backup of an empty ledger."""
    path = folder / "ledger.sqlite"
    with Ledger.open(path):
        pass
    done = subprocess.run(
        [sys.executable, "-m", "tictally_recorder", "backup", folder / "one.backup"],
        env={"PATH": os.environ["PATH"], "TICTALLY_LEDGER": str(path), "TERM": "xterm", **environ},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_a_backup_shows_a_progress_bar_on_a_terminal(tmp_path: Path) -> None:
    outer, terminal = pty.openpty()
    out = backed_up(tmp_path, terminal)
    os.close(terminal)
    shown = os.read(outer, 65536).decode()
    os.close(outer)
    assert "Backing up" in shown
    assert "Backing up" not in out


def test_without_a_terminal_there_is_no_progress_bar(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w+") as stderr:
        backed_up(tmp_path, stderr.fileno())
        stderr.seek(0)
        assert stderr.read() == ""
