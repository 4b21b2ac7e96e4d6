"""The programs that a demo consists of: started, watched, and ended in order."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

_LAST_LINES: Final = 10
_POLL_S: Final = 0.05


class PartError(Exception):
    """A part of the demo that ended by itself or did not come up; the text has its last lines."""


@dataclass(frozen=True, slots=True)
class Part:
    """A running program.

    Attributes:
        name: what it is called before a person: `edge`.
        process: it, the first of a process group of its own, so that Ctrl-C in the terminal leaves its end to us.
        log: file with what it prints.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, name: str, command: Sequence[str], environ: Mapping[str, str], folder: Path) -> Self:
        """Start a program.

        Args:
            name: what to call it.
            command: it and its arguments.
            environ: its whole environment.
            folder: where its log lies, and where it runs.

        Raises:
            PartError: there is no such program.
        """
        log = folder / f"{name}.log"
        with log.open("wb") as output:
            try:
                process = subprocess.Popen(  # noqa: S603 - the demo's own programs
                    command,
                    env=environ,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise PartError(f"{name} could not be started: {command[0]}: {error.strerror}") from None
        return cls(name, process, log)

    def check(self) -> None:
        """See that it still runs.

        Raises:
            PartError: it ended.
        """
        code = self.process.poll()
        if code is not None:
            raise PartError("\n".join([f"{self.name} ended by itself ({_how(code)}); its last lines:", *self.tail()]))

    def tail(self) -> list[str]:
        """The last lines that it printed, indented."""
        lines = self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        return [f"  {line}" for line in lines] or ["  (none)"]

    def stop(self, timeout_s: float = 8) -> None:
        """Ask it to end, and where it does not within the time, end it with whatever it started."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                pass
            else:
                return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.process.wait()


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def wait_until(ready: Callable[[], bool], part: Part, timeout_s: float, stopped: Callable[[float], bool]) -> None:
    """Wait for something that a part brings about.

    Args:
        ready: true when it is there.
        part: the part.
        timeout_s: how long it may take.
        stopped: waits that many seconds; true as soon as somebody wants the demo to end, which ends the wait too.

    Raises:
        PartError: the part ended, or took too long.
    """
    deadline = time.monotonic() + timeout_s
    while not ready() and not stopped(_POLL_S):
        part.check()
        if time.monotonic() > deadline:
            raise PartError(
                "\n".join([f"{part.name} did not come up in {timeout_s:g} s; its last lines:", *part.tail()])
            )
