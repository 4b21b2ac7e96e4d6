"""The command `tictally-edge`."""

import argparse
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, Final

from tictally_edge.decode import Sums, decode, line
from tictally_edge.doctor.examine import LISTEN_S, as_json, examine
from tictally_edge.features import load
from tictally_edge.journal.journal import JournalError
from tictally_edge.service import Edge
from tictally_edge.settings import SERVICE_FILE, Settings
from tictally_edge.simulator import serve
from tictally_edge.sources.base import SourceError, SourceSettingError
from tictally_shared.settings import EnvironmentFile, Origins, SettingsError, read_file

_FAILED, _WRONG_USE = 1, 2
_CHUNK_BYTES: Final = 65536


def main(argv: list[str] | None = None) -> int:
    """Runs the command.

    Args:
        argv: arguments behind the program's name; None: those of the process.

    Returns:
        Exit status: 0, 1 for what failed, 2 for wrong use or settings.
    """
    try:
        status = _dispatch(argv)
        sys.stdout.flush()
    except (SettingsError, SourceSettingError) as error:
        return _say(str(error), _WRONG_USE)
    except (JournalError, SourceError) as error:
        return _say(str(error), _FAILED)
    except BrokenPipeError:
        # Who read our output has gone, as `head` does; Python would complain once more while closing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    return status


def _dispatch(argv: list[str] | None) -> int:
    try:
        args = _parser().parse_args(argv)
    except SystemExit as ended:  # how argparse ends --help, --version and wrong use
        return ended.code if isinstance(ended.code, int) else 0
    status: int = args.run(args)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tictally-edge", description="Reads the TIC line of a Linky meter and publishes it on MQTT."
    )
    parser.add_argument("--version", action="version", version=f"tictally-edge {version('tictally-edge')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="read the line and publish it, until told to stop",
        description="Reads the line and publishes it until SIGTERM or Ctrl-C. Settings come from the environment "
        "(TICTALLY_EDGE_PORT, _MQTT_HOST …), from files (TICTALLY_EDGE_MQTT_PASSWORD_FILE …) or from a TOML file.",
    )
    run.add_argument("--config", metavar="FILE", help="TOML file with settings, names in lower case")
    run.set_defaults(run=_run)
    doctor = commands.add_parser(
        "doctor",
        help="look at port, line, clock, broker and journal, and say what is wrong",
        description="Looks at everything that run needs, with the same settings, and says what is wrong and what to "
        "do. Changes nothing. Where the edge runs it is asked; else the line is listened to. Ends with 1 where "
        "somebody has to do something.",
    )
    doctor.add_argument("--config", metavar="FILE", help="TOML file with settings, names in lower case")
    doctor.add_argument("--show", action="store_true", help="tell the meter's whole number")
    doctor.add_argument("--json", action="store_true", help="a JSON array instead of lines")
    doctor.add_argument(
        "--listen", type=float, default=LISTEN_S, metavar="SECONDS", help=f"at most, at each speed ({LISTEN_S:.0f})"
    )
    doctor.set_defaults(run=_doctor)
    decoding = commands.add_parser(
        "decode",
        help="print a recorded file as JSON, one line a frame",
        description="Prints a recorded file as JSON, one line a frame; the sums go to standard error.",
    )
    decoding.add_argument("file", metavar="FILE", help="bytes of a line, with or without parity; - for standard input")
    decoding.add_argument("--prm", action="store_true", help="show the delivery point's number too")
    decoding.set_defaults(run=_decode)
    simulate = commands.add_parser(
        "simulate",
        help="a simulated meter behind a pseudo-terminal",
        description="Puts a simulated meter, or a recording, behind a pseudo-terminal, whose name it prints.",
    )
    serve.add_arguments(simulate)
    simulate.set_defaults(run=serve.run)
    return parser


def _run(args: argparse.Namespace) -> int:
    settings = _settings(args)
    # systemd's journal dates lines itself.
    dated = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(level=logging.INFO, format=f"{dated}%(levelname)s %(message)s", stream=sys.stderr)
    told_to_stop: list[int] = []
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda number, _frame: told_to_stop.append(number))
    Edge(settings, lambda: bool(told_to_stop)).run()
    return 0


def _settings(args: argparse.Namespace) -> Settings:
    service = EnvironmentFile.read(SERVICE_FILE)
    return load(Origins(os.environ, read_file, args.config, service), hostname=socket.gethostname())


def _doctor(args: argparse.Namespace) -> int:
    settings, findings = _settings(args), []
    for warning in settings.warnings:
        sys.stderr.write(f"-- settings: {warning}\n")
    for finding in examine(settings, listen_s=args.listen, show=args.show):
        findings.append(finding)
        if not args.json:
            sys.stdout.write(f"{finding.lines()}\n")
            sys.stdout.flush()
    if args.json:
        sys.stdout.write(f"{as_json(findings)}\n")
    return 0 if all(finding.ok for finding in findings) else _FAILED


def _decode(args: argparse.Namespace) -> int:
    sums = Sums()
    try:
        if args.file == "-":
            _print_frames(sys.stdin.buffer, sums, prm=args.prm)
        else:
            with Path(args.file).open("rb") as file:
                _print_frames(file, sums, prm=args.prm)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _say(f"{args.file}: {error.strerror or error}", _FAILED)
    return _say(sums.sentence(), 0)


def _print_frames(file: BinaryIO, sums: Sums, *, prm: bool) -> None:
    for body in decode(_chunks(file), sums, prm=prm):
        sys.stdout.write(line(body) + "\n")
    sys.stdout.flush()


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _say(sentence: str, status: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
