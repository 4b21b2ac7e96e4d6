"""A dongle: a simulated meter behind a pseudo-terminal, with a name in /dev that vanishes and returns."""

import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from devel.stack.box import StackError

_FOLDER: Final = Path("/dev/serial/by-id")
_NAME: Final = "usb-tictally-stack-if00"
_WITHIN_S: Final = 20.0


class SimulatedDongle:
    """Plugged in while it is entered, unless it was unplugged.

    Args:
        meter: its number.

    Attributes:
        device: its name, as that of a dongle.
    """

    device: Final = str(_FOLDER / _NAME)

    def __init__(self, meter: str) -> None:
        self._meter = meter
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.unplug()

    def plug(self) -> None:
        """A new pseudo-terminal, and the name that leads to it."""
        command = [sys.executable, "-m", "tictally_edge", "simulate", "--contract", "tempo", "--number", self._meter]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
        assert self._process.stdout is not None  # noqa: S101 - asked for
        terminal = Path(self._process.stdout.readline().split()[-1])
        end = time.monotonic() + _WITHIN_S
        while not terminal.exists():
            if time.monotonic() > end:
                raise StackError(f"the simulated meter has no port: {terminal}")
            time.sleep(0.1)
        terminal.chmod(0o660)
        _FOLDER.mkdir(parents=True, exist_ok=True)
        # Relative, as udev makes it: it leads to the same device wherever /dev is shown.
        (_FOLDER / _NAME).symlink_to(Path("../..") / terminal.relative_to("/dev"))

    def unplug(self) -> None:
        """The name and the terminal vanish."""
        (_FOLDER / _NAME).unlink(missing_ok=True)
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
