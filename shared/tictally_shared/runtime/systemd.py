"""Tells systemd how this service is (sd_notify(3)), or a container's health check; says nothing where nobody asks."""

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
    """Speaks to the service manager, never waits for it.

    Args:
        environ: what the manager left there: where it listens, and how long it will go without hearing from us.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name  # @: an abstract socket
        patience_us = _patience_us(environ)
        self._pulse = "WATCHDOG=1\n" if patience_us else ""
        self._every_s = patience_us / 3_000_000 or _STATUS_EVERY_S
        self._next_s = 0.0
        self._file = Path(environ["PULSE_FILE"]) if environ.get("PULSE_FILE") else None

    def ready(self, status: str) -> None:
        """Everything is set up; a sentence says how."""
        self._send(f"READY=1\nSTATUS={status}")
        self._write(status)

    def alive(self, now_s: float, status: Callable[[], str]) -> None:
        """The loop has come round; to be called each time, sent three times in the manager's patience at most.

        Args:
            now_s: on a clock that never steps.
            status: gives a short sentence, asked for when it is sent.
        """
        if now_s >= self._next_s:
            self._next_s = now_s + self._every_s
            sentence = status()
            self._send(f"{self._pulse}STATUS={sentence}")
            self._write(sentence)

    def stopping(self) -> None:
        """The way down has begun."""
        self._send("STOPPING=1\nSTATUS=stopping")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # A manager that is away or busy must not hold the service up; the next message will do.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.settimeout(0)
            manager.sendto(message.encode(), self._address)

    def _write(self, status: str) -> None:
        """When, in seconds since the machine's start (/proc/uptime has the same, a clock may step), and how it is."""
        if self._file is None:
            return
        since_boot_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        with suppress(OSError):
            atomic_file.write_text(self._file, f"{since_boot_s:.0f} {status}\n", is_durable=False)


def _patience_us(environ: Mapping[str, str]) -> int:
    """How long the manager waits for a pulse (sd_watchdog_enabled(3)), in microseconds; 0 where it does not."""
    meant = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    given = environ.get("WATCHDOG_USEC", "")
    return int(given) if meant and given.isdecimal() else 0
