"""Processes that have a device open or a file locked, from Linux's /proc (proc(5))."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its id and command line."""

    pid: int
    command: tuple[str, ...]

    @property
    def is_edge(self) -> bool:
        """True for `tictally-edge run`."""
        return "run" in self.command and any(
            "tictally-edge" in word or "tictally_edge" in word for word in self.command
        )

    @property
    def name(self) -> str:
        """The first two words of its command line, without folders."""
        return " ".join(Path(word).name for word in self.command[:2])


def holders(device: Path) -> list[Process]:
    """Return other processes that have a device open, as far as this user may see them."""
    wanted = device.stat().st_rdev
    found = {int(fd.parts[2]) for fd in _open_files() if _device_of(fd) == wanted}
    return [_process(pid) for pid in sorted(found - {os.getpid()})]


def locker(path: Path) -> Process | None:
    """Return the process that has locked a file, or None."""
    try:
        inode = path.stat().st_ino
        locks = (_PROC / "locks").read_text().splitlines()
    except OSError:
        return None
    for words in map(str.split, locks):  # 1: FLOCK ADVISORY WRITE 722 00:19:27 0 EOF
        if words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode):
            return _process(int(words[4]))
    return None


def _open_files() -> Iterator[Path]:
    for folder in _PROC.glob("[0-9]*/fd"):
        with suppress(OSError):  # it has ended, or belongs to another user
            yield from folder.iterdir()


def _device_of(fd: Path) -> int | None:
    with suppress(OSError):
        status = fd.stat()
        if stat.S_ISCHR(status.st_mode):
            return status.st_rdev
    return None


def _process(pid: int) -> Process:
    try:
        command = (_PROC / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        command = []
    return Process(pid, tuple(word for word in command if word))
