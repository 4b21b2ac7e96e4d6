"""`./run demo`: from a meter's bytes to a kept kWh, live in the terminal, and nothing left behind."""

import argparse
import os
import signal
import sys
import tempfile
import time
import webbrowser
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from rich.console import Console

from demo.broker import free_port
from demo.parts import PartError
from demo.past import Home, lay
from demo.play import Play
from demo.presenters import presenter
from demo.screen import summary
from demo.stage import NAME, SUBSCRIBED_KVA, Stage
from tictally_edge.simulator.contracts import Contract
from tictally_shared.labels import Mode

_ZONE: Final = ZoneInfo("Europe/Paris")
_MONTHS_BEFORE: Final = 13


class Stopper:
    """Turns the signals that end a program into an answer to be asked for, so that the end has its order."""

    def __init__(self) -> None:
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def stopped(self, wait_s: float) -> bool:
        """Wait so long; true where somebody has asked for the end."""
        if not self._asked:
            time.sleep(wait_s)
        return self._asked

    def _ask(self, _number: int, _frame: object) -> None:
        self._asked = True


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end by itself after so long")
    parser.add_argument("--capture", type=Path, metavar="FILE", help="a recording of a meter's line, played in a loop")
    parser.add_argument("--contract", choices=[contract.value for contract in Contract], help="of the simulated meter")
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], help="of the simulated meter")
    parser.add_argument("--phases", choices=["1", "3"], help="of the simulated meter")
    parser.add_argument("--new", action="store_true", help="without a past: an empty first day")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    args = parser.parse_args()
    if args.capture is not None:
        if args.contract or args.mode or args.phases:
            parser.error("--contract, --mode and --phases make a simulated meter, --capture plays a recorded one")
        if not args.capture.is_file():
            parser.error(f"--capture: there is no file {args.capture}")
    return args


def _recorded(capture: Path) -> tuple[list[str], str, str | None, Callable[[Path], None]]:
    return ["--capture", str(capture.resolve())], f"recording {capture.name}", None, lambda _: None


def _simulated(
    args: argparse.Namespace, now: datetime
) -> tuple[list[str], str, str | None, Callable[[Path], None]]:
    """Arguments of `tictally-edge simulate`, the same in words, the price list of its option, and what lays its past."""
    home = Home(
        Contract(args.contract or Contract.TEMPO), Mode(args.mode or Mode.STANDARD), int(args.phases or 1), SUBSCRIBED_KVA
    )
    since = now if args.new else _begin_of_past(now)
    words = f"simulated, {home.contract}, {home.phases}-phase"

    def past(ledger: Path) -> None:
        if not args.new:
            lay(ledger, home, NAME, since, now, _ZONE)

    return home.arguments(since), words, f"edf-bleu-{home.contract}", past


def _begin_of_past(now: datetime) -> datetime:
    """The first of a month, so that this month and last year's stand whole beside one another."""
    months = now.astimezone(_ZONE).year * 12 + now.astimezone(_ZONE).month - 1 - _MONTHS_BEFORE
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=_ZONE).astimezone(UTC)


def _play(args: argparse.Namespace, console: Console) -> None:
    stopper = Stopper()
    now = datetime.now(UTC).replace(microsecond=0)
    meter, source, tariff, past = _recorded(args.capture) if args.capture else _simulated(args, now)
    behind = " with a year behind it" if not (args.capture or args.new) else ""
    console.print(f"starting mosquitto, recorder, meter{behind} and edge …", highlight=False)
    with tempfile.TemporaryDirectory(prefix="tictally-demo-") as folder:
        stage = Stage(Path(folder), free_port(), meter, tariff, stopper.stopped)
        console.print(f"the page will be at {stage.page}", highlight=False)
        with presenter(console, source, stage) as show:
            said = Play(stage, past, show, stopper.stopped, _opener(stage.page) if args.open else None).run(args.seconds)
    for text in summary(*said):
        console.print(text, soft_wrap=True, markup=False, highlight=False)


def _opener(address: str) -> Callable[[], None]:
    return lambda: webbrowser.open(address) and None


def main() -> int:
    """Play a demo as the command line says; returns the exit status."""
    args = _arguments()
    try:
        _play(args, Console())
        sys.stdout.flush()
    except PartError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except BrokenPipeError:  # `./run demo | head`: nobody reads any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
