"""The journal's copy on disk: made while the broker is away and at the end, brought back when memory was lost.

The journal itself lives in memory, so that a healthy edge writes nothing to an SD card. Blocks never change, so each is
copied once; of the tail only what has been added since the last copy.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from tictally_shared.runtime import atomic_file

_TAIL: Final = "tail"
_BLOCKS: Final = "*.block"


class DiskCopy:
    """Copies one journal's folder to another.

    Args:
        memory: the journal's folder.
        disk: where the copy lies; made where it is missing.
    """

    def __init__(self, memory: Path, disk: Path) -> None:
        self._memory, self._disk = memory, disk
        self._head = b""  # of the tail that was copied last
        self._copied = 0

    def bring_back(self) -> None:
        """Puts what only the disk has into the journal's folder; before the journal is opened.

        Raises:
            OSError: it could not be copied.
        """
        self._memory.mkdir(parents=True, exist_ok=True)
        if not self._disk.exists():
            return
        for block in self._disk.glob(_BLOCKS):
            if not (self._memory / block.name).exists():
                _copy(block, self._memory / block.name)
        tail = self._memory / _TAIL
        if not tail.exists() and (self._disk / _TAIL).exists():
            _copy(self._disk / _TAIL, tail)

    def save(self) -> None:
        """Makes the copy what the journal is now; the journal may go on meanwhile.

        Raises:
            OSError: it could not be written; the copy before stays whole.
        """
        self._disk.mkdir(parents=True, exist_ok=True)
        atomic_file.remove_stale_parts(self._disk)
        # Before the blocks: a tail that is sealed meanwhile is then on disk twice, and not at all the other way round.
        tail = (self._memory / _TAIL).read_bytes()
        blocks = {block.name for block in self._memory.glob(_BLOCKS)}
        for name in blocks:
            if not (self._disk / name).exists():
                with suppress(FileNotFoundError):  # the oldest goes when room is needed
                    _copy(self._memory / name, self._disk / name)
        self._save_tail(tail)
        for old in self._disk.glob(_BLOCKS):
            if old.name not in blocks:
                old.unlink()

    def _save_tail(self, data: bytes) -> None:
        head = data.partition(b"\n")[0]
        target = self._disk / _TAIL
        grows = head == self._head and target.exists() and target.stat().st_size == self._copied <= len(data)
        if not grows:
            atomic_file.write_bytes(target, data)
        elif len(data) > self._copied:
            with target.open("ab") as file:
                file.write(data[self._copied :])
                file.flush()
                os.fsync(file.fileno())
        self._head, self._copied = head, len(data)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reader, atomic_file.open_replacement(target) as writer:
        shutil.copyfileobj(reader, writer)
        writer.flush()
        read = source.stat()
        os.utime(writer.fileno(), ns=(read.st_atime_ns, read.st_mtime_ns))  # a block's age is that of its frames
