"""The end of a line as a pseudo-terminal: raw, never blocking, like a wire, whether anybody reads or not."""

import fcntl
import os
import termios
import tty
from contextlib import suppress
from pathlib import Path
from struct import unpack
from types import TracebackType
from typing import Final, Self

from tictally_edge.simulator import SimulatorError

_UNREAD_LIMIT: Final = 4000  # the terminal's own queue holds 4095


class Wire:
    """A pseudo-terminal whose far end is opened like a serial port; a context manager.

    Attributes:
        path: of the far end, `/dev/pts/7`; another one after it was unplugged and plugged in again.
        unread: bytes that were dropped because nobody read them.

    Raises:
        SimulatorError: something that is no link has the name of the link.
        OSError: no terminal is available, or the link cannot be created.
    """

    def __init__(self, link: Path | None = None) -> None:
        self._link = link
        self.unread = 0
        self._is_plugged = False
        self.plug()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    def plug(self) -> None:
        """Create the terminal and its link, unless they exist.

        Raises:
            SimulatorError: something that is no link has the name of the link.
            OSError: no terminal is available, or the link cannot be created.
        """
        if self._is_plugged:
            return
        # The far end stays open here as well: its raw settings live as long as somebody has it open.
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self.path = os.ttyname(self._far)
        try:
            self._make_link()
        except (OSError, SimulatorError):
            self._close()
            raise
        self._is_plugged = True

    def unplug(self) -> None:
        """Remove both, like a dongle that is pulled out; whoever has the far end open reads errors."""
        if not self._is_plugged:
            return
        if self._link is not None:
            with suppress(OSError):  # it is gone, or belongs to another simulated meter by now
                if str(self._link.readlink()) == self.path:
                    self._link.unlink()
        self._close()
        self._is_plugged = False

    def send(self, characters: bytes) -> bool:
        """Put characters on the line; what nobody reads is dropped, oldest first.

        Returns:
            True if all of them are on the line, False if it is unplugged or takes no more.
        """
        if not self._is_plugged:
            return False
        self._drop_what_came_back()
        if (unread := self._unread()) > _UNREAD_LIMIT:
            termios.tcflush(self._far, termios.TCIFLUSH)
            self.unread += unread
        try:
            return os.write(self._near, characters) == len(characters)
        except BlockingIOError:
            return False

    def _unread(self) -> int:
        size: int = unpack("i", fcntl.ioctl(self._far, termios.FIONREAD, bytes(4)))[0]
        return size

    def _drop_what_came_back(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._near, 4096)

    def _make_link(self) -> None:
        if self._link is None:
            return
        if self._link.is_symlink():  # left by a killed one
            self._link.unlink()
        elif self._link.exists():
            raise SimulatorError(f"{self._link} exists and is no link")
        self._link.symlink_to(self.path)

    def _close(self) -> None:
        os.close(self._near)
        os.close(self._far)
