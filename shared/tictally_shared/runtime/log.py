"""What the recorder logs, and how seldom."""

import logging
import os
import sys
from dataclasses import dataclass, field
from typing import Final

EVERY_S: Final = 60.0
_MAX_SENTENCES: Final = 256


def set_up() -> None:
    """Log to stderr, a line a fact; with the time, except where systemd's journal writes it."""
    handler = logging.StreamHandler(sys.stderr)
    under_systemd = "JOURNAL_STREAM" in os.environ
    handler.setFormatter(logging.Formatter("%(message)s" if under_systemd else "%(asctime)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


@dataclass(slots=True)
class Seldom:
    """Sentences that may come again and again: each at once, then at most once a minute with a count.

    Args:
        log: where they go.
    """

    log: logging.Logger
    _last_s: dict[str, float] = field(default_factory=dict)
    _held: dict[str, int] = field(default_factory=dict)

    def say(self, sentence: str, now_s: float, level: int = logging.WARNING) -> None:
        """Say it, unless it was said less than a minute ago."""
        if len(self._last_s) > _MAX_SENTENCES:
            self._last_s.clear()
            self._held.clear()
        if now_s - self._last_s.get(sentence, -EVERY_S) < EVERY_S:
            self._held[sentence] = self._held.get(sentence, 0) + 1
            return
        self._last_s[sentence] = now_s
        held = self._held.pop(sentence, 0)
        self.log.log(level, "%s%s", sentence, f" ({held} times more since it was last said)" if held else "")
