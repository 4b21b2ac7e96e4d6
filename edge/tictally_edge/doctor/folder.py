"""Checks whether the journal's folders can be written, and counts what is in them. Nothing is changed."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tictally_edge.finding import EdgeFinding, FindingCode, PartCode, Subject, bad, good, process_part
from tictally_edge.journal import wal
from tictally_edge.journal.segments import MAX_BYTES, Segments
from tictally_edge.processes import locker
from tictally_shared.phrase import Phrase, Value

_MIB: Final = 1024 * 1024


def check_folders(journal: Path, disk: Path | None, room_mb: int) -> Iterator[EdgeFinding]:
    """Check the journal in memory, and its copy on disk if there is one."""
    folders = [(journal, PartCode.JOURNAL_FOLDER)]
    if disk is not None:
        folders.append((disk, PartCode.JOURNAL_COPY))
    for path, part in folders:
        shown = Phrase(part, {"path": str(path)})
        try:
            yield _check(path, room_mb, shown)
        except OSError as error:  # another user's, or removed meanwhile
            detail = error.strerror or str(error)
            yield bad(Subject.JOURNAL, FindingCode.FOLDER_UNREADABLE, folder=shown, detail=detail)


def _check(folder: Path, room_mb: int, shown: Phrase) -> EdgeFinding:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        about: dict[str, Value] = {"folder": shown, "existing": str(there), "user": os.geteuid()}
        return bad(Subject.JOURNAL, FindingCode.FOLDER_NOT_WRITABLE, **about)
    free_mib = shutil.disk_usage(there).free // _MIB
    if there != folder:
        about = {"folder": shown, "free_mib": free_mib}
        if free_mib < room_mb:
            return bad(Subject.JOURNAL, FindingCode.FOLDER_NEW_TOO_SMALL, allowed_mib=room_mb, **about)
        return good(Subject.JOURNAL, FindingCode.FOLDER_NEW, **about)
    size_mib = sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) / _MIB
    owner = locker(folder / "lock")
    used = Phrase(PartCode.USED_BY, {"process": process_part(owner)}) if owner is not None else ""
    about = {"folder": shown, "frames": _frames(folder), "size": f"{size_mib:.1f}", "used": used, "free_mib": free_mib}
    if free_mib + int(size_mib) < room_mb:
        return bad(Subject.JOURNAL, FindingCode.FOLDER_HOLDS_TOO_SMALL, allowed_mib=room_mb, **about)
    return good(Subject.JOURNAL, FindingCode.FOLDER_HOLDS, **about)


def _frames(folder: Path) -> int:
    sealed = sum(len(ranges) for ranges in Segments(folder, MAX_BYTES).held().values())
    path = folder / "wal"
    records = wal.decode(path.read_bytes()).records if path.exists() else []
    return sealed + sum(record.letter in (wal.FRAME, wal.DATED) for record in records)
