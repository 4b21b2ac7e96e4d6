"""The programs under fault: started, killed, paused, and restarted when they end by themselves."""

import signal
import time
from dataclasses import dataclass, field
from typing import Final

from devel.child_process import ChildProcess

_RESTART_DELAY_S: Final = 1.0  # as a service manager would


@dataclass
class RestartingProgram(ChildProcess):
    """One program, which is restarted after it has ended by itself.

    Attributes:
        ended_by_itself: how often it did.
    """

    ended_by_itself: int = 0
    _is_wanted: bool = field(default=False, init=False, repr=False)
    _ended_at_s: float | None = field(default=None, init=False, repr=False)

    def start(self) -> None:
        """See `ChildProcess`; from now on it is to run."""
        self._is_wanted = True
        super().start()

    def kill(self) -> None:
        """See `ChildProcess`; it is to run no longer."""
        self._is_wanted = False
        super().kill()

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout_s: float = 10.0) -> int:
        """See `ChildProcess`; it is to run no longer."""
        self._is_wanted = False
        return super().stop(how, timeout_s)

    def stop_timed(self, timeout_s: float) -> float:
        """Stop it with SIGTERM.

        Returns:
            How many seconds that took.

        Raises:
            TimeoutError: it did not end, and was killed.
        """
        begin_s = time.monotonic()
        if self.pid is not None:
            self.stop(timeout_s=timeout_s)
        self._is_wanted = False
        return time.monotonic() - begin_s

    def pause(self) -> None:
        """Suspend it."""
        self.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue it."""
        self.send_signal(signal.SIGCONT)

    def restart_if_ended(self) -> None:
        """Restart it where it ended by itself a second ago."""
        if not self._is_wanted or self.exit_code is None:
            return
        if self._ended_at_s is None:
            self._ended_at_s = time.monotonic()
            self.ended_by_itself += 1
        elif time.monotonic() - self._ended_at_s >= _RESTART_DELAY_S:
            self._ended_at_s = None
            self.start()
