"""The journal: numbers frames, keeps them, knows which of them the broker has acknowledged.

A folder with one `tail` (see tail.py) and sealed blocks `<boot>-<first>-<last>.block` (see block.py). A frame is in
the tail before it is published; a full tail is sealed by rename. After a kill the numbering goes on where it stood.
Where that cannot be known (the tail is damaged, or the machine itself started anew, so that the last lines may not have
reached the medium) a new boot begins, because a number that is used twice would hide a frame for ever.
"""

import fcntl
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from tictally_edge.journal import wal
from tictally_edge.journal.segments import MOST_BYTES, Blocks
from tictally_shared.frames import Frame, FrameError
from tictally_shared.interval_set import IntervalSet
from tictally_shared.labels import LABELS, Kind
from tictally_shared.runtime import atomic_file

FRAMES_PER_BLOCK: Final = 512
_TAIL: Final = "tail"

log = logging.getLogger(__name__)


class JournalError(Exception):
    """A journal that cannot be used; the sentence says why."""


class Journal:
    """One edge's journal. Only one process at a time has a folder open.

    Attributes:
        boot: 16 hexadecimal digits, this life of the journal.
        number: the meter's own number believed last, or None.
        registers: label → (value, time in milliseconds since 1970), believed last.
        newest_ms: the time of the newest frame that was ever here, as far as is known, or 0.
        released: the id of the waiting file whose frames were dated last, and how many of them were.

    Args:
        folder: where it lives; made where it is missing.
        edge: the edge's name.
        machine: what names this life of the machine, or an empty text where nothing does.
        most_bytes: room for sealed blocks; beyond it the oldest go.

    Raises:
        JournalError: the folder cannot be written, or another process has it.
    """

    def __init__(self, folder: Path, edge: str, machine: str, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._edge, self._machine = folder, edge, machine
        self.number: str | None = None
        self.registers: dict[str, tuple[int, int]] = {}
        self.newest_ms = 0
        self.released = ("", 0)
        self._damaged_tails = 0
        self._backlog: dict[str, IntervalSet] = {}
        self._frames: list[Frame] = []  # of the tail
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = self._take_lock()
            atomic_file.remove_stale_parts(folder, older_than_s=0)
            self._blocks = Blocks(folder, most_bytes)
            self.boot, first = self._restore()
            self._begin_tail(first)
        except OSError as error:
            raise JournalError(f"the journal {folder} cannot be used: {error.strerror or error}") from None

    @property
    def next_seq(self) -> int:
        """The number that the next frame gets."""
        return self._first + len(self._frames)

    @property
    def dropped(self) -> int:
        """Frames that went because they were old or there was no room, since this process started."""
        return self._blocks.dropped

    @property
    def damaged(self) -> int:
        """Blocks and tails that could not be read, since this process started."""
        return self._damaged_tails + self._blocks.damaged

    def append(self, make: Callable[[str, int], Frame], waited: tuple[str, int] | None = None) -> Frame:
        """Numbers a frame and keeps it; where there is no room, the oldest block goes.

        Args:
            make: gives the frame for a boot and a number.
            waited: of one that had waited for its date, the id of the waiting file and its number there.

        Raises:
            OSError: it could not be written; its number is given to the next one.
        """
        frame = make(self.boot, self.next_seq)
        if waited is None:
            self._write(wal.FRAME, frame.to_json())
        else:
            self._write(wal.DATED, f"{waited[0]} {waited[1]} {frame.to_json()}")
            self.released = (waited[0], waited[1] + 1)
        self._frames.append(frame)
        self._backlog.setdefault(self.boot, IntervalSet()).add(frame.seq, frame.seq)
        self._learn(frame)
        if len(self._frames) % FRAMES_PER_BLOCK == 0:
            self._seal(frame.time_ms)
        return frame

    def acknowledge(self, acked: dict[str, IntervalSet]) -> None:
        """Notes that the broker has frames, by boot.

        Raises:
            OSError: it could not be written; they will be published again after a restart.
        """
        for boot, ranges in acked.items():
            for first, last in ranges:
                self._settle(boot, first, last)
        self._write(wal.ACK, _compact({boot: list(ranges) for boot, ranges in acked.items()}))

    def believe(self, number: str) -> None:
        """Notes the meter's own number, and forgets the registers of the one before.

        Raises:
            OSError: it could not be written; it is not known after a restart.
        """
        if number != self.number:
            self.number, self.registers = number, {}
            self._write(wal.NUMBER, json.dumps(number))

    def held(self) -> dict[str, IntervalSet]:
        """The frames that are here, by boot."""
        held = self._blocks.held()
        if self._frames:
            held.setdefault(self.boot, IntervalSet()).add(self._first, self.next_seq - 1)
        return held

    def backlog(self) -> dict[str, IntervalSet]:
        """The frames that are here and that the broker has not acknowledged, by boot."""
        held = self.held()
        here = {boot: ranges & held[boot] for boot, ranges in self._backlog.items() if boot in held}
        return {boot: ranges for boot, ranges in here.items() if ranges}

    def frames(self, boot: str, first: int, last: int) -> Iterator[Frame]:
        """The frames first … last of a boot, as far as they are here, in the order of their numbers."""
        yield from self._blocks.frames(boot, first, last)
        if boot == self.boot:
            yield from [frame for frame in self._frames if first <= frame.seq <= last]

    def close(self) -> None:
        """Writes what is open to the medium and lets the folder go."""
        self._tail.sync()
        self._tail.close()
        os.close(self._lock)

    def _take_lock(self) -> int:
        fd = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            raise JournalError(f"the journal {self._folder} is in use by another edge") from None
        return fd

    def _restore(self) -> tuple[str, int]:
        """Reads the tail; gives the boot and the number to go on with."""
        path = self._folder / _TAIL
        data = path.read_bytes() if path.exists() else b""
        read = wal.decode(data)
        if not read.lines:
            self._damaged_tails += bool(data)
            return secrets.token_hex(8), 1
        try:
            head, frames = self._take_in(read)
        except (ValueError, KeyError, TypeError, IndexError, FrameError):
            log.warning("The journal's tail is of a form that this program does not read; it is kept as tail.unread.")
            path.replace(path.with_suffix(".unread"))
            self._damaged_tails += 1
            return secrets.token_hex(8), 1
        boot: str = head["boot"]
        sealed = self._blocks.last(boot)
        frames = [frame for frame in frames if frame.seq > sealed]
        if frames:
            self._blocks.seal(frames)
        if read.sound and self._machine and head["machine"] == self._machine:
            return boot, max(head["first"], sealed + 1, frames[-1].seq + 1 if frames else 1)
        self._damaged_tails += not read.sound
        return secrets.token_hex(8), 1

    def _take_in(self, read: wal.Read) -> tuple[dict[str, Any], list[Frame]]:
        head = json.loads(read.lines[0].text)
        if read.lines[0].letter != wal.HEAD or head["tail"] != wal.VERSION:
            raise ValueError("not the first line of a tail")
        self.number, self.newest_ms = head["number"], head["newest"]
        self.registers = {label: (value, at) for label, (value, at) in head["registers"].items()}
        self.released = (head["released"][0], head["released"][1])
        self._backlog = {boot: IntervalSet(ranges) for boot, ranges in head["backlog"].items()}
        frames = []
        for line in read.lines[1:]:
            if line.letter in (wal.FRAME, wal.DATED):
                text = line.text
                if line.letter == wal.DATED:
                    waiting, index, text = text.split(" ", 2)
                    self.released = (waiting, int(index) + 1)
                frame = Frame.from_json(text)
                frames.append(frame)
                self._backlog.setdefault(frame.boot, IntervalSet()).add(frame.seq, frame.seq)
                self._learn(frame)
            elif line.letter == wal.ACK:
                for boot, ranges in json.loads(line.text).items():
                    for first, last in ranges:
                        self._settle(boot, first, last)
            elif line.letter == wal.NUMBER:
                self.number, self.registers = json.loads(line.text), {}
        return head, frames

    def _learn(self, frame: Frame) -> None:
        self.newest_ms = max(self.newest_ms, frame.time_ms)
        for label, value in frame.values.items():
            if isinstance(value, int) and (known := LABELS.get(label)) and known.kind is Kind.REGISTER:
                self.registers[label] = (value, frame.time_ms)

    def _settle(self, boot: str, first: int, last: int) -> None:
        if boot in self._backlog:
            self._backlog[boot].remove(first, last)

    def _write(self, letter: str, text: str) -> None:
        try:
            self._tail.append(letter, text)
        except OSError:
            if not self._blocks.make_room():
                raise
            self._tail.append(letter, text)

    def _seal(self, now_ms: int) -> None:
        """Turns the tail into a block; on a full disk the tail goes on growing, and the next turn tries again."""
        full = self._tail
        try:
            sealed = self._blocks.seal(self._frames)
        except OSError as error:
            log.warning("The journal could not seal a block: %s", error.strerror or error)
            self._blocks.make_room()
            return
        try:
            self._begin_tail(self.next_seq)
        except OSError as error:
            log.warning("The journal could not begin a new tail: %s", error.strerror or error)
            self._blocks.take_back(sealed)
            return
        full.close()
        self._blocks.drop_old(now_ms)

    def _begin_tail(self, first: int) -> None:
        held = self._blocks.held()
        self._backlog = {boot: ranges & held[boot] for boot, ranges in self._backlog.items() if boot in held}
        head = {
            "tail": wal.VERSION,
            "boot": self.boot,
            "machine": self._machine,
            "first": first,
            "backlog": {boot: list(ranges) for boot, ranges in self._backlog.items() if ranges},
            "number": self.number,
            "registers": self.registers,
            "newest": self.newest_ms,
            "released": self.released,
        }
        self._tail = wal.replace(self._folder / _TAIL, head)
        self._first, self._frames = first, []


def _compact(body: object) -> str:
    return json.dumps(body, separators=(",", ":"))
