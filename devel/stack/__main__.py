"""Starts a stack from an empty folder and looks whether what docs/deploy.md promises holds: `./run stack`.

Images that cannot be pulled are named by TICTALLY_MOSQUITTO_IMAGE, TICTALLY_INFLUXDB_IMAGE and TICTALLY_PYTHON_IMAGE.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from devel.stack import checks
from devel.stack.box import Box, StackError, why_not
from devel.stack.line import SimulatedDongle

METER: Final = "021961000001"


def main(argv: list[str] | None = None) -> int:
    """Run the checks; exit code 0 where all hold, or where there is no Docker engine."""
    parser = argparse.ArgumentParser(prog="./run stack", description="The deployment for real, under a Docker engine.")
    parser.add_argument("--keep", action="store_true", help="leave the stack running, and print where")
    args = parser.parse_args(argv)
    if missing := why_not():
        sys.stdout.write(f"stack: skipped, {missing}\n")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="tictally-stack-"))
    for name in ("BROKER", "PAGE"):
        os.environ[f"TICTALLY_{name}_PORT"] = "0"  # any free one: this machine may have a broker and a page
    with SimulatedDongle(METER) as line:
        box = Box(folder / "first", "tictally-stack")
        other = Box(folder / "other", "tictally-stack-other")
        steps: list[tuple[str, Callable[[], str]]] = [
            ("init, twice", lambda: checks.init(box, line.device, METER)),
            ("up, everyone healthy", lambda: checks.up(box)),
            ("up again changes nothing", lambda: checks.up_again(box)),
            ("frames are stored", lambda: f"5 more in {box.until_stored():.0f} s"),
            ("containers are confined", lambda: checks.confined(box)),
            ("no secret shows", lambda: checks.secrets_hidden(box)),
            ("tokens allow what they should", lambda: checks.tokens(box)),
            ("an edge elsewhere, by TLS", lambda: checks.edge_elsewhere(box)),
            ("a hub", lambda: checks.hub(box)),
            ("a token for the page", lambda: checks.page_token(box)),
            ("backup in a folder, back again", lambda: checks.backup_and_back(box)),
            ("dongle unplugged and plugged", lambda: checks.dongle(box, line)),
            ("broker restarted", lambda: checks.broker_restarted(box)),
            ("broker killed", lambda: checks.broker_killed(box)),
            ("InfluxDB away", lambda: checks.influxdb_away(box)),
            ("recorder and edge hang", lambda: checks.hanging(box)),
            ("edge killed", lambda: checks.edge_killed(box)),
            ("memory", lambda: checks.memory(box)),
            ("upgrade", lambda: checks.upgrade(box)),
            ("backup, move to another box", lambda: checks.move(box, other)),
        ]
        try:
            failed = show(steps)
        finally:
            other.remove()
            if args.keep:
                sys.stdout.write(f"it runs on: project {box.project}, {box.folder}\n")
            else:
                box.remove()
                shutil.rmtree(folder)
    return 1 if failed else 0


def show(steps: list[tuple[str, Callable[[], str]]]) -> int:
    """Number of failed steps; each is printed when it ends."""
    failed = 0
    for name, step in steps:
        start = time.monotonic()
        try:
            verdict, figures = "ok", step()
        except StackError as error:
            failed += 1
            verdict, figures = "FAILED", str(error)
        sys.stdout.write(f"{name:30} {verdict:6} {time.monotonic() - start:4.0f} s  {figures}\n")
        sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(main())
