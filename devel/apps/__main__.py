"""Writes the apps of Home Assistant, and runs them: `./run apps`.

An image that cannot be pulled is named by TICTALLY_PYTHON_IMAGE.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from devel.apps import folders
from devel.apps.trial import Trial
from devel.stack.__main__ import show
from devel.stack.box import missing_engine

_MACHINES: Final = ("amd64", "arm64", "armv7")
_DEFAULT: Final = folders.ROOT / "dist" / "home-assistant"


def main(argv: list[str] | None = None) -> int:
    """Write both folders; with `--check`, build and run them. Exit code 0 where all is well or there is no Docker."""
    parser = argparse.ArgumentParser(
        prog="./run apps",
        description="Write the apps of Home Assistant as folders for its `addons` share, with the source inside.",
    )
    parser.add_argument("folder", nargs="?", type=Path, default=_DEFAULT, help="default: dist/home-assistant")
    parser.add_argument("--check", action="store_true", help="also build and run them under a Docker engine")
    args = parser.parse_args(argv)
    made = folders.write(args.folder, _MACHINES)
    sys.stdout.write("".join(f"{each}\n" for each in made))
    if not args.check:
        return 0
    if missing := missing_engine():
        sys.stdout.write(f"check skipped, {missing}\n")
        return 0
    os.environ["DOCKER_BUILDKIT"] = "1"
    with tempfile.TemporaryDirectory(prefix="tictally-apps-") as name, Trial(Path(name), args.folder) as trial:
        # Each step needs those before it.
        return 1 if any(show([step]) for step in trial.steps) else 0


if __name__ == "__main__":
    sys.exit(main())
