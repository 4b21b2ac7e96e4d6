"""Mirrors the journal to disk while the broker is away and at the end, and restores it when memory was lost.

The journal itself lives in memory, so that a healthy edge writes nothing to an SD card. Segments never change, so each
is copied once; of the write-ahead log only what was appended since the last copy.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from tictally_shared.runtime import atomic_file

_WAL: Final = "wal"
_SEGMENTS: Final = "*.segment"


class DiskMirror:
    """Mirrors one journal's folder to another.

    Args:
        memory: the journal's folder.
        disk: folder of the mirror; created if it is missing.
    """

    def __init__(self, memory: Path, disk: Path) -> None:
        self._memory, self._disk = memory, disk
        self._head = b""  # first record of the log that was copied last
        self._copied = 0

    def restore(self) -> None:
        """Copy to the journal's folder what only the disk has; call it before the journal is opened.

        Raises:
            OSError: it could not be copied.
        """
        self._memory.mkdir(parents=True, exist_ok=True)
        if not self._disk.exists():
            return
        for segment in self._disk.glob(_SEGMENTS):
            if not (self._memory / segment.name).exists():
                _copy(segment, self._memory / segment.name)
        wal = self._memory / _WAL
        if not wal.exists() and (self._disk / _WAL).exists():
            _copy(self._disk / _WAL, wal)

    def save(self) -> None:
        """Bring the mirror up to date; the journal may go on meanwhile.

        Raises:
            OSError: it could not be written; the previous mirror stays intact.
        """
        self._disk.mkdir(parents=True, exist_ok=True)
        atomic_file.remove_stale_parts(self._disk)
        # The log before the segments: frames that are sealed meanwhile are then on disk twice, else not at all.
        wal = (self._memory / _WAL).read_bytes()
        names = {segment.name for segment in self._memory.glob(_SEGMENTS)}
        for name in names:
            if not (self._disk / name).exists():
                with suppress(FileNotFoundError):  # the oldest is dropped when room is needed
                    _copy(self._memory / name, self._disk / name)
        self._save_wal(wal)
        for old in self._disk.glob(_SEGMENTS):
            if old.name not in names:
                old.unlink()

    def _save_wal(self, data: bytes) -> None:
        head = data.partition(b"\n")[0]
        target = self._disk / _WAL
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
        status = source.stat()
        os.utime(writer.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))  # a segment is as old as its frames
