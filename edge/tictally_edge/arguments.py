"""The arguments of `tictally-edge`."""

import argparse
from collections.abc import Mapping
from importlib.metadata import version
from math import inf, nan
from typing import Any, Final, NoReturn
from zoneinfo import ZoneInfo

from tictally_edge.doctor import LISTEN_S
from tictally_edge.simulator.arguments import add_arguments
from tictally_shared.calendar import FRENCH_LEGAL_TIME, CalendarError, meter_zone
from tictally_shared.nearest_name import nearest_name

_CONFIG: Final = "TOML file of settings. Default: TICTALLY_EDGE_CONFIG."
_WRONG_USE: Final = 2
EPILOG: Final = (
    "Exit codes: 0 done; 1 failed, or the answer needs attention; 2 wrong use or a wrong setting. "
    "Environment: TICTALLY_EDGE_* (docs/settings.md), NO_COLOR, COLUMNS."
)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence: the option, what is wrong with its value, and what is allowed.

    The usage, with every option that there is, is for who asks for help.
    """

    def error(self, message: str) -> NoReturn:
        """End with exit code 2 and a sentence.

        Args:
            message: of argparse; those about a value name its argument first.
        """
        about, _, rest = message.removeprefix("argument ").partition(": ")
        if message.startswith("argument "):
            sentence = f"{about}: {rest}" if "expected" not in rest else f"{about} needs a value: {rest}"
        else:
            sentence = f"{message}; `{self.prog} --help` shows what there is"
        self.exit(_WRONG_USE, f"tictally-edge: {sentence}\n")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401
        """The arguments; an unknown one is an error with the nearest name that the command has."""
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            of = self._commands().get(found.command, self)
            written = unknown[0].partition("=")[0]
            nearest = nearest_name(written, of.options()) if written.startswith("-") else None
            hint = f"; did you mean {nearest}?" if nearest else f"; `{of.prog} --help` shows what there is"
            of.exit(_WRONG_USE, f"tictally-edge: {of.prog} has no argument {written}{hint}\n")
        return found

    def options(self) -> list[str]:
        """The names of its options."""
        return [name for action in self._actions for name in action.option_strings]

    def _commands(self) -> Mapping[str, "Parser"]:
        found = (each.choices for each in self._actions if isinstance(each, argparse._SubParsersAction))  # noqa: SLF001
        return next(found, {})

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401 - as argparse has it
        if action.choices is None or value in action.choices:
            return
        names = [str(each) for each in action.choices]
        nearest = nearest_name(str(value), names)
        hint = f"; did you mean {nearest}?" if nearest else ""
        raise argparse.ArgumentError(action, f"{str(value)!r} is not one of {', '.join(names)}{hint}")


def make_parser() -> Parser:
    """The parser; `command` is the command's name, or None."""
    parser = Parser(
        prog="tictally-edge", description="Read the TIC line of a Linky meter and publish it on MQTT.", epilog=EPILOG
    )
    parser.add_argument("--version", action="version", version=f"tictally-edge {version('tictally-edge')}")
    parser.add_argument(
        "--show-completion",
        choices=("bash", "zsh", "fish"),
        metavar="SHELL",
        help="Show completion for bash, zsh or fish.",
    )
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(metavar="COMMAND")
    _add_run(commands)
    _add_doctor(commands)
    _add_decode(commands)
    simulate = _command(
        commands,
        "simulate",
        "Serve a simulated meter, or a recording, on a pseudo-terminal.",
        "The name of the pseudo-terminal is printed first.",
    )
    add_arguments(simulate)
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = nan
    if not 0 < seconds < inf:  # NaN is rejected as well
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above zero")
    return seconds


def _command(commands: "argparse._SubParsersAction[Parser]", name: str, summary: str, more: str) -> Parser:
    parser = commands.add_parser(name, help=summary, description=f"{summary} {more}")
    parser.set_defaults(command=name)
    return parser


def _add_run(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(
        commands,
        "run",
        "Read the line and publish it, until stopped.",
        "SIGTERM or Ctrl-C stop it. Settings come from the environment, files and TOML: docs/settings.md lists them.",
    )
    parser.add_argument("--config", metavar="FILE", help=_CONFIG)


def _add_doctor(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(
        commands,
        "doctor",
        "Check port, line, clock, broker and journal; show what is wrong and what to do.",
        "Asks a running edge, otherwise listens to the line; nothing is changed. Lines begin with ok, or with !! for "
        "what needs attention. Exit code 1 if anything does.",
    )
    parser.add_argument("--show", action="store_true", help="Show the meter's whole number.")
    parser.add_argument("--json", action="store_true", help="Print a JSON array.")
    parser.add_argument(
        "--listen",
        type=_seconds,
        default=LISTEN_S,
        metavar="SECONDS",
        help=f"Listen at most so long at each speed. Default: {LISTEN_S:.0f}.",
    )
    parser.add_argument("--config", metavar="FILE", help=_CONFIG)


def _add_decode(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(
        commands,
        "decode",
        "Print a recorded line as JSON, one line per frame.",
        "The counts of frames, groups and rejected groups go to stderr.",
    )
    parser.add_argument("file", metavar="FILE", help="Bytes of a line, with or without parity; - for standard input.")
    parser.add_argument("--prm", action="store_true", help="Show the number of the delivery point (PRM), too.")
    parser.add_argument(
        "--timezone",
        type=_zone,
        metavar="ZONE",
        help=f"Time zone of the meter's clock, such as Indian/Reunion. Default: {FRENCH_LEGAL_TIME}.",
    )


def _zone(text: str) -> ZoneInfo | None:
    try:
        return meter_zone(text)
    except CalendarError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
