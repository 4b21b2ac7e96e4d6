"""The programs that a demo consists of: what is reported when one of them fails."""

import time
from collections.abc import Callable
from typing import Final

from devel.child_process import ChildProcess

_LAST_LINES: Final = 10
_POLL_S: Final = 0.05


class PartError(Exception):
    """A program of the demo that ended by itself or did not come up; the message has its last lines."""


def start(part: ChildProcess) -> None:
    """Start a program.

    Raises:
        PartError: there is no such program.
    """
    try:
        part.start()
    except OSError as error:
        raise PartError(f"{part.name} could not be started: {part.command[0]}: {error.strerror}") from None


def check(part: ChildProcess) -> None:
    """Check that a program still runs.

    Raises:
        PartError: it ended.
    """
    if (code := part.exit_code) is not None:
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        raise PartError("\n".join([f"{part.name} ended by itself ({how}); its last lines:", *_tail(part)]))


def wait_until(
    ready: Callable[[], bool], part: ChildProcess, timeout_s: float, stopped: Callable[[float], bool]
) -> None:
    """Wait for something that a program brings about.

    Args:
        ready: returns True when it is there.
        part: the program.
        timeout_s: how long it may take.
        stopped: waits that many seconds; returns True as soon as the demo is to end, which ends the wait too.

    Raises:
        PartError: the program ended, or took too long.
    """
    deadline = time.monotonic() + timeout_s
    while not ready() and not stopped(_POLL_S):
        check(part)
        if time.monotonic() > deadline:
            raise PartError(
                "\n".join([f"{part.name} did not come up in {timeout_s:g} s; its last lines:", *_tail(part)])
            )


def _tail(part: ChildProcess) -> list[str]:
    return [f"  {line}" for line in part.last_lines(_LAST_LINES)] or ["  (none)"]
