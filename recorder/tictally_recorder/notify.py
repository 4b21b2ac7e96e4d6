"""Tells systemd how this service is (sd_notify(3)); says nothing where nobody asked to be told."""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

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

    def ready(self, status: str) -> None:
        """Everything is set up; a sentence says how."""
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self, now_s: float, status: Callable[[], str]) -> None:
        """The loop has come round; to be called each time, sent three times in the manager's patience at most.

        Args:
            now_s: on a clock that never steps.
            status: gives a short sentence, asked for when it is sent.
        """
        if now_s >= self._next_s:
            self._next_s = now_s + self._every_s
            self._send(f"{self._pulse}STATUS={status()}")

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


def _patience_us(environ: Mapping[str, str]) -> int:
    """How long the manager waits for a pulse (sd_watchdog_enabled(3)), in microseconds; 0 where it does not."""
    meant = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    given = environ.get("WATCHDOG_USEC", "")
    return int(given) if meant and given.isdecimal() else 0
