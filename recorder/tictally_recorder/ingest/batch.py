"""Messages that wait to be stored, and when to store them. Pure: the clock is an argument."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import inf
from typing import Final

from tictally_recorder.ingest.events import MessageReceived

# A batch that is due soon is stored after a pause of the messages, and at most this long after its first.
LULL_S: Final = 0.05
MAX_AGE_S: Final = 1.0
# A broker whose window was full sends again as soon as it is acknowledged, after a silence of its own.
HELD_S: Final = 0.05
SILENCE_S: Final = 0.5
_ENOUGH_HELD: Final = 2


@dataclass(slots=True)
class MessageBuffer:
    """Messages that wait to be stored, in the order in which they came.

    A message that the broker sends again in a new connection replaces the one that waits, and is acknowledged under its
    new packet identifier. The broker's window thereby bounds the buffer, however often the connection is renewed.

    MQTT has no way to ask for the broker's window. Where one smaller than a batch is full, nothing comes until the
    commit, and the next ones at once after it: the window is learned from that, and a full one is stored at once.

    Args:
        batch_size: how many messages are stored in one transaction at most.
        commit_s: how long a frame may wait to be stored, in seconds; 0: until the next pause.

    Attributes:
        is_prompt: whether every message is due at the next pause, such as while missing frames arrive.
    """

    batch_size: int
    commit_s: float
    is_prompt: bool = False
    _messages: dict[tuple[str, bytes, int | None], list[MessageReceived]] = field(default_factory=dict)
    _waiting: int = 0
    _first_s: float = 0.0
    _last_s: float = 0.0
    _urgent_s: float | None = None
    _connection: int | None = None
    _window: int | None = None
    _released_s: float = -inf
    _released: int = 0
    _was_silent: bool = False
    _is_held: bool = False
    _held: int = 0

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, message: MessageReceived, now_s: float, *, is_urgent: bool = False) -> None:
        """Add a message.

        Args:
            message: to be stored or acknowledged after those before it.
            now_s: when it came, in seconds.
            is_urgent: whether it is due at the next pause, with all that wait.
        """
        if message.connection != self._connection:
            self._connection, self._window, self._released_s = message.connection, None, -inf
        self._watch_window(now_s)
        if not self._messages:
            self._first_s = now_s
        self._last_s = now_s
        if is_urgent and self._urgent_s is None:
            self._urgent_s = now_s
        key = _key(message)
        twins = self._messages.get(key, ())
        self._messages[key] = [*(twin for twin in twins if twin.connection == message.connection), message]
        self._waiting += len(self._messages[key]) - len(twins)

    def due_s(self) -> float | None:
        """When to store a batch, or None while nothing waits."""
        if not self._messages:
            return None
        if len(self._messages) >= self.batch_size or self._waiting >= (self._window or inf):
            return self._first_s
        if self.is_prompt or self._is_held or self.commit_s == 0:
            return min(self._first_s + MAX_AGE_S, self._last_s + LULL_S)
        commit_s = self._first_s + self.commit_s
        return commit_s if self._urgent_s is None else min(commit_s, self._urgent_s + MAX_AGE_S, self._last_s + LULL_S)

    def batch(self) -> list[MessageReceived]:
        """The messages to store next, the oldest first, each once."""
        return [twins[0] for twins in islice(self._messages.values(), self.batch_size)]

    def remove(self, batch: Sequence[MessageReceived], now_s: float) -> list[MessageReceived]:
        """Remove a stored batch.

        Returns:
            The messages to acknowledge for it, each as often as it was sent.
        """
        removed = [twin for message in batch for twin in self._messages.pop(_key(message))]
        self._was_silent = not self._messages and now_s - self._last_s >= SILENCE_S
        self._waiting -= len(removed)
        self._released_s, self._released = now_s, len(removed)
        self._held = self._held + 1 if self._is_held else 0
        self._urgent_s, self._is_held = None, False
        self._first_s = now_s
        return removed

    def _watch_window(self, now_s: float) -> None:
        """Note whether the broker was waiting for an acknowledgement, and learn its window where it was."""
        if now_s >= self._released_s + HELD_S or self._window is not None:
            return
        if self._is_held and self._was_silent and self._waiting < self._released:
            self._window = self._released
        self._is_held |= self._was_silent or self._held > 0
        if self._is_held and self._held >= _ENOUGH_HELD and self._released == 1:
            self._window = 1


def _key(message: MessageReceived) -> tuple[str, bytes, int | None]:
    return message.topic, message.payload, message.size
