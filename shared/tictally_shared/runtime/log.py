"""Logging of both programs: where it goes, and how often a message may repeat."""

import logging
import os
import sys
from collections import deque
from dataclasses import dataclass, field
from typing import Final

INTERVAL_S: Final = 60.0
_MOST_LINES: Final = 1000
_MOST_CHARACTERS: Final = 2000
_MAX_MESSAGES: Final = 256


def set_up() -> None:
    """Log to stderr, a line a fact; with the time, except where systemd's journal writes it."""
    handler = logging.StreamHandler(sys.stderr)
    under_systemd = "JOURNAL_STREAM" in os.environ
    handler.setFormatter(logging.Formatter("%(message)s" if under_systemd else "%(asctime)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def sentence(text: str) -> str:
    """A text with its full stop; a question keeps its mark alone."""
    return text if text.endswith(("?", ".", "!", "…")) else f"{text}."


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the log.

    Attributes:
        time_ms: milliseconds since 1970.
        level: `INFO`, `WARNING`, `ERROR` …
        message: without a traceback.
    """

    time_ms: int
    level: str
    message: str


class RecentLog(logging.Handler):
    """Keeps the newest lines of the log in memory, for people who cannot read the log itself."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[LogLine] = deque(maxlen=_MOST_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        message = record.getMessage()[:_MOST_CHARACTERS]
        self._lines.append(LogLine(round(record.created * 1000), record.levelname, message))

    def since(self, time_ms: int) -> list[LogLine]:
        """The lines from a moment on, the newest first; other threads may add some meanwhile."""
        return [line for line in reversed(self._lines.copy()) if line.time_ms >= time_ms]


@dataclass(slots=True)
class RateLimitedLogger:
    """Logs a message at once, and its repetitions at most once a minute, with their count.

    Args:
        logger: where messages go.
    """

    logger: logging.Logger
    _last_s: dict[str, float] = field(default_factory=dict)
    _suppressed: dict[str, int] = field(default_factory=dict)

    def log(self, message: str, now_s: float, level: int = logging.WARNING) -> None:
        """Log a message, or count it if the same was logged less than a minute ago.

        Args:
            message: the whole of it; another number in it makes it another message.
            now_s: seconds on a clock that never steps.
            level: of the record.
        """
        if len(self._last_s) > _MAX_MESSAGES:
            self._last_s.clear()
            self._suppressed.clear()
        if now_s - self._last_s.get(message, -INTERVAL_S) < INTERVAL_S:
            self._suppressed[message] = self._suppressed.get(message, 0) + 1
            return
        self._last_s[message] = now_s
        count = self._suppressed.pop(message, 0)
        self.logger.log(level, "%s%s", message, f" (repeated {count} times since last logged)" if count else "")


@dataclass(slots=True)
class ChangeLogger:
    """Logs a problem once, however often it is reported, until another one or a success comes between.

    Args:
        logger: where messages go.
    """

    logger: logging.Logger
    _last: str = ""

    def warning(self, message: str) -> None:
        """Log a problem, unless it is the one that was logged last."""
        if message != self._last:
            self._last = message
            self.logger.warning("%s", message)

    def reset(self) -> None:
        """Forget the last problem, because it is solved: when it comes back, it is logged again."""
        self._last = ""
