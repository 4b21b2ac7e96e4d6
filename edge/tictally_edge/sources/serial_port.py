"""Serial ports, real and over the network, through pyserial.

A port is opened at 8N1 by default: 7E1 and 8N1 are the same bits on the wire, and at 8N1 the parity bit arrives as bit
7 and is checked by the decoder. Opened at 7E1 it is not: pyserial clears INPCK, and damaged characters pass unmarked.
"""

import errno
import fcntl
import os
import stat
import termios
import time
from contextlib import suppress
from typing import Final

import serial

from tictally_edge.sources.source import Moment, SourceError

# Bytes may gather this long: at 9600 baud 48 of them, where waking for each one would cost a Pi a third of its time.
_GATHER_S: Final = 0.05
_MOST_BYTES: Final = 4096

_SENTENCES: Final = {
    errno.ENOENT: "there is no such device; is the dongle plugged in?",
    errno.EACCES: "this user may not open it; add it to the group dialout",
    errno.EBUSY: "another program has it open",
    errno.ENXIO: "the device is gone",
    errno.EIO: "the device is gone",
}


class SerialPort:
    """An open serial port.

    Args:
        name: a device, best its `/dev/serial/by-id/` path, or `socket://host:port`, or `rfc2217://host:port`.
        baud: 1200 or 9600.
        framing: `8N1` or `7E1`.

    Raises:
        SourceError: it cannot be opened.
    """

    def __init__(self, name: str, baud: int, framing: str) -> None:
        self._name = name
        self._is_device = "://" not in name
        if self._is_device:
            self._refuse_what_is_no_terminal()
        seven = framing == "7E1"
        try:
            self._port = serial.serial_for_url(
                name,
                baudrate=baud,
                bytesize=serial.SEVENBITS if seven else serial.EIGHTBITS,
                parity=serial.PARITY_EVEN if seven else serial.PARITY_NONE,
                stopbits=serial.STOPBITS_ONE,
                timeout=_GATHER_S,
            )
            if self._is_device:
                self._lock()
        except (OSError, ValueError, termios.error) as error:  # SerialException is an OSError; termios.error is not
            raise self._complaint(error) from None

    def read(self) -> bytes:
        """What has come within a twentieth of a second.

        Raises:
            SourceError: the device is gone.
        """
        try:
            if not self._is_device:
                return bytes(self._port.read(_MOST_BYTES))
            time.sleep(_GATHER_S)
            waiting = self._port.in_waiting
            return bytes(self._port.read(waiting)) if waiting else b""
        except (OSError, ValueError, TypeError, termios.error) as error:  # TypeError: closed while it was being read
            raise self._complaint(error) from None

    def now(self) -> Moment:
        """The present."""
        return Moment(time.monotonic(), time.time_ns() // 1_000_000)

    def close(self) -> None:
        """Closes the port."""
        with suppress(OSError, termios.error):  # a device that is gone cannot be closed in good form
            self._port.close()

    def _refuse_what_is_no_terminal(self) -> None:
        try:
            mode = os.stat(self._name).st_mode  # noqa: PTH116 - a name, not a path of ours
        except OSError as error:
            raise self._complaint(error) from None
        if not stat.S_ISCHR(mode):
            raise SourceError(f"{self._name}: it is no serial port; a recording is given as file:{self._name}")

    def _lock(self) -> None:
        """An advisory lock, as other serial programs take it; unlike TIOCEXCL it binds root and pseudo-terminals."""
        try:
            fcntl.flock(self._port.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._port.close()
            raise OSError(errno.EBUSY, "busy") from None

    def _complaint(self, error: Exception) -> SourceError:
        code = error.errno if isinstance(error, OSError) else None
        return SourceError(f"{self._name}: {_SENTENCES.get(code or 0) or error}")
