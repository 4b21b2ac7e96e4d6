"""The programs under fault: started, killed, paused, and started again where they end by themselves."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from devel.shifted_clock import inherited

_AGAIN_AFTER_S: Final = 1.0  # as a service manager would


class Program:
    """One program, which runs again after each kill.

    Attributes:
        name: what it is called before a person.
        log: file with what all its lives print.
        ended_by_itself: how often it did.

    Args:
        name: what to call it.
        command: it and its arguments.
        environ: its environment, to which a shifted clock is added where this process has one.
        folder: where its log lies.
        takes_orders: True where `order` is to reach its standard input.
    """

    def __init__(
        self, name: str, command: Sequence[str], environ: Mapping[str, str], folder: Path, *, takes_orders: bool = False
    ) -> None:
        self.name, self.log, self.ended_by_itself = name, folder / f"{name.replace(' ', '-')}.log", 0
        self._command, self._environ, self._takes_orders = command, environ, takes_orders
        self._process: subprocess.Popen[bytes] | None = None
        self._ended_at_s: float | None = None

    @property
    def pid(self) -> int | None:
        """Of the running process, or None."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start it; one that runs is left alone."""
        if self.pid is not None:
            return
        with self.log.open("ab") as log, _signals_wait():
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                self._command,
                env={**inherited(), **self._environ},
                stdin=subprocess.PIPE if self._takes_orders else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal leaves its end to us
            )

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._forget(self._process)

    def end(self, timeout_s: float) -> float:
        """Ask it to end; how many seconds that took.

        Raises:
            TimeoutError: it did not, and was killed.
        """
        process = self._process
        if process is None:
            return 0.0
        begin_s = time.monotonic()
        process.terminate()
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(f"{self.name} did not end within {timeout_s:g} s of SIGTERM") from None
        self._forget(process)
        return time.monotonic() - begin_s

    def pause(self) -> None:
        """Stop it in its tracks."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def order(self, order: str) -> None:
        """Hand it a line on its standard input."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(f"{order}\n".encode())
            self._process.stdin.flush()

    def tend(self) -> None:
        """Start it again where it ended by itself a second ago."""
        if self._process is None or self._process.poll() is None:
            return
        if self._ended_at_s is None:
            self._ended_at_s = time.monotonic()
            self.ended_by_itself += 1
        elif time.monotonic() - self._ended_at_s >= _AGAIN_AFTER_S:
            self._ended_at_s = None
            self.start()

    def last_lines(self, most: int = 5) -> list[str]:
        """What it printed last."""
        return self.log.read_text(errors="replace").splitlines()[-most:] if self.log.exists() else []

    def _forget(self, ended: subprocess.Popen[bytes]) -> None:
        """Only now: whoever is interrupted before finds it here and ends it."""
        self._process = None
        if ended.stdin is not None:
            ended.stdin.close()

    def _signal(self, number: signal.Signals) -> None:
        if (pid := self.pid) is not None:
            os.kill(pid, number)


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Let the signals that end the run wait: a process that has begun is known to nobody before `Popen` returns it."""
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for each in came:
        signal.raise_signal(each)
