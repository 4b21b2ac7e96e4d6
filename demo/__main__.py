"""`./run demo`: from a meter's bytes to a stored kWh, live in the terminal; nothing is left behind."""

import argparse
import os
import signal
import sys
import tempfile
import time
import webbrowser
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from demo.broker import free_port
from demo.meter_choice import choose_meter
from demo.parts import PartError
from demo.play import Play, PlayEvents
from demo.presenters import presenter
from demo.screen import summary
from demo.stage import DemoStage
from tictally_edge.simulator.contracts import SimulatedContract
from tictally_edge.sources.base import SourceError
from tictally_edge.sources.recording import recorded
from tictally_shared.labels import Mode


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
    parser.add_argument("--seconds", type=float, metavar="SECONDS", default=float("inf"), help="stop after SECONDS")
    parser.add_argument("--capture", type=Path, metavar="FILE", help="a recording of a meter's line, played in a loop")
    parser.add_argument(
        "--contract",
        choices=[contract.value for contract in SimulatedContract],
        help="tariff option of the simulated meter",
    )
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], help="TIC mode of the simulated meter")
    parser.add_argument("--phases", choices=["1", "3"], help="phases of the simulated meter")
    parser.add_argument("--new", action="store_true", help="start without history")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    args = parser.parse_args()
    if args.capture is not None:
        if args.contract or args.mode or args.phases:
            parser.error("--contract, --mode and --phases make a simulated meter, --capture plays a recorded one")
        if not args.capture.is_file():
            parser.error(f"--capture: there is no file {args.capture}")
    return args


def _play(args: argparse.Namespace, console: Console) -> bool:
    """Run it and print its summary; return False where a recording had no frames."""
    stopper = Stopper()
    meter = choose_meter(args, datetime.now(UTC).replace(microsecond=0))
    behind = " with a year of history" if meter.past else ""
    console.print(f"starting mosquitto, recorder, meter{behind} and edge …", highlight=False)
    with tempfile.TemporaryDirectory(prefix="tictally-demo-") as folder:
        stage = DemoStage(Path(folder), free_port(), meter.arguments, meter.tariff, stopper.stopped)
        with presenter(console, meter.words, stage) as show:
            play = Play(stage, meter.write_past, show, stopper.stopped)

            def on_silence() -> None:
                if args.capture is not None:
                    console.print(_without_frames(args.capture), highlight=False, markup=False, soft_wrap=True)

            events = PlayEvents(lambda: _ready(stage, console, is_opened=args.open), on_silence)
            picture, totals = play.run(args.seconds, events)
    for text in summary(picture, totals):
        console.print(text, soft_wrap=True, markup=False, highlight=False)
    return args.capture is None or picture.frames > 0


def _without_frames(capture: Path) -> str:
    return f"no TIC frames found in {capture}; is it a recording of a TIC line?"


def _ready(stage: DemoStage, console: Console, *, is_opened: bool) -> None:
    console.print(f"the page is at {stage.page}", highlight=False)
    query = f"query it with: {stage.program('tictally')} cost --ledger {stage.ledger}"
    console.print(query, highlight=False, markup=False, soft_wrap=True)
    if is_opened:
        webbrowser.open(stage.page)


def main() -> int:
    """Run a demo by the command line; return the exit status."""
    args = _arguments()
    try:
        if args.capture is not None:
            recorded(args.capture)  # before five programs are started for it
        has_frames = _play(args, Console())
        sys.stdout.flush()
    except (PartError, SourceError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except BrokenPipeError:  # `./run demo | head`: nobody reads any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if not has_frames:
        sys.stderr.write(f"{_without_frames(args.capture)}\n")
    return 0 if has_frames else 1


if __name__ == "__main__":
    sys.exit(main())
