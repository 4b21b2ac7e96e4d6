"""Entry point of the command `tictally`, and of `python -m tictally_recorder`."""

import gc
import sys
from typing import Final

_ALLOCATIONS: Final = 20_000
"""After how many new objects Python looks for unused cycles of them. Years of days are hundreds of thousands of
objects and have none: its own 700 take a quarter of the time of a comparison."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; see `tictally_recorder.cli.app.main`."""
    collect_rarely()
    from tictally_recorder.cli.app import main as run  # noqa: PLC0415 - imports create objects, too

    return run(arguments)


def collect_rarely() -> None:
    """Set how often Python's garbage collector looks for cycles, in this process."""
    gc.set_threshold(_ALLOCATIONS, *gc.get_threshold()[1:])


if __name__ == "__main__":
    sys.exit(main())
