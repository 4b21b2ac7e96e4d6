"""Entry point of the command `tictally`, and of `python -m tictally_recorder`."""

import sys

from tictally_recorder.cli.app import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
