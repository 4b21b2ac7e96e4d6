"""Notifies systemd (sd_notify(3)) or a container's health check of this service's state; silent without either."""

import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from tictally_shared.runtime import atomic_file

_STATUS_EVERY_S: Final = 10.0


class Notifier:
    """Notifies the service manager, without ever waiting for it.

    Args:
        environ: has the manager's socket and its watchdog interval.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name  # @: an abstract socket
        watchdog_us = _watchdog_us(environ)
        self._pulse = "WATCHDOG=1\n" if watchdog_us else ""
        self._every_s = watchdog_us / 3_000_000 or _STATUS_EVERY_S
        self._next_s = 0.0
        self._file = Path(environ["PULSE_FILE"]) if environ.get("PULSE_FILE") else None

    def ready(self, status: str) -> None:
        """Report that everything is set up, with a status line."""
        self._send(f"READY=1\nSTATUS={status}")
        self._write(status)

    def alive(self, now_s: float, status: Callable[[], str]) -> None:
        """Report that the loop is alive; to be called each time round, sent at most three times per watchdog interval.

        Args:
            now_s: seconds on a clock that never steps.
            status: returns a short status line; called when it is sent.
        """
        if now_s >= self._next_s:
            self._next_s = now_s + self._every_s
            line = status()
            self._send(f"{self._pulse}STATUS={line}")
            self._write(line)

    def stopping(self) -> None:
        """Report that the service is stopping."""
        self._send("STOPPING=1\nSTATUS=stopping")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # A manager that is away or busy must not block the service; the next message will do.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.settimeout(0)
            manager.sendto(message.encode(), self._address)

    def _write(self, status: str) -> None:
        """Write seconds since the machine's start (as in /proc/uptime: a clock may step) and the status line."""
        if self._file is None:
            return
        since_boot_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        with suppress(OSError):
            atomic_file.write_text(self._file, f"{since_boot_s:.0f} {status}\n", is_durable=False)


def _watchdog_us(environ: Mapping[str, str]) -> int:
    """Return the watchdog interval (sd_watchdog_enabled(3)), in microseconds; 0 if there is none."""
    meant = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    given = environ.get("WATCHDOG_USEC", "")
    return int(given) if meant and given.isdecimal() else 0
