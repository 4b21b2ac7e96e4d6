"""Remembers which ledgers there were, apart from the ledgers: one that is missing later is not begun again."""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Final

from tictally_shared.runtime import atomic_file

_FOLDER: Final = "ledgers"


class KnownLedgers:
    """A small file for each ledger, named after a hash of its path.

    Args:
        state: the folder of the recorder's state, not on a ledger's own disk; created when something is remembered.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / _FOLDER

    def since(self, ledger: Path) -> str | None:
        """When a ledger was first opened at this path, ISO 8601; None if none is known."""
        try:
            found = json.loads(self._file(ledger).read_text(encoding="utf-8"))
            return str(found["since"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember(self, ledger: Path, now: datetime) -> None:
        """Note that there is a ledger at this path.

        Args:
            ledger: its path.
            now: in UTC.

        Raises:
            OSError: it cannot be written.
        """
        if self.since(ledger) is not None:
            return
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        body = {"ledger": str(ledger.absolute()), "since": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
        atomic_file.write_text(self._file(ledger), f"{json.dumps(body)}\n")

    def _file(self, ledger: Path) -> Path:
        # Not resolved: where a disk is not mounted, a link on it leads elsewhere.
        return self._folder / f"{hashlib.sha256(str(ledger.absolute()).encode()).hexdigest()[:16]}.json"
