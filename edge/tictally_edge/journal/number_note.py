"""Notes on disk which number was given last, so that what a power cut destroys is known to have existed.

A file `numbers` of two records of 256 bytes, written in turn, so that one is whole at every moment. Each is a record of
the log (see wal.py) with the letter `L`, `{"boot":…,"last":…}`, padded with spaces. Writing one costs no disk write of
its own: the system writes the page it is in, at the latest when it is flushed every ten seconds.
"""

import json
import os
from pathlib import Path
from typing import Final

from tictally_edge.journal import wal

_FILE: Final = "numbers"
_LETTER: Final = "L"
_SLOT_BYTES: Final = 256
_FLUSH_S: Final = 10.0


class NumberNote:
    """The note in one folder.

    Args:
        folder: on disk; created when something is noted.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._fd = -1
        self._slot = 0
        self._flushed_s = 0.0

    def read(self) -> tuple[str, int] | None:
        """Boot and number that were noted last, or None."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return None
        found = [
            (int(body["last"]), str(body["boot"]))
            for start in (0, _SLOT_BYTES)
            for record in wal.decode(data[start : start + _SLOT_BYTES]).records
            if record.letter == _LETTER and isinstance(body := json.loads(record.text), dict)
        ]
        return max(found)[::-1] if found else None

    def write(self, boot: str, last: int, now_s: float) -> None:
        """Note a number.

        Raises:
            OSError: it cannot be written.
        """
        if self._fd < 0:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
            os.ftruncate(self._fd, 0)  # of an earlier boot
        text = json.dumps({"boot": boot, "last": last}, separators=(",", ":"))
        room = _SLOT_BYTES - len(wal.encode(_LETTER, text))
        os.pwrite(self._fd, wal.encode(_LETTER, text + " " * room), self._slot)
        self._slot = _SLOT_BYTES - self._slot
        if now_s - self._flushed_s >= _FLUSH_S:
            self._flushed_s = now_s
            os.fdatasync(self._fd)

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
