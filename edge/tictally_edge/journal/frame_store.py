"""Stores an edge's frames: queued until they have a date, then numbered and kept in the journal, mirrored to disk."""

import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Final

from tictally_edge.journal.disk_mirror import DiskMirror
from tictally_edge.journal.journal import Journal, unusable
from tictally_edge.journal.number_note import NumberNote
from tictally_edge.journal.undated_queue import UndatedFrame, UndatedQueue
from tictally_edge.topics.naming import Naming, serial_of
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.frames import Frame
from tictally_shared.runtime.log import ChangeLogger, sentence

# A broker that restarts is back by then, and nothing was written.
_AWAY_BEFORE_SAVING_S: Final = 60.0
_SAVE_INTERVAL_S: Final = 60.0
# At the end: how long a copy under way may take.
_SAVE_TIMEOUT_S: Final = 2.0

log = logging.getLogger(__name__)


class FrameStore:
    """Journal, queue of undated frames and disk mirror of one edge.

    Attributes:
        journal: the numbered frames.
        undated: the frames without date.
        unstored: frames that could not be written, and therefore never were numbered.
        saves: how often the journal was copied to disk.

    Args:
        folder: of the journal, in memory.
        disk: of its mirror, or None if there is none.
        naming: under which names frames are stored.
        machine: identifies this life of the machine; empty if nothing does.
        max_bytes: room for the journal.

    Raises:
        JournalError: a folder cannot be used.
    """

    def __init__(self, folder: Path, disk: Path | None, naming: Naming, machine: str, max_bytes: int) -> None:
        self._naming = naming
        self._mirror = DiskMirror(folder, disk) if disk is not None else None
        if disk is not None:
            _warn_if_unusable(disk)
        self._note = NumberNote(disk) if disk is not None else None
        noted = self._note.read() if self._note is not None else None
        try:
            if self._mirror is not None:
                self._mirror.restore()
            self.journal = Journal(folder, naming.edge, machine, max_bytes, noted)
            self.undated = UndatedQueue(folder, machine, self.journal.released)
        except OSError as error:
            raise unusable("the journal", folder, "JOURNAL", error) from None
        self.unstored = self.saves = 0
        self._away_since: float | None = None
        self._saved_at = 0.0
        self._saving: Thread | None = None
        self._problems = ChangeLogger(log)
        self._is_stale = False  # frames that the mirror has as unacknowledged were acknowledged since

    def add(self, number: str, validated: ValidatedFrame, at: float, time_ms: int | None) -> Frame | None:
        """Number and store a frame, or queue it where it has no date.

        Args:
            number: the meter's own.
            validated: what of the frame is published.
            at: when its end arrived, in monotonic seconds.
            time_ms: the same in milliseconds since 1970, or None if no clock is proved.

        Returns:
            The numbered frame; None if it is queued, or could not be written.
        """
        frame = UndatedFrame(at, number, validated.frame.mode, validated.values, validated.dated)
        try:
            if time_ms is None:
                self.undated.put(frame)
                return None
            numbered = self.journal.append(lambda boot, seq: self._numbered(frame, boot, seq, time_ms))
        except OSError as error:
            self._note_unstored(error)
            return None
        self._note_number(numbered, at)
        return numbered

    def set_meter(self, number: str) -> None:
        """Record which meter is read."""
        try:
            self.journal.set_meter(number)
        except OSError as error:
            log.warning("Journal: the meter's number cannot be written: %s", error.strerror or error)

    def date_queued(self, date_ms: Callable[[float], int | None], limit: int) -> list[Frame]:
        """Number and store queued frames, the oldest first, as soon as they can be dated.

        Args:
            date_ms: converts monotonic seconds to milliseconds since 1970, or returns None.
            limit: frames in one call.
        """
        dated: list[Frame] = []
        try:
            while len(dated) < limit and (first := self.undated.peek()) is not None:
                index, frame = first
                time_ms = date_ms(frame.at)
                if time_ms is None:
                    break
                dated.append(self._append_queued(index, frame, time_ms))
                self._note_number(dated[-1], frame.at)
                self.undated.pop()
        except OSError as error:
            self._note_unstored(error)
        return dated

    def tick(self, *, is_away: bool, now_s: float) -> None:
        """Mirror the journal to disk while broker or recorder are away for more than a minute, and once after that.

        What the broker has acknowledged is in its memory alone while the recorder is away, and gone when power is cut.
        A card may take seconds, for which the line does not wait: a thread writes the mirror, one at a time. Meanwhile
        the last number is noted on disk too, so that frames that are lost all the same are known to be.

        Args:
            is_away: there is no connection to the broker, or no recorder at it.
            now_s: monotonic seconds.
        """
        if self._saving is not None and self._saving.is_alive():
            return
        if not is_away:
            self._away_since = None
            if self._is_stale and not self.journal.backlog():
                self._is_stale = False
                self._start_saving(now_s)
            return
        if self._away_since is None:
            self._away_since = now_s
            self._note_last(now_s)
        if now_s - self._away_since >= _AWAY_BEFORE_SAVING_S and now_s - self._saved_at >= _SAVE_INTERVAL_S:
            self._is_stale = True
            self._start_saving(now_s)

    def wait_until_saved(self, timeout_s: float) -> bool:
        """Return True once no copy is under way."""
        if self._saving is not None:
            self._saving.join(timeout_s)
            return not self._saving.is_alive()
        return True

    def close(self) -> None:
        """Mirror the journal to disk and close it."""
        if self.wait_until_saved(_SAVE_TIMEOUT_S):
            self._save()
        else:
            log.warning("The journal cannot be copied to disk: the disk does not respond.")
        self.undated.close()
        self.journal.close()
        if self._note is not None:
            self._note.close()

    def _note_number(self, frame: Frame, now_s: float) -> None:
        if self._away_since is not None:
            self._write_note(frame.boot, frame.seq, now_s)

    def _note_last(self, now_s: float) -> None:
        if self.journal.next_seq > 1:
            self._write_note(self.journal.boot, self.journal.next_seq - 1, now_s)

    def _write_note(self, boot: str, seq: int, now_s: float) -> None:
        if self._note is None:
            return
        try:
            self._note.write(boot, seq, now_s)
        except OSError as error:
            self._problems.warning(f"The last number cannot be noted on disk: {error.strerror or error}")

    def _append_queued(self, index: int, frame: UndatedFrame, time_ms: int) -> Frame:
        return self.journal.append(
            lambda boot, seq: self._numbered(frame, boot, seq, time_ms), (self.undated.id, index)
        )

    def _numbered(self, frame: UndatedFrame, boot: str, seq: int, time_ms: int) -> Frame:
        return Frame(
            meter=self._naming.key or frame.number,
            edge=self._naming.edge,
            boot=boot,
            seq=seq,
            time_ms=time_ms,
            mode=frame.mode,
            values=frame.values,
            dated=frame.dated,
            serial=serial_of(frame.number) if self._naming.key else None,
        )

    def _start_saving(self, now_s: float) -> None:
        self._saved_at = now_s
        self._saving = Thread(target=self._save, name="journal-to-disk", daemon=True)
        self._saving.start()

    def _save(self) -> None:
        if self._mirror is None:
            return
        try:
            self._mirror.save()
            self.saves += 1
        except OSError as error:
            log.warning("The journal cannot be copied to disk: %s", error.strerror or error)

    def _note_unstored(self, error: OSError) -> None:
        self.unstored += 1
        if self.unstored == 1:
            log.error("Journal: frames cannot be written (%s); they are lost until it works.", error.strerror or error)


def _warn_if_unusable(disk: Path) -> None:
    """Log at the start what would fail only when the copy is needed: a folder that is a mistake. Nothing is created."""
    there = next(path for path in (disk, *disk.absolute().parents) if path.exists())
    number = errno.ENOTDIR if not there.is_dir() else 0 if os.access(there, os.W_OK | os.X_OK) else errno.EACCES
    if number:
        error = OSError(number, os.strerror(number))
        log.warning("%s", sentence(str(unusable("the journal's copy on disk", disk, "STATE", error))))
