"""`./run chaos`: faults of every kind, then truth against ledger."""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from random import SystemRandom
from typing import Final

from rich.console import Console

from chaos.fault_kinds import KINDS, NAMES
from chaos.plan import plan
from chaos.report import show
from chaos.run import Recovery, run
from chaos.stage import Stage, StageError

_DIFFERENT: Final = 1
_FAILED: Final = 2


def main(argv: list[str] | None = None) -> int:
    """Run it; 0 where nothing differs, 1 where something does, 2 where the run itself failed."""
    args = _parser().parse_args(argv)
    seed = SystemRandom().randrange(10**9) if args.seed is None else args.seed
    console = Console(highlight=False)
    console.print(f"seed {seed}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="tictally-chaos-"))
    try:
        status = _run(args, seed, folder, console)
    except KeyboardInterrupt:
        status = _FAILED
    except (StageError, OSError) as error:
        console.print(f"{error}", markup=False)
        status = _FAILED
    if status and args.keep:
        console.print(f"logs and truth are in {folder}", soft_wrap=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def _run(args: argparse.Namespace, seed: int, folder: Path, console: Console) -> int:
    with Stage(folder, seed) as stage:
        kinds = [kind for kind in KINDS if (kind.name in args.only if args.only else not kind.loses)]
        possible = [kind for kind in kinds if stage.has_small_disks or not kind.needs_small_disks]
        if len(possible) < len(kinds):
            console.print("full disks are left out: only root can mount the small ones that they need")
        if stage.influx is None:
            console.print("InfluxDB is left out: there is no influxd on PATH")
            possible = [kind for kind in possible if not kind.needs_influxd]
        duration_s = args.minutes * 60
        faults = plan(seed, duration_s, possible)
        recovery = Recovery(args.recovery_timeout, args.hurry)
        outcome = run(stage, faults, duration_s, recovery, lambda text: console.print(text, markup=False))
        if outcome.differences and args.keep:
            shutil.copytree(stage.ledger.parent, folder / "ledger-copy")  # its disk is unmounted with the stage
    show(outcome, console)
    return _DIFFERENT if outcome.differences else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="of the faults and the households (a random one)")
    parser.add_argument("--minutes", type=float, default=1.0, help="that faults go on for (1)")
    parser.add_argument("--recovery-timeout", type=float, default=240.0, metavar="SECONDS", help="for recovery (240)")
    parser.add_argument("--hurry", action="store_true", help="let recovery begin at once and not within two minutes")
    parser.add_argument("--only", action="append", choices=list(NAMES), metavar="KIND", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--keep", action="store_true", help="keep logs, truth and ledger of a run that fails")
    return parser


if __name__ == "__main__":
    sys.exit(main())
