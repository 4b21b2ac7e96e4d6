"""Whose a backup is, where two recorders of one name put theirs into one folder.

A ledger is known by when it was begun: that stays what it was through a restore, on whatever machine.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from tictally_recorder.backup.errors import BackupError
from tictally_recorder.backup.form import read_header
from tictally_recorder.backup.schedule import made_by

# A ledger that was restored here over another one finds that one's: they are no sign of a recorder that runs.
_RUNS_MS: Final = 2 * 86_400_000


class Own:
    """Tells a ledger's own backups from those of another; reads each file once.

    Args:
        began: when the ledger was begun, as it says, or None where it does not.
    """

    def __init__(self, began: str | None) -> None:
        self._began = began
        self._read: dict[Path, str | None] = {}

    def of(self, there: Mapping[int, Path]) -> dict[int, Path]:
        """Those of some backups that are its own; one that does not tell whose it is counts as such.

        Args:
            there: when each was made, milliseconds since 1970, and where it is.
        """
        return {made_ms: path for made_ms, path in there.items() if self._is_own(path)}

    def problem(self, there: Mapping[int, Path], now_ms: int) -> str | None:
        """A sentence where another recorder puts its backups there too, else None.

        Those from before the ledger was begun are of one that was lost: they stay, and are no problem.

        Args:
            there: when each was made, milliseconds since 1970, and where it is.
            now_ms: milliseconds since 1970.
        """
        if self._began is None:
            return None
        since_ms = max(datetime.fromisoformat(self._began).timestamp() * 1000, now_ms - _RUNS_MS)
        others = [each for each in made_by(there, now_ms) if each > since_ms and not self._is_own(there[each])]
        if not others:
            return None
        return (
            f"another recorder of this name puts its backups into this folder too ({there[max(others)].name}): "
            "give each a TICTALLY_NAME or a folder of its own"
        )

    def _is_own(self, path: Path) -> bool:
        if path not in self._read:
            try:
                self._read[path] = read_header(path).began
            except BackupError:
                return True
        return self._began is None or self._read[path] in {None, self._began}
