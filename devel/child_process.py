"""Programs as child processes, for the demo, chaos, tasks and tests: started, watched, signalled and always ended."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Protocol, Self

from devel.shifted_clock import inherited

_POLL_S: Final = 0.05
_STOP_S: Final = 10.0


class StartedProgram(Protocol):
    """What is used of a `subprocess.Popen`."""

    @property
    def pid(self) -> int:
        """Its id."""

    @property
    def stdin(self) -> IO[bytes] | None:
        """Its standard input, if that is a pipe."""

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended."""


start_program: Callable[..., StartedProgram] = subprocess.Popen
"""How a program is started; the tests have a quicker way."""


@dataclass
class ChildProcess:
    """A program, which may be started again after it has ended; its output is appended to a file.

    It is the first of a process group of its own, so that Ctrl-C in the terminal leaves its end to us.

    Attributes:
        name: for messages.
        command: program and arguments.
        log: file with what it writes to standard output and standard error.
        environ: its environment, to which a shifted clock is added where this process has one; None: this process's.
        folder: where it runs; None: where this process does.
        takes_input: whether `write_line` is to reach its standard input.
    """

    name: str
    command: Sequence[str]
    log: Path
    environ: Mapping[str, str] | None = None
    folder: Path | None = None
    takes_input: bool = False
    _process: StartedProgram | None = field(default=None, init=False, repr=False)

    @property
    def pid(self) -> int | None:
        """Id of the running process, or None."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """Of a process that has ended, negative for a signal; None while it runs, and before its first start."""
        return None if self._process is None else self._process.poll()

    @property
    def output(self) -> str:
        """What all its lives have written."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def start(self) -> None:
        """Start it; one that runs is left alone.

        Raises:
            OSError: there is no such program, or the log cannot be written.
        """
        if self.pid is not None:
            return
        with self.log.open("ab") as log, _deferred_signals():
            self._process = start_program(
                self.command,
                env=None if self.environ is None else {**inherited(), **self.environ},
                cwd=self.folder,
                stdin=subprocess.PIPE if self.takes_input else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the running process; nothing is sent where it has ended."""
        if (pid := self.pid) is not None:
            os.kill(pid, number)

    def wait(self, timeout_s: float = _STOP_S) -> int:
        """Wait until it ends by itself.

        Returns:
            Its exit code.

        Raises:
            TimeoutError: it did not end.
        """
        if self._process is None:
            raise ValueError(f"{self.name} was not started")
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} did not end within {timeout_s:g} s") from None

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout_s: float = _STOP_S) -> int:
        """End it, with whatever it has started if it does not end in time.

        Returns:
            Its exit code.

        Raises:
            TimeoutError: it did not end in time, and was killed.
        """
        self.send_signal(how)
        try:
            return self.wait(timeout_s)
        except TimeoutError:
            self.kill()
            raise TimeoutError(f"{self.name} did not end within {timeout_s:g} s of {how.name}") from None
        finally:
            self.close_input()

    def kill(self) -> None:
        """End it as a power cut does, with whatever it has started; nothing happens where it has ended."""
        if self._process is None:
            return
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.close_input()

    def write_line(self, line: str) -> None:
        """Write a line to its standard input."""
        if self._process is None or self._process.stdin is None:
            raise ValueError(f"{self.name} takes no input")
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def last_lines(self, limit: int = 10) -> list[str]:
        """Return the last lines of its output."""
        return self.output.splitlines()[-limit:]

    def wait_for_output(self, text: str, timeout_s: float = 15.0) -> None:
        """Wait until its output has a text.

        Raises:
            TimeoutError: it did not come; the message has the output.
        """
        end = time.monotonic() + timeout_s
        while text not in self.output:
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name} did not write {text!r} within {timeout_s:g} s, but:\n{self.output}")
            time.sleep(_POLL_S)

    def close_input(self) -> None:
        """Close its standard input; nothing happens where it takes none."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.kill()


@contextmanager
def _deferred_signals() -> Iterator[None]:
    """Defer signals that end the run: until `Popen` returns, nobody knows the process that has been started."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pending: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: pending.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for each in pending:
        signal.raise_signal(each)
