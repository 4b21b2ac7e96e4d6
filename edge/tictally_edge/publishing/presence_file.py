"""The file in which an edge remembers under which names it is on the broker: in the journal's folder, and on disk."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tictally_edge.publishing.presence import Presence, remembered
from tictally_shared.runtime import atomic_file

_NAME: Final = "published.json"

log = logging.getLogger(__name__)


class PresenceFile:
    """A file in each of some folders, written only when a name changes.

    Args:
        folders: the journal's, and that of its copy on disk where there is one.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._paths = [folder / _NAME for folder in folders]

    def load(self) -> frozenset[Presence]:
        """Return what any of the files has; a file that cannot be read counts for nothing."""
        found: frozenset[Presence] = frozenset()
        for path in self._paths:
            try:
                entries = json.loads(path.read_bytes())
            except (OSError, ValueError):
                continue
            found |= remembered(entries) if isinstance(entries, list) else frozenset()
        return found

    def save(self, known: frozenset[Presence]) -> None:
        """Replace the files; one that cannot be written is reported, since old topics may then stay."""
        text = json.dumps([asdict(each) for each in sorted(known, key=str)], indent=1)
        for path in self._paths:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                atomic_file.write_text(path, text)
            except OSError as error:
                log.warning("%s cannot be written: %s", path, error.strerror or error)
