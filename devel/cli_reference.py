"""Writes docs/cli.md: every command of both programs with its arguments and options, from the parsers themselves."""

import argparse
import inspect
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

from typer.main import get_command

from tictally_edge.arguments import make_parser
from tictally_recorder.cli.app import app

PAGE: Final = Path(__file__).parent.parent / "docs" / "cli.md"

_INTRODUCTION: Final = """# Commands

Generated from the code by `./run commands`. Every command of the recorder has `--ledger PATH` and `--config FILE`, the
edge's `run` and `doctor` have `--config FILE`; [settings.md](settings.md) describes both.

- **Time**: `--from` and `--to` take a day (`2026-11-21`), a month (`2026-11`), a year (`2026`), a time
  (`2026-11-21T20:00`, with or without offset), or a word: `now`, `today`, `yesterday`, `tomorrow`, `this-week`,
  `last-week`, `this-month`, `last-month`, `this-year`, `last-year`. A period means its start, and `--to` is excluded:
  `--from last-month --to this-month` is last month. Weeks begin on Monday.
- **Output**: tables fit the terminal, or `COLUMNS`, or 80 columns; what does not fit continues on the next line or
  below the table. Every `--json` prints one array; amounts of money are strings. Colours and progress bars appear on a
  terminal only; `NO_COLOR=1` switches colours off.
- **Exit codes**: 0 done; 1 failed, or the answer needs attention (a site without contract, a finding of `doctor` or
  `tariff check`); 2 wrong use or a wrong setting; 130 interrupted. Messages about problems go to stderr.
- **Completion** for bash, zsh and fish: `tictally --install-completion` in the shell that you use. For the edge:

      tictally-edge --show-completion bash > ~/.local/share/bash-completion/completions/tictally-edge
      tictally-edge --show-completion zsh > ~/.zfunc/_tictally-edge    # with fpath+=~/.zfunc before compinit
      tictally-edge --show-completion fish > ~/.config/fish/completions/tictally-edge.fish
"""


def page() -> str:
    """The page."""
    recorder = [_click(command, path) for path, command in _walk(get_command(app), ("tictally",)) if len(path) > 1]
    edge = [_argparse(parser) for parser in _subparsers(make_parser())]
    parts = [_INTRODUCTION, "## The recorder: `tictally`\n", *recorder, "## The edge: `tictally-edge`\n", *edge]
    return "\n".join(parts)


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - of typer's own
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from _walk(each, (*path, name))


def _click(command: Any, path: tuple[str, ...]) -> str:  # noqa: ANN401 - as above
    rows = [
        (_name(each), f"{each.help or ''}{_default(each)}")
        for each in command.params
        if each.name not in {"help", "ledger", "config"} and not getattr(each, "hidden", False)
    ]
    arguments = "".join(
        f" {each.metavar}" if each.required else f" [{each.metavar}]{'…' if each.nargs == -1 else ''}"
        for each in command.params
        if each.param_type_name == "argument"
    )
    return _section(f"{' '.join(path)}{arguments}", inspect.cleandoc(command.help or ""), rows)


def _name(parameter: Any) -> str:  # noqa: ANN401 - as above
    if parameter.param_type_name == "argument":
        return str(parameter.metavar)
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"{parameter.opts[0]} {'|'.join(str(each.value) for each in kind)}"
    metavar = "" if parameter.is_flag else f" {parameter.metavar or 'N'}"
    return f"{parameter.opts[0]}{metavar}"


def _default(parameter: Any) -> str:  # noqa: ANN401 - as above
    if parameter.default in {None, False} or parameter.param_type_name == "argument":
        return ""
    return f" Default: {getattr(parameter.default, 'value', parameter.default)}."


def _subparsers(parser: argparse.ArgumentParser) -> Iterable[argparse.ArgumentParser]:
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            yield from action.choices.values()


def _argparse(parser: argparse.ArgumentParser) -> str:
    rows, arguments = [], ""
    for action in parser._actions:  # noqa: SLF001 - as above
        if isinstance(action, argparse._HelpAction) or action.dest == "config":  # noqa: SLF001
            continue
        if not action.option_strings:
            arguments += f" {action.metavar}"
            rows.append((str(action.metavar), action.help or ""))
        elif action.nargs == 0:
            rows.append((action.option_strings[0], action.help or ""))
        else:
            rows.append((f"{action.option_strings[0]} {_value(action)}", action.help or ""))
    return _section(f"{parser.prog}{arguments}", parser.description or "", rows)


def _value(action: argparse.Action) -> str:
    if action.choices is not None:
        return "|".join(map(str, action.choices))
    return " ".join(action.metavar) if isinstance(action.metavar, tuple) else action.metavar or action.dest.upper()


def _section(title: str, text: str, rows: Iterable[tuple[str, str]]) -> str:
    table = "\n".join(f"| `{_cell(name)}` | {_cell(meaning)} |" for name, meaning in rows)
    return f"### `{title}`\n\n{text}\n" + (f"\n| | |\n|---|---|\n{table}\n" if table else "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
