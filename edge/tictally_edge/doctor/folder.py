"""Checks whether the journal's folders can be written, and counts what is in them. Nothing is changed."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tictally_edge.finding import EdgeFinding, bad, good
from tictally_edge.journal import wal
from tictally_edge.journal.segments import MAX_BYTES, Segments
from tictally_edge.processes import locker
from tictally_edge.settings import PREFIX

SUBJECT: Final = "journal"
_MIB: Final = 1024 * 1024


def check_folders(journal: Path, disk: Path | None, room_mb: int) -> Iterator[EdgeFinding]:
    """Check the journal in memory, and its copy on disk if there is one."""
    folders = [(journal, "")] if disk is None else [(journal, ""), (disk, "copy on disk: ")]
    for folder, what in folders:
        try:
            yield _check(folder, room_mb, what)
        except OSError as error:  # another user's, or removed meanwhile
            message = f"{what}{folder} cannot be read: {error.strerror or error}."
            yield bad(SUBJECT, message, "Run the doctor as the user of the edge, or try again.")


def _check(folder: Path, room_mb: int, what: str) -> EdgeFinding:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        user = os.geteuid()
        message = f"{what}{folder}: {there} cannot be written by this user ({user})."
        return bad(SUBJECT, message, f"Run the doctor as the user of the edge, or: sudo chown USER {there}.")
    free_mib = shutil.disk_usage(there).free // _MIB
    if there != folder:
        return _room(f"{what}{folder} will be created at the first start; {free_mib} MiB are free.", free_mib, room_mb)
    files = [path for path in folder.iterdir() if path.is_file()]
    size_mib = sum(path.stat().st_size for path in files) / _MIB
    owner = locker(folder / "lock")
    used = f", in use by {owner}" if owner is not None else ""
    message = f"{what}{folder} holds {_frames(folder)} frames in {size_mib:.1f} MiB{used}; {free_mib} MiB are free."
    return _room(message, free_mib + int(size_mib), room_mb)


def _room(message: str, free_mib: int, room_mb: int) -> EdgeFinding:
    if free_mib < room_mb:
        return bad(SUBJECT, message, f"{PREFIX}JOURNAL_MB allows {room_mb} MiB: make room, or lower it.")
    return good(SUBJECT, message)


def _frames(folder: Path) -> int:
    sealed = sum(len(ranges) for ranges in Segments(folder, MAX_BYTES).held().values())
    path = folder / "wal"
    records = wal.decode(path.read_bytes()).records if path.exists() else []
    return sealed + sum(record.letter in (wal.FRAME, wal.DATED) for record in records)
