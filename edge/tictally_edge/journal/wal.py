"""The journal's write-ahead log: a file of records, appended to before a frame is published.

Format, version 1: each record is a line: a CRC-32 of what follows it in eight hexadecimal digits, a space, a letter, a
space, a string, and a line feed. The letters:

- `T`, the first record: `{"wal":1,"boot":…,"machine":…,"first":…,"backlog":{boot:[[first,last],…]},"number":…,
  "registers":{label:[value,time]},"newest":…,"released":[id,n],"ended":[[boot,last],…]}`. The journal's
  state when the log began: the life of the journal, the life of the machine (Linux's boot id), the number of the first
  frame to come, which older frames are not acknowledged, the meter's own number, its registers accepted last with
  milliseconds since 1970, the newest frame's time, how many frames of which undated file have been dated, and the last
  numbers of earlier boots.
- `F`: a frame, as it is published.
- `D`: a frame that had waited for its date: the id of the undated file, its number there, the frame, with a space
  between them (see undated_queue.py).
- `A`: `{"boot":[[first,last],…]}`, frames that the broker acknowledged.
- `N`: the meter's own number, a JSON string, when it is another one.

Only a line feed ends a line. A line without its line feed was being written when the process ended; it is cut off. One
that is whole except for its line feed was written, and damaged afterwards. That one, and any other line that does not
match its CRC, makes the log unreadable from there on.
"""

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tictally_shared.runtime import atomic_file

VERSION: Final = 1
HEAD, FRAME, DATED, ACK, NUMBER = "T", "F", "D", "A", "N"
_PREFIX: Final = 9  # eight digits and a space


@dataclass(frozen=True, slots=True)
class WalRecord:
    """One record of a log: its letter and its string."""

    letter: str
    text: str


@dataclass(frozen=True, slots=True)
class WalContent:
    """The content of a log.

    Attributes:
        records: as far as they can be read.
        is_intact: False if a record is damaged.
        size: bytes up to the last good record.
        unread: records after that, the damaged one among them; 0 where it is intact.
    """

    records: list[WalRecord]
    is_intact: bool
    size: int
    unread: int = 0


def encode(letter: str, text: str) -> bytes:
    """Return a record as bytes."""
    body = f"{letter} {text}".encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(data: bytes) -> WalContent:
    """Parse a log."""
    *lines, tail = data.split(b"\n")  # not splitlines: a carriage return is damage
    records: list[WalRecord] = []
    size = 0
    for read, line in enumerate(lines):
        body = line[_PREFIX:]
        if not _matches(line):
            return WalContent(records, is_intact=False, size=size, unread=len(lines) - read + bool(tail))
        letter, _, text = body.decode("utf-8", "replace").partition(" ")
        records.append(WalRecord(letter, text))
        size += len(line) + 1
    if tail and _matches(tail[:-1]):
        return WalContent(records, is_intact=False, size=size, unread=1)
    return WalContent(records, is_intact=True, size=size)


def _matches(line: bytes) -> bool:
    return line[:_PREFIX] == b"%08x " % zlib.crc32(line[_PREFIX:])


class WalFile:
    """An open log that is appended to.

    Args:
        path: of the file, which exists.
        size: where to continue, in bytes; whatever follows is cut off.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        os.ftruncate(self._fd, size)
        self._size = size

    def append(self, letter: str, text: str) -> int:
        """Append a record.

        Returns:
            Its length in bytes.

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
        """Flush to the medium."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def replace(path: Path, head: dict[str, Any]) -> WalFile:
    """Replace a log by a new one with its first record, in one step."""
    line = encode(HEAD, json.dumps(head, separators=(",", ":")))
    atomic_file.write_bytes(path, line, is_durable=False)  # after a power loss a new boot begins anyway
    return WalFile(path, len(line))
