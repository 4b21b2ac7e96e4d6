"""What becomes of a frame: it waits for its date, is numbered, and is kept, in memory and where need be on disk."""

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Final

from tictally_edge.journal.disk_mirror import DiskCopy
from tictally_edge.journal.journal import Journal, JournalError
from tictally_edge.journal.undated_queue import Waiting, WaitingRoom
from tictally_edge.topics.naming import Naming, serial_of
from tictally_edge.validation.validator import ValidatedFrame
from tictally_shared.frames import Frame
from tictally_shared.labels import Mode

# A broker that restarts is back by then, and nothing was written.
_AWAY_BEFORE_SAVING_S: Final = 60.0
_SAVED_EVERY_S: Final = 60.0
# At the end: what is under way may take this long.
_SAVED_WITHIN_S: Final = 2.0

log = logging.getLogger(__name__)


class Archive:
    """Journal, waiting room and copy on disk of one edge.

    Attributes:
        journal: the numbered frames.
        waiting: the frames without date.
        unkept: frames that could not be kept, and which therefore never were numbered.
        saves: how often the journal was copied to disk.

    Args:
        folder: of the journal, in memory.
        disk: of its copy, or None where there is none.
        naming: under which names frames are kept.
        machine: what names this life of the machine, or an empty text where nothing does.
        most_bytes: room for the journal.

    Raises:
        JournalError: a folder cannot be used.
    """

    def __init__(self, folder: Path, disk: Path | None, naming: Naming, machine: str, most_bytes: int) -> None:
        self._naming = naming
        self._copy = DiskCopy(folder, disk) if disk is not None else None
        try:
            if self._copy is not None:
                self._copy.bring_back()
            self.journal = Journal(folder, naming.edge, machine, most_bytes)
            self.waiting = WaitingRoom(folder, machine, self.journal.released)
        except OSError as error:
            raise JournalError(f"the journal {folder} cannot be used: {error.strerror or error}") from None
        self.unkept = self.saves = 0
        self._away_since: float | None = None
        self._saved_at = 0.0
        self._saving: Thread | None = None
        self._is_stale = False  # the copy on disk says that the broker lacks frames which it has by now

    def keep(self, number: str, validated: ValidatedFrame, at: float, time_ms: int | None) -> Frame | None:
        """Numbers and keeps a frame, or lets it wait where it has no date.

        Args:
            number: the meter's own.
            validated: what of the frame may be published.
            at: monotonic seconds.
            time_ms: when its end arrived, or None where no clock is known to be right.

        Returns:
            The numbered frame; None where it waits, or could not be kept.
        """
        try:
            if time_ms is None:
                waiting = Waiting(at, number, validated.frame.mode, validated.values, validated.dated)
                self.waiting.put(waiting)
                return None
            return self.journal.append(
                lambda boot, seq: self._frame(
                    number, validated.frame.mode, validated.values, validated.dated, (boot, seq, time_ms)
                )
            )
        except OSError as error:
            self._complain(error)
            return None

    def believe(self, number: str) -> None:
        """Notes which meter speaks."""
        try:
            self.journal.believe(number)
        except OSError as error:
            log.warning("The journal cannot note the meter's number: %s", error.strerror or error)

    def release(self, date_ms: Callable[[float], int | None], most: int) -> list[Frame]:
        """Dates, numbers and keeps frames that waited, the oldest first, as soon as a date can be had.

        Args:
            date_ms: dates a monotonic moment, or says None.
            most: frames in one call.
        """
        released: list[Frame] = []
        try:
            while len(released) < most and (first := self.waiting.first()) is not None:
                index, frame = first
                time_ms = date_ms(frame.at)
                if time_ms is None:
                    break
                released.append(self._append_waiting(index, frame, time_ms))
                self.waiting.leave()
        except OSError as error:
            self._complain(error)
        return released

    def tend(self, *, is_away: bool, now_s: float) -> None:
        """Copies the journal to disk while the broker is away for more than a minute, and once when it has all again.

        A card may take seconds, for which the line does not wait: the copy is made beside the loop, one at a time.

        Args:
            is_away: the broker has not accepted us.
            now_s: monotonic seconds.
        """
        if self._saving is not None and self._saving.is_alive():
            return
        if not is_away:
            self._away_since = None
            if self._is_stale and not self.journal.backlog():
                self._is_stale = False
                self._save_beside(now_s)
            return
        if self._away_since is None:
            self._away_since = now_s
        if now_s - self._away_since >= _AWAY_BEFORE_SAVING_S and now_s - self._saved_at >= _SAVED_EVERY_S:
            self._is_stale = True
            self._save_beside(now_s)

    def wait_until_saved(self, timeout_s: float) -> bool:
        """True once no copy is under way."""
        if self._saving is not None:
            self._saving.join(timeout_s)
            return not self._saving.is_alive()
        return True

    def close(self) -> None:
        """Copies the journal to disk and lets it go."""
        if self.wait_until_saved(_SAVED_WITHIN_S):
            self._save()
        else:
            log.warning("The journal cannot be copied to disk: the disk does not answer.")
        self.waiting.close()
        self.journal.close()

    def _append_waiting(self, index: int, waiting: Waiting, time_ms: int) -> Frame:
        return self.journal.append(
            lambda boot, seq: self._frame(
                waiting.number, waiting.mode, waiting.values, waiting.dated, (boot, seq, time_ms)
            ),
            (self.waiting.id, index),
        )

    def _frame(
        self,
        number: str,
        mode: Mode,
        values: dict[str, int | str],
        dated: dict[str, str],
        numbered: tuple[str, int, int],
    ) -> Frame:
        boot, seq, time_ms = numbered
        return Frame(
            meter=self._naming.key or number,
            edge=self._naming.edge,
            boot=boot,
            seq=seq,
            time_ms=time_ms,
            mode=mode,
            values=values,
            dated=dated,
            serial=serial_of(number) if self._naming.key else None,
        )

    def _save_beside(self, now_s: float) -> None:
        self._saved_at = now_s
        self._saving = Thread(target=self._save, name="journal-to-disk", daemon=True)
        self._saving.start()

    def _save(self) -> None:
        if self._copy is None:
            return
        try:
            self._copy.save()
            self.saves += 1
        except OSError as error:
            log.warning("The journal cannot be copied to disk: %s", error.strerror or error)

    def _complain(self, error: OSError) -> None:
        self.unkept += 1
        if self.unkept == 1:
            log.error("The journal cannot keep frames (%s); they are lost until it can.", error.strerror or error)
