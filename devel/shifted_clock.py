"""Prints the variables under which a program runs on another date: `python -m devel.shifted_clock LIBRARY DATE`.

libfaketime shifts the wall clock of the program and of every process that it starts, by the same offset. The monotonic
clock stays real, and so do the times of files.
"""

import math
import os
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from tictally_shared.runtime import atomic_file

_OFFSET: Final = "FAKETIME"
_PRELOAD: Final = "LD_PRELOAD"
# The library has had two names for the first.
_OPTIONS: Final = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
_NOON: Final = 12
# libfaketime 0.9.10 shifts the deadlines of these even on the monotonic clock, which it leaves alone: `time.sleep` of
# Python 3.11 fails (EINVAL), and Chromium's threads wake at once and for ever.
_WAITS: Final = (b"clock_nanosleep", b"pthread_cond_timedwait", b"pthread_cond_init", b"pthread_cond_destroy")


class ShiftError(Exception):
    """The clock cannot be shifted; the message is one line for a person."""


def inherited() -> dict[str, str]:
    """The variables that shift this process's clock, for a child with an environment of its own; empty if none do."""
    if _OFFSET not in os.environ:
        return {}
    return {name: os.environ[name] for name in (_PRELOAD, _OFFSET, *_OPTIONS) if name in os.environ}


def parse_start(text: str) -> datetime:
    """The time at which the clock starts: a date's noon, or a date with a time, local unless it has an offset.

    Raises:
        ShiftError: it is neither.
    """
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ShiftError(f"--at: '{text}' is neither a date (2028-02-29) nor a time (2027-03-28T01:58)") from None
    if len(text) <= len("2028-02-29"):
        parsed = parsed.replace(hour=_NOON)
    return parsed.astimezone()


def variables(library: Path, start: datetime, folder: Path) -> dict[str, str]:
    """The variables under which a process's clock starts now at another time.

    Args:
        library: libfaketimeMT.so.1.
        start: what the clock shows now.
        folder: where a copy of the library goes.
    """
    offset_s = math.ceil(start.timestamp() - time.time()) + int(os.environ.get(_OFFSET, "0"))
    return {_PRELOAD: str(_without_waits(library, folder)), _OFFSET: f"{offset_s:+d}", **_OPTIONS}


def _without_waits(library: Path, folder: Path) -> Path:
    """A copy of the library that leaves `_WAITS` to the C library: symbols under another name are never found."""
    content = library.read_bytes()
    for name in _WAITS:
        # The table of symbols' names precedes all other strings.
        content = content.replace(b"\0" + name + b"\0", b"\0_" + name[1:] + b"\0", 1)
    copy = folder / "libfaketime-without-waits.so"
    atomic_file.write_bytes(copy, content, is_durable=False)
    return copy


def main(arguments: Sequence[str]) -> int:
    """Prints NAME=VALUE a line; the exit code."""
    library, date = arguments
    try:
        found = variables(Path(library), parse_start(date), Path(sys.prefix))
    except ShiftError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.writelines(f"{name}={value}\n" for name, value in found.items())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
