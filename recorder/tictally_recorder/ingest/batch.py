"""What has arrived and is not stored yet, and when it is time to store it. Pure: the clock is handed in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from tictally_recorder.ingest.events import MessageReceived

# A batch is stored at the latest this long after its first message.
MAX_AGE_S: Final = 1.0
# A broker that is not ours may have a window of 20, or of 1: it sends nothing more until something is acknowledged, so
# silence this long is taken for a full window.
LULL_S: Final = 0.05


@dataclass(slots=True)
class MessageBuffer:
    """Messages that wait to be stored, in the order in which they came.

    A message that the broker sends again in a new connection takes the place of the one that waits, and is acknowledged
    under its new number. What waits is thereby bounded by the broker's window, however often it is connected again.

    Args:
        batch_size: how many messages are stored in one transaction at most.
    """

    batch_size: int
    _messages: dict[tuple[str, bytes], list[MessageReceived]] = field(default_factory=dict)
    _first_s: float = 0.0
    _last_s: float = 0.0

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, message: MessageReceived, now_s: float) -> None:
        """Take a message in."""
        if not self._messages:
            self._first_s = now_s
        self._last_s = now_s
        key = (message.topic, message.payload)
        twins = self._messages.get(key, ())
        self._messages[key] = [*(twin for twin in twins if twin.connection == message.connection), message]

    def due_s(self) -> float | None:
        """When a batch is to be stored, or None while nothing waits."""
        if not self._messages:
            return None
        if len(self._messages) >= self.batch_size:
            return self._first_s
        return min(self._first_s + MAX_AGE_S, self._last_s + LULL_S)

    def batch(self) -> list[MessageReceived]:
        """The messages to store next, the oldest first, each once."""
        return [twins[0] for twins in islice(self._messages.values(), self.batch_size)]

    def remove(self, batch: Sequence[MessageReceived], now_s: float) -> list[MessageReceived]:
        """Take a stored batch out; what is to be acknowledged for it, twins included."""
        self._first_s = now_s
        return [twin for message in batch for twin in self._messages.pop((message.topic, message.payload))]
