"""How nightly backups stand, and how the ledger keeps that. Pure."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

NOTE: Final = "backup"


@dataclass(frozen=True, slots=True)
class BackupState:
    """How nightly backups stand; it outlives the process as a note in the ledger.

    Attributes:
        folder: that they are put into.
        made_ms: when the newest was made, milliseconds since 1970, or None.
        problem: why the last night has none, a sentence, or None.
    """

    folder: str
    made_ms: int | None = None
    problem: str | None = None

    def to_note(self) -> str:
        """As the ledger keeps it."""
        return json.dumps(asdict(self))

    @classmethod
    def of_note(cls, note: str | None, folder: Path) -> Self:
        """What a note says of a folder; nothing where it is of another one."""
        if note is not None:
            noted = cls(**json.loads(note))
            if noted.folder == str(folder):
                return noted
        return cls(str(folder))
