"""The journal's uncompressed tail: a file of lines, appended to before a frame is published.

Format, version 1: each line is a CRC-32 of what follows it in eight hexadecimal digits, a space, a letter, a space, a
text, and a line feed. The letters:

- `T`, the first line: `{"tail":1,"boot":…,"machine":…,"first":…,"backlog":{boot:[[first,last],…]},"number":…,
  "registers":{label:[value,time]},"newest":…,"released":[id,n]}`. What the journal knew when the tail began: the life
  of the journal, the life of the machine (Linux's boot id), the number of the first frame to come, what of older frames
  is not acknowledged, the meter's own number and what was believed of its registers, with milliseconds since 1970, the
  newest frame's time, and how many frames of which waiting file have been dated.
- `F`: a frame, as it is published.
- `D`: the same of a frame that had waited for its date: the id of the waiting file, its number there, the frame, with a
  space between them (see waiting.py).
- `A`: `{"boot":[[first,last],…]}`, frames that the broker acknowledged.
- `N`: the meter's own number, a JSON text, when it is believed anew.

A line without its line feed was being written when the process ended; it is cut off. Any other line that does not fit
its CRC makes the tail unreadable from there on.
"""

import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tictally_shared.runtime import atomic_file

VERSION: Final = 1
HEAD, FRAME, DATED, ACK, NUMBER = "T", "F", "D", "A", "N"
_PREFIX: Final = 9  # eight digits and a space


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a tail: its letter and its text."""

    letter: str
    text: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a tail holds.

    Attributes:
        lines: as far as they can be read.
        sound: False where a line is damaged.
        size: bytes up to the last good line.
    """

    lines: list[Line]
    sound: bool
    size: int


def encode(letter: str, text: str) -> bytes:
    """A line of the tail."""
    body = f"{letter} {text}".encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(data: bytes) -> Read:
    """The lines of a tail."""
    lines: list[Line] = []
    size = 0
    for raw in data.splitlines(keepends=True):
        if not raw.endswith(b"\n"):
            break
        body = raw[_PREFIX:-1]
        if raw[:_PREFIX] != b"%08x " % zlib.crc32(body):
            return Read(lines, sound=False, size=size)
        letter, _, text = body.decode("utf-8", "replace").partition(" ")
        lines.append(Line(letter, text))
        size += len(raw)
    return Read(lines, sound=True, size=size)


class TailFile:
    """An open tail that is appended to.

    Args:
        path: of the file, which exists.
        size: where to go on; what stands behind it is cut off.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        os.ftruncate(self._fd, size)
        self._size = size

    def append(self, letter: str, text: str) -> int:
        """Writes a line.

        Returns:
            Its bytes.

        Raises:
            OSError: it could not be written; the file is as it was.
        """
        line = encode(letter, text)
        written = 0
        try:
            while written < len(line):
                written += os.pwrite(self._fd, line[written:], self._size + written)
        except OSError:
            os.ftruncate(self._fd, self._size)
            raise
        self._size += len(line)
        return len(line)

    def sync(self) -> None:
        """Waits until what was written is on the medium."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Closes the file."""
        os.close(self._fd)


def replace(path: Path, head: dict[str, Any]) -> TailFile:
    """Puts a new tail with its first line at a path, in one step."""
    line = encode(HEAD, json.dumps(head, separators=(",", ":")))
    atomic_file.write_bytes(path, line, is_durable=False)  # after a power loss a new boot begins anyway
    return TailFile(path, len(line))


def texts(lines: list[Line], letter: str) -> Iterator[str]:
    """The texts of the lines with a letter."""
    return (line.text for line in lines if line.letter == letter)
