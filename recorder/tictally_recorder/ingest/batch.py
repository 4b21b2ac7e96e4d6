"""Messages that wait to be stored, and when to store them. Pure: the clock is an argument."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from tictally_recorder.ingest.events import MessageReceived

# A batch is stored at most this long after its first message.
MAX_AGE_S: Final = 1.0
# Another broker may have a window of 20, or of 1, and send nothing more until something is acknowledged: a pause of
# this length is treated as a full window.
LULL_S: Final = 0.05


@dataclass(slots=True)
class MessageBuffer:
    """Messages that wait to be stored, in the order in which they came.

    A message that the broker sends again in a new connection replaces the one that waits, and is acknowledged under its
    new packet identifier. The broker's window thereby bounds the buffer, however often the connection is renewed.

    Args:
        batch_size: how many messages are stored in one transaction at most.
    """

    batch_size: int
    _messages: dict[tuple[str, bytes, int | None], list[MessageReceived]] = field(default_factory=dict)
    _first_s: float = 0.0
    _last_s: float = 0.0

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, message: MessageReceived, now_s: float) -> None:
        """Add a message."""
        if not self._messages:
            self._first_s = now_s
        self._last_s = now_s
        key = _key(message)
        twins = self._messages.get(key, ())
        self._messages[key] = [*(twin for twin in twins if twin.connection == message.connection), message]

    def due_s(self) -> float | None:
        """When to store a batch, or None while nothing waits."""
        if not self._messages:
            return None
        if len(self._messages) >= self.batch_size:
            return self._first_s
        return min(self._first_s + MAX_AGE_S, self._last_s + LULL_S)

    def batch(self) -> list[MessageReceived]:
        """The messages to store next, the oldest first, each once."""
        return [twins[0] for twins in islice(self._messages.values(), self.batch_size)]

    def remove(self, batch: Sequence[MessageReceived], now_s: float) -> list[MessageReceived]:
        """Remove a stored batch.

        Returns:
            The messages to acknowledge for it, each as often as it was sent.
        """
        self._first_s = now_s
        return [twin for message in batch for twin in self._messages.pop(_key(message))]


def _key(message: MessageReceived) -> tuple[str, bytes, int | None]:
    return message.topic, message.payload, message.size
