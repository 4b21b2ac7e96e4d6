"""Serial ports, local and over the network, through pyserial.

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
from typing import Final, Literal
from urllib.parse import urlsplit

import serial
from pydantic import Field

from tictally_edge.finding import FindingCode, Subject, bad, good
from tictally_edge.settings import SECTIONS, Settings
from tictally_edge.sources.autobaud import AutobaudSource
from tictally_edge.sources.base import FrameSource, Moment, Opener, SourceError, SourceSettingError
from tictally_edge.sources.device_check import check_device
from tictally_edge.sources.line_source import LineSource
from tictally_edge.sources.registry import SOURCES, Examination, SourceAddress
from tictally_shared.runtime.connection_errors import connection_problem
from tictally_shared.runtime.log import sentence
from tictally_shared.settings.sections import SectionModel

# Bytes are collected for this long: 48 at 9600 baud; waking up for each one would cost a Pi a third of its time.
_COLLECT_S: Final = 0.05
_MAX_BYTES: Final = 4096

_MESSAGES: Final = {
    errno.ENOENT: "there is no such device; is the dongle plugged in?",
    errno.EACCES: "this user may not open it; add it to the group dialout",
    errno.EBUSY: "another program has it open; sudo fuser -v shows which",
    errno.ENXIO: "the device is gone",
    errno.EIO: "the device is gone",
}


class SerialSettings(SectionModel):
    """How serial ports are opened."""

    framing: Literal["8N1", "7E1"] = Field(
        default="8N1",
        description="How the device is opened: with `8N1` the parity bit arrives and is checked; `7E1` is for "
        "adapters that need it.",
    )


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
            self._require_terminal()
        seven = framing == "7E1"
        try:
            self._port = serial.serial_for_url(
                name,
                baudrate=baud,
                bytesize=serial.SEVENBITS if seven else serial.EIGHTBITS,
                parity=serial.PARITY_EVEN if seven else serial.PARITY_NONE,
                stopbits=serial.STOPBITS_ONE,
                timeout=_COLLECT_S,
            )
            if self._is_device:
                self._lock()
        except (OSError, ValueError, termios.error) as error:  # SerialException is an OSError; termios.error is not
            raise self._error(error) from None

    def read(self) -> bytes:
        """Return what has come within a twentieth of a second.

        Raises:
            SourceError: the device is gone.
        """
        try:
            if not self._is_device:
                return bytes(self._port.read(_MAX_BYTES))
            time.sleep(_COLLECT_S)
            waiting = self._port.in_waiting
            return bytes(self._port.read(waiting)) if waiting else b""
        except (OSError, ValueError, TypeError, termios.error) as error:  # TypeError: closed while it was being read
            raise self._error(error) from None

    def now(self) -> Moment:
        """Return the present."""
        return Moment(time.monotonic(), time.time_ns() // 1_000_000)

    def close(self) -> None:
        """Close the port."""
        with suppress(OSError, termios.error):  # a device that is gone cannot be closed properly
            self._port.close()

    def _require_terminal(self) -> None:
        try:
            mode = os.stat(self._name).st_mode  # noqa: PTH116 - a name, not a path of ours
        except OSError as error:
            raise self._error(error) from None
        if not stat.S_ISCHR(mode):
            raise SourceError(f"{self._name} is not a serial port; give a recording as file:{self._name}")

    def _lock(self) -> None:
        """An advisory lock, as other serial programs take it; unlike TIOCEXCL it binds root and pseudo-terminals."""
        try:
            fcntl.flock(self._port.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._port.close()
            raise OSError(errno.EBUSY, "busy") from None

    def _error(self, error: Exception) -> SourceError:
        code = error.errno if isinstance(error, OSError) else None
        if isinstance(error.__context__, termios.error):  # pyserial keeps no number of what it failed to configure
            code = error.__context__.args[0]
        if code == errno.ENOTTY:
            return SourceError(f"{self._name} is not a serial port; ls /dev/serial/by-id shows those that there are")
        if not self._is_device:  # pyserial wraps the socket's own error in words of its own
            cause = error.__context__ if isinstance(error.__context__, OSError) else error
            return SourceError(f"{self._name}: {connection_problem(cause)}")
        return SourceError(f"{self._name}: {_MESSAGES.get(code or 0) or error}")


class _SerialSourceType:
    """What devices and ports over the network have in common."""

    def open(self, address: SourceAddress, settings: Settings) -> FrameSource:
        """See `SourceType`."""
        _check(address)
        line = AutobaudSource(_opener(address, settings), address.mode, address.text)
        return LineSource(line, tz=settings.meter_zone)


class DeviceSourceType(_SerialSourceType):
    """`/dev/serial/by-id/…`."""

    schemes = ("",)
    form = "a device such as /dev/serial/by-id/…"

    def examine(self, address: SourceAddress, settings: Settings) -> Examination:
        """See `SourceType`."""
        finding, edge = check_device(address.text)
        return Examination(finding, edge, _opener(address, settings))


class NetworkPortSourceType(_SerialSourceType):
    """`socket://host:port` and `rfc2217://host:port`, in pyserial's form."""

    schemes = ("socket", "rfc2217")
    form = "socket://host:port, rfc2217://host:port"

    def examine(self, address: SourceAddress, settings: Settings) -> Examination:
        """See `SourceType`."""
        try:
            _check(address)
        except SourceSettingError as error:
            return Examination(bad(Subject.PORT, FindingCode.SOURCE_ADDRESS_WRONG, detail=sentence(str(error))))
        return Examination(
            good(Subject.PORT, FindingCode.PORT_OVER_NETWORK, address=address.text), None, _opener(address, settings)
        )


def _check(address: SourceAddress) -> None:
    """Raise SourceSettingError for a port over the network without a host or a number."""
    if not address.scheme:
        return
    try:
        url = urlsplit(address.text)
        is_whole = bool(url.hostname) and url.port is not None
    except ValueError:
        is_whole = False
    if not is_whole:
        raise SourceSettingError(f"{address.text[:80]!r} lacks host or port; give {address.scheme}://host:port")


def _opener(address: SourceAddress, settings: Settings) -> Opener:
    framing = settings.section(SerialSettings).framing
    return lambda baud: SerialPort(address.text, baud, framing)


SECTIONS.register(SerialSettings)
SOURCES.register(DeviceSourceType())
SOURCES.register(NetworkPortSourceType())
