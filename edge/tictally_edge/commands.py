"""The commands of `tictally-edge`, by their arguments; every error becomes one message and an exit code.

Each imports what it runs: the doctor needs neither service nor simulator.
"""

import argparse
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from zoneinfo import ZoneInfo

from tictally_edge.features import load, warnings
from tictally_edge.finding import EdgeFinding
from tictally_edge.journal.journal import JournalError
from tictally_edge.settings import PREFIX, SERVICE_FILE, Settings
from tictally_edge.sources.base import SourceError, SourceSettingError
from tictally_edge.sources.recording import recorded
from tictally_shared.settings import EnvironmentFile, Origins, read_file
from tictally_shared.settings_error import SettingsError

if TYPE_CHECKING:
    from tictally_edge.decode import DecodeTotals

_PROGRAM: Final = "tictally-edge"
_FAILED, _WRONG_USE = 1, 2
_RED, _GREEN = "1;31", "32"
_CHUNK_BYTES: Final = 65536


def run_command(args: argparse.Namespace) -> int:
    """Run the command of the arguments.

    Returns:
        The exit code: 0; 1 for what failed; 2 for wrong use or a wrong setting.
    """
    try:
        return _COMMANDS[args.command](args)
    except SettingsError as error:
        _warn(error.warnings)
        return _fail(str(error), _WRONG_USE)
    except SourceSettingError as error:
        return _fail(f"{PREFIX}PORT: {error}", _WRONG_USE)
    except (JournalError, SourceError) as error:
        return _fail(str(error), _FAILED)


def _run(args: argparse.Namespace) -> int:
    from tictally_edge.service import Edge  # noqa: PLC0415 - see above

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
    from tictally_edge.doctor.examine import as_json, examine  # noqa: PLC0415 - see above

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
    from tictally_edge.decode import DecodeTotals  # noqa: PLC0415 - see above

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
    from tictally_edge.simulator import serve  # noqa: PLC0415 - see above

    _warn(warnings(_origins()))
    if args.capture is not None:
        recorded(args.capture)  # whatever else a file has would be played without a word
    return serve.run(args)


def _print_frames(file: BinaryIO, sums: "DecodeTotals", *, prm: bool, tz: ZoneInfo | None) -> None:
    from tictally_edge.decode import decode, line  # noqa: PLC0415 - see above

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
