"""The command `tictally-edge`."""

import argparse
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

import argcomplete
from argcomplete.shell_integration import shellcode

from tictally_edge.arguments import make_parser
from tictally_edge.decode import DecodeTotals, decode, line
from tictally_edge.doctor.examine import as_json, examine
from tictally_edge.features import load, warnings
from tictally_edge.finding import EdgeFinding
from tictally_edge.journal.journal import JournalError
from tictally_edge.service import Edge
from tictally_edge.settings import PREFIX, SERVICE_FILE, Settings
from tictally_edge.simulator import serve
from tictally_edge.sources.base import SourceError, SourceSettingError
from tictally_edge.sources.recording import recorded
from tictally_shared.settings import EnvironmentFile, Origins, SettingsError, read_file

_PROGRAM: Final = "tictally-edge"
_FAILED, _WRONG_USE = 1, 2
_RED, _GREEN = "1;31", "32"
_CHUNK_BYTES: Final = 65536


def main(argv: list[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: arguments after the program's name; None: those of this process.

    Returns:
        The exit code: 0; 1 for what failed; 2 for wrong use or a wrong setting.
    """
    try:
        status = _dispatch(argv)
        sys.stdout.flush()
    except SettingsError as error:
        _warn(error.warnings)
        return _fail(str(error), _WRONG_USE)
    except SourceSettingError as error:
        return _fail(f"{PREFIX}PORT: {error}", _WRONG_USE)
    except (JournalError, SourceError) as error:
        return _fail(str(error), _FAILED)
    except BrokenPipeError:
        # Who read our output has gone, as `head` does; Python would complain once more while closing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    return status


def _dispatch(argv: list[str] | None) -> int:
    parser = make_parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks for completion
        argcomplete.autocomplete(parser)
    try:
        args = parser.parse_args(argv)
    except SystemExit as ended:  # how argparse ends --help, --version and wrong use
        return ended.code if isinstance(ended.code, int) else 0
    if args.show_completion:
        sys.stdout.write(shellcode([parser.prog], shell=args.show_completion))
        return 0
    if args.command is None:
        parser.print_help(sys.stderr)
        return _WRONG_USE
    return _COMMANDS[args.command](args)


def _run(args: argparse.Namespace) -> int:
    settings = _settings(args)
    _warn(settings.warnings)
    # systemd's journal dates lines itself.
    dated = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(level=logging.INFO, format=f"{dated}%(levelname)s %(message)s", stream=sys.stderr)
    signals: list[int] = []
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda number, _frame: signals.append(number))
    Edge(settings, lambda: bool(signals)).run()
    return 0


def _settings(args: argparse.Namespace) -> Settings:
    return load(_origins(args.config), hostname=socket.gethostname())


def _origins(config: str | None = None) -> Origins:
    return Origins(os.environ, read_file, config, EnvironmentFile.read(SERVICE_FILE))


def _warn(warnings: Iterable[str]) -> None:
    for each in warnings:
        sys.stderr.write(f"{_PROGRAM}: warning: {each}\n")


def _doctor(args: argparse.Namespace) -> int:
    settings, findings = _settings(args), []
    _warn(settings.warnings)
    for finding in examine(settings, listen_s=args.listen, show=args.show):
        findings.append(finding)
        if not args.json:
            sys.stdout.write(f"{_coloured(finding, settings.language)}\n")
            sys.stdout.flush()
    if args.json:
        sys.stdout.write(f"{as_json(findings)}\n")
    return 0 if all(finding.ok for finding in findings) else _FAILED


def _coloured(finding: EdgeFinding, language: str) -> str:
    """A finding as lines, its mark in colour on a terminal, unless NO_COLOR is set."""
    text = finding.lines(language)
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    mark, _, rest = text.partition(" ")
    return f"\x1b[{_GREEN if finding.ok else _RED}m{mark}\x1b[0m {rest}"


def _decode(args: argparse.Namespace) -> int:
    _warn(warnings(_origins()))
    sums = DecodeTotals()
    try:
        if args.file == "-":
            _print_frames(sys.stdin.buffer, sums, prm=args.prm, tz=args.timezone)
        else:
            with Path(args.file).open("rb") as file:
                _print_frames(file, sums, prm=args.prm, tz=args.timezone)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _fail(f"{args.file} cannot be read: {error.strerror or error}", _FAILED)
    sys.stderr.write(f"{sums.sentence()}\n")
    if not sums.frames:
        return _fail(f"no TIC frames found in {args.file}; is it a recording of a TIC line?", _FAILED)
    return 0


def _simulate(args: argparse.Namespace) -> int:
    _warn(warnings(_origins()))
    if args.capture is not None:
        recorded(args.capture)  # whatever else a file has would be played without a word
    return serve.run(args)


def _print_frames(file: BinaryIO, sums: DecodeTotals, *, prm: bool, tz: ZoneInfo | None) -> None:
    for body in decode(_chunks(file), sums, prm=prm, tz=tz):
        sys.stdout.write(line(body) + "\n")
    sys.stdout.flush()


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _fail(message: str, status: int) -> int:
    sys.stderr.write(f"{_PROGRAM}: {message}\n")
    return status


_COMMANDS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "run": _run,
    "doctor": _doctor,
    "decode": _decode,
    "simulate": _simulate,
}

if __name__ == "__main__":
    sys.exit(main())
