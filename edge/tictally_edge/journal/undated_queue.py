"""Frames without a date: queued in the journal's folder while this machine's clock has not been proved.

A file `undated` of the log's records (see wal.py). The first has the letter `M`, `{"machine":…,"id":…}`: the life of
the machine, whose monotonic clock dates them later, and a random name of this file. The others have the letter `W`:
`{"at":…,"number":…,"mode":…,"values":…,"dated":…}`, `at` in seconds on that clock. They are numbered by their order
from 0. Once dated, a frame's record in the log names its number here, so that a kill in between duplicates none.
"""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tictally_edge.journal import wal
from tictally_shared.labels import Mode

_FILE: Final = "undated"
_MACHINE, _UNDATED = "M", "W"
# Half a day of frames. In memory on a Pi, and a clock that is not right by then will not be.
MAX_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class UndatedFrame:
    """A frame without date.

    Attributes:
        at: when its end arrived, in seconds on the machine's monotonic clock.
        number: the meter's own.
        mode: of its line.
        values: label → value.
        dated: label → horodate.
    """

    at: float
    number: str
    mode: Mode
    values: dict[str, int | str]
    dated: dict[str, str]


class UndatedQueue:
    """The frames that wait for a date, oldest first.

    Attributes:
        id: names this queue's file, for the journal.
        dropped: frames dropped: the machine was restarted, there was no room, or their records are damaged.

    Args:
        folder: of the journal.
        machine: identifies this life of the machine; empty if nothing does.
        released: from the journal, the id of the file and how many of its frames were dated already.

    Raises:
        OSError: the file cannot be read.
    """

    def __init__(self, folder: Path, machine: str, released: tuple[str, int]) -> None:
        self._path, self._machine = folder / _FILE, machine
        self.id = ""
        self.dropped = 0
        self._file: wal.WalFile | None = None
        self._size = self._count = self._next = 0
        self._read_to = 0  # where the oldest frame's record begins
        self._first: tuple[UndatedFrame, int] | None = None  # and its content, with its length in bytes
        self._restore(released)

    def __len__(self) -> int:
        return self._count - self._next

    def put(self, frame: UndatedFrame) -> None:
        """Queue a frame.

        Raises:
            OSError: it could not be written.
        """
        if self._size >= MAX_BYTES:
            self.dropped += 1
            return
        file = self._file or self._begin()
        body = {"at": frame.at, "number": frame.number, "mode": frame.mode.value}
        self._size += file.append(_UNDATED, _compact({**body, "values": frame.values, "dated": frame.dated}))
        self._count += 1

    def peek(self) -> tuple[int, UndatedFrame] | None:
        """Return the oldest frame and its number in the file, or None.

        Raises:
            OSError: the file cannot be read.
        """
        if not len(self):
            return None
        if self._first is None:
            with self._path.open("rb") as file:
                file.seek(self._read_to)
                line = file.readline()
            (record,) = wal.decode(line).records
            self._first = _frame(json.loads(record.text)), len(line)
        return self._next, self._first[0]

    def pop(self) -> None:
        """Remove the oldest frame, as returned by `peek`: it has been dated and is in the journal."""
        if self._first is not None:
            self._read_to += self._first[1]
        self._first = None
        self._next += 1
        if not len(self):
            self.close()
            self._path.unlink(missing_ok=True)
            self.id = ""
            self._size = self._count = self._next = self._read_to = 0

    def close(self) -> None:
        """Close the file; the frames are still there after a restart."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self) -> wal.WalFile:
        self.id = secrets.token_hex(8)
        self._path.write_bytes(b"")
        self._file = wal.WalFile(self._path, 0)
        self._size = self._read_to = self._file.append(_MACHINE, _compact({"machine": self._machine, "id": self.id}))
        return self._file

    def _restore(self, released: tuple[str, int]) -> None:
        if not self._path.exists():
            return
        data = self._path.read_bytes()
        content = wal.decode(data)
        frames = [record for record in content.records if record.letter == _UNDATED]
        try:
            head = json.loads(content.records[0].text)
            is_of_this_life = bool(self._machine) and head["machine"] == self._machine
        except (IndexError, ValueError, KeyError, TypeError):
            is_of_this_life = False
        if not is_of_this_life:
            self.dropped += len(frames)
            self._path.unlink()
            return
        self.id, self._size, self._count = head["id"], content.size, len(frames)
        self._next = min(released[1], self._count) if released[0] == self.id else 0
        self.dropped += content.unread
        self._read_to = sum(len(line) + 1 for line in data.split(b"\n")[: self._next + 1])
        self._file = wal.WalFile(self._path, content.size)


def _frame(body: dict[str, Any]) -> UndatedFrame:
    return UndatedFrame(body["at"], body["number"], Mode(body["mode"]), body["values"], body["dated"])


def _compact(body: object) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
