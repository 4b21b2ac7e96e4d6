"""Whether the journal's folders can be written, and what lies in them. Nothing is changed."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tictally_edge.doctor.finding import Finding, bad, good
from tictally_edge.doctor.processes import locker
from tictally_edge.journal import wal
from tictally_edge.journal.segments import MAX_BYTES, Segments

SUBJECT: Final = "journal"
_MIB: Final = 1024 * 1024


def look_at_folders(journal: Path, disk: Path | None, room_mb: int) -> Iterator[Finding]:
    """The journal in memory, and where there is one its copy on disk."""
    folders = [(journal, "")] if disk is None else [(journal, ""), (disk, "copy on disk: ")]
    for folder, what in folders:
        try:
            yield _look_at(folder, room_mb, what)
        except OSError as error:  # of another user's, or gone while it was looked at
            says = f"{what}{folder} cannot be read: {error.strerror or error}."
            yield bad(SUBJECT, says, "Ask as the user that the edge runs as, or once more.")


def _look_at(folder: Path, room_mb: int, what: str) -> Finding:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        user = os.geteuid()
        says = f"{what}{folder}: {there} cannot be written by this user ({user})."
        return bad(
            SUBJECT, says, f"Ask as the user that the edge runs as, or give it the folder: sudo chown USER {there}."
        )
    free_mib = shutil.disk_usage(there).free // _MIB
    if there != folder:
        return _room(f"{what}{folder} will be made at the first start; {free_mib} MiB are free.", free_mib, room_mb)
    files = [path for path in folder.iterdir() if path.is_file()]
    size_mib = sum(path.stat().st_size for path in files) / _MIB
    owner = locker(folder / "lock")
    used = f", in use by {owner}" if owner is not None else ""
    says = f"{what}{folder} holds {_frames(folder)} frames in {size_mib:.1f} MiB{used}; {free_mib} MiB are free."
    return _room(says, free_mib + int(size_mib), room_mb)


def _room(says: str, free_mib: int, room_mb: int) -> Finding:
    if free_mib < room_mb:
        return bad(SUBJECT, says, f"The setting JOURNAL_MB allows {room_mb} MiB: make room, or lower it.")
    return good(SUBJECT, says)


def _frames(folder: Path) -> int:
    sealed = sum(len(ranges) for ranges in Segments(folder, MAX_BYTES).held().values())
    path = folder / "wal"
    records = wal.decode(path.read_bytes()).records if path.exists() else []
    return sealed + sum(record.letter in (wal.FRAME, wal.DATED) for record in records)
