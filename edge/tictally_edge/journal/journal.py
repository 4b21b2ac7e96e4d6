"""The journal: numbers frames, stores them, and tracks which of them the broker has acknowledged.

A folder with a write-ahead log `wal` (see wal.py) and segments `<boot>-<first>-<last>.segment` (see segment.py). A
frame is in the log before it is published; a full log becomes a segment. After a kill the numbering continues. Where
the last number cannot be known (the log is damaged, or the machine itself restarted, so that the last records may not
have reached the medium) a new boot begins, because a number used twice would hide a frame for ever.
"""

import errno
import fcntl
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from tictally_edge.journal import wal
from tictally_edge.journal.segments import MAX_BYTES, Segments
from tictally_edge.settings import PREFIX
from tictally_shared.frames import Frame, FrameError
from tictally_shared.interval_set import IntervalSet
from tictally_shared.labels import LABELS, Kind
from tictally_shared.runtime import atomic_file

FRAMES_PER_SEGMENT: Final = 512
_WAL: Final = "wal"
_MAX_ENDED: Final = 8
_REASONS: Final = {
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EEXIST: "a file stands in its place",
    errno.ENOTDIR: "a file stands in its place",
    errno.ENOENT: "it cannot be created there",
    errno.EROFS: "that disk is read-only",
    errno.ENOSPC: "that disk is full",
}

log = logging.getLogger(__name__)


class JournalError(Exception):
    """A journal that cannot be used; the message states why."""


def unusable(what: str, folder: Path, setting: str, error: OSError) -> JournalError:
    """The error of a folder that cannot be used.

    Args:
        what: in words: `the journal`.
        folder: of it.
        setting: that names it, without the prefix.
        error: of the attempt.
    """
    reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
    return JournalError(f"{what} {folder} cannot be used: {reason}; {PREFIX}{setting} names another folder")


class Journal:
    """One edge's journal. Only one process at a time can open a folder.

    Attributes:
        boot: 16 hexadecimal digits, this life of the journal.
        number: the meter's own number, or None.
        registers: label → (value, time in milliseconds since 1970), as stored last.
        newest_ms: the time of the newest frame ever stored, as far as is known, or 0.
        released: the id of the undated file whose frames were dated last, and how many of them were.
        ended: earlier boot → the last number that it gave, as far as is known; the newest eight.

    Args:
        folder: where it is stored; created if it is missing.
        edge: the edge's name.
        machine: identifies this life of the machine; empty if nothing does.
        max_bytes: room for segments, in bytes; beyond it the oldest are dropped.
        noted: boot and number that were noted on disk as given, or None.

    Raises:
        JournalError: the folder cannot be written, or another process has it open.
    """

    def __init__(
        self,
        folder: Path,
        edge: str,
        machine: str,
        max_bytes: int = MAX_BYTES,
        noted: tuple[str, int] | None = None,
    ) -> None:
        self._folder, self._edge, self._machine = folder, edge, machine
        self.number: str | None = None
        self.registers: dict[str, tuple[int, int]] = {}
        self.newest_ms = 0
        self.released = ("", 0)
        self.ended: dict[str, int] = {}
        self._damaged_logs = 0
        self._backlog: dict[str, IntervalSet] = {}
        self._frames: list[Frame] = []  # of the log
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = self._take_lock()
            atomic_file.remove_stale_parts(folder, older_than_s=0)
            self._segments = Segments(folder, max_bytes)
            self.boot, first = self._resolve(*self._restore(), noted)
            self._segments.drop_old(self.newest_ms)
            self._begin_log(first)
        except OSError as error:
            raise unusable("the journal", folder, "JOURNAL", error) from None

    @property
    def next_seq(self) -> int:
        """The number that the next frame gets."""
        return self._first + len(self._frames)

    @property
    def dropped(self) -> int:
        """Frames dropped because they were old or there was no room, since this process started."""
        return self._segments.dropped

    @property
    def damaged(self) -> int:
        """Segments and logs that could not be read, since this process started."""
        return self._damaged_logs + self._segments.damaged

    def append(self, make: Callable[[str, int], Frame], queued: tuple[str, int] | None = None) -> Frame:
        """Number and store a frame; where there is no room, the oldest segment is dropped.

        Args:
            make: returns the frame for a boot and a number.
            queued: of one that had waited for its date, the id of the undated file and its number there.

        Raises:
            OSError: it could not be written; the next frame gets its number.
        """
        frame = make(self.boot, self.next_seq)
        if queued is None:
            self._write(wal.FRAME, frame.to_json())
        else:
            self._write(wal.DATED, f"{queued[0]} {queued[1]} {frame.to_json()}")
            self.released = (queued[0], queued[1] + 1)
        self._frames.append(frame)
        self._backlog.setdefault(self.boot, IntervalSet()).add(frame.seq, frame.seq)
        self._note_registers(frame)
        if len(self._frames) % FRAMES_PER_SEGMENT == 0:
            self._seal(frame.time_ms)
        return frame

    def acknowledge(self, acked: dict[str, IntervalSet]) -> None:
        """Record that the broker has frames, by boot.

        Raises:
            OSError: it could not be written; they will be published again after a restart.
        """
        for boot, ranges in acked.items():
            for first, last in ranges:
                self._mark_acknowledged(boot, first, last)
        self._write(wal.ACK, _compact({boot: list(ranges) for boot, ranges in acked.items()}))

    def begin_boot(self) -> None:
        """Begin a new boot, because numbers of this one were given before; what is stored stays.

        Raises:
            OSError: it could not be written; the boot is the same.
        """
        full, before, ended = self._log, self.boot, dict(self.ended)
        sealed = self._segments.seal(self._frames) if self._frames else None
        self._note_ended(before, self.next_seq - 1)
        self.boot = secrets.token_hex(8)
        try:
            self._begin_log(1)
        except OSError:
            self.boot, self.ended = before, ended
            if sealed is not None:
                self._segments.discard(sealed)
            raise
        full.close()

    def set_meter(self, number: str) -> None:
        """Record the meter's own number, and forget the registers of the one before.

        Raises:
            OSError: it could not be written; it is not known after a restart.
        """
        if number != self.number:
            self.number, self.registers = number, {}
            self._write(wal.NUMBER, json.dumps(number))

    def held(self) -> dict[str, IntervalSet]:
        """Return the numbers of the stored frames, by boot."""
        held = self._segments.held()
        if self._frames:
            held.setdefault(self.boot, IntervalSet()).add(self._first, self.next_seq - 1)
        return held

    def backlog(self) -> dict[str, IntervalSet]:
        """Return the numbers of stored frames that the broker has not acknowledged, by boot."""
        held = self.held()
        here = {boot: ranges & held[boot] for boot, ranges in self._backlog.items() if boot in held}
        return {boot: ranges for boot, ranges in here.items() if ranges}

    def frames(self, boot: str, first: int, last: int) -> Iterator[Frame]:
        """Yield the frames first … last of a boot, as far as they are stored, in the order of their numbers."""
        yield from self._segments.frames(boot, first, last)
        if boot == self.boot:
            yield from [frame for frame in self._frames if first <= frame.seq <= last]

    def close(self) -> None:
        """Flush the log to the medium and release the folder."""
        self._log.sync()
        self._log.close()
        os.close(self._lock)

    def _take_lock(self) -> int:
        fd = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            raise JournalError(f"the journal {self._folder} is in use by another edge") from None
        return fd

    def _resolve(self, boot: str, first: int, noted: tuple[str, int] | None) -> tuple[str, int]:
        """The boot and the number to continue with, where others were noted on disk as given."""
        if noted is None:
            return boot, first
        if noted[0] == boot and noted[1] >= first:  # this journal is older than the note
            boot, first = secrets.token_hex(8), 1
        if noted[0] != boot:
            self._note_ended(*noted)
        return boot, first

    def _note_ended(self, boot: str, last: int) -> None:
        if last > 0:
            self.ended[boot] = max(last, self.ended.pop(boot, 0))
        for old in list(self.ended)[:-_MAX_ENDED]:
            del self.ended[old]

    def _restore(self) -> tuple[str, int]:
        """Read the log; return the boot and the number to continue with."""
        path = self._folder / _WAL
        data = path.read_bytes() if path.exists() else b""
        content = wal.decode(data)
        if not content.records:
            self._damaged_logs += bool(data)
            return secrets.token_hex(8), 1
        try:
            head, frames = self._replay(content)
        except (ValueError, KeyError, TypeError, IndexError, FrameError):
            log.warning("Journal: the log has a format that this version cannot read; it is kept as wal.unread.")
            path.replace(path.with_suffix(".unread"))
            self._damaged_logs += 1
            return secrets.token_hex(8), 1
        boot: str = head["boot"]
        sealed = self._segments.last(boot)
        frames = [frame for frame in frames if frame.seq > sealed]
        if frames:
            self._segments.seal(frames)
        if content.is_intact and self._machine and head["machine"] == self._machine:
            return boot, max(head["first"], sealed + 1, frames[-1].seq + 1 if frames else 1)
        self._damaged_logs += not content.is_intact
        self._note_ended(boot, max(head["first"] - 1, sealed, frames[-1].seq if frames else 0))
        return secrets.token_hex(8), 1

    def _replay(self, content: wal.WalContent) -> tuple[dict[str, Any], list[Frame]]:
        head = json.loads(content.records[0].text)
        if content.records[0].letter != wal.HEAD or head["wal"] != wal.VERSION:
            raise ValueError("not the first record of a log")
        self.number, self.newest_ms = head["number"], head["newest"]
        self.registers = {label: (value, at) for label, (value, at) in head["registers"].items()}
        self.released = (head["released"][0], head["released"][1])
        self._backlog = {boot: IntervalSet(ranges) for boot, ranges in head["backlog"].items()}
        self.ended = {str(boot): int(last) for boot, last in head.get("ended", ())}
        frames = []
        for record in content.records[1:]:
            if record.letter in (wal.FRAME, wal.DATED):
                text = record.text
                if record.letter == wal.DATED:
                    queue_id, index, text = text.split(" ", 2)
                    self.released = (queue_id, int(index) + 1)
                frame = Frame.from_json(text)
                frames.append(frame)
                self._backlog.setdefault(frame.boot, IntervalSet()).add(frame.seq, frame.seq)
                self._note_registers(frame)
            elif record.letter == wal.ACK:
                for boot, ranges in json.loads(record.text).items():
                    for first, last in ranges:
                        self._mark_acknowledged(boot, first, last)
            elif record.letter == wal.NUMBER:
                self.number, self.registers = json.loads(record.text), {}
        return head, frames

    def _note_registers(self, frame: Frame) -> None:
        self.newest_ms = max(self.newest_ms, frame.time_ms)
        for label, value in frame.values.items():
            if isinstance(value, int) and (known := LABELS.get(label)) and known.kind is Kind.REGISTER:
                self.registers[label] = (value, frame.time_ms)

    def _mark_acknowledged(self, boot: str, first: int, last: int) -> None:
        if boot in self._backlog:
            self._backlog[boot].remove(first, last)

    def _write(self, letter: str, text: str) -> None:
        try:
            self._log.append(letter, text)
        except OSError:
            if not self._segments.make_room():
                raise
            self._log.append(letter, text)

    def _seal(self, now_ms: int) -> None:
        """Turn the log into a segment; on a full disk the log goes on growing, and the next call tries again."""
        full = self._log
        try:
            sealed = self._segments.seal(self._frames)
        except OSError as error:
            log.warning("Journal: a segment cannot be written: %s", error.strerror or error)
            self._segments.make_room()
            return
        try:
            self._begin_log(self.next_seq)
        except OSError as error:
            log.warning("Journal: a new log cannot be started: %s", error.strerror or error)
            self._segments.discard(sealed)
            return
        full.close()
        self._segments.drop_old(now_ms)

    def _begin_log(self, first: int) -> None:
        held = self._segments.held()
        self._backlog = {boot: ranges & held[boot] for boot, ranges in self._backlog.items() if boot in held}
        head = {
            "wal": wal.VERSION,
            "boot": self.boot,
            "machine": self._machine,
            "first": first,
            "backlog": {boot: list(ranges) for boot, ranges in self._backlog.items() if ranges},
            "number": self.number,
            "registers": self.registers,
            "newest": self.newest_ms,
            "released": self.released,
            "ended": list(self.ended.items()),
        }
        self._log = wal.replace(self._folder / _WAL, head)
        self._first, self._frames = first, []


def _compact(body: object) -> str:
    return json.dumps(body, separators=(",", ":"))
