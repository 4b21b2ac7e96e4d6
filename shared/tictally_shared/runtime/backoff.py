"""Exponential back-off: how long to wait before the next attempt, also where another client has the same client id."""

from dataclasses import dataclass, field
from typing import Final

# MQTT 5 §3.14.2.1: the reason of a DISCONNECT that ends the older of two connections with one client id.
SESSION_TAKEN_OVER: Final = 0x8E
_DISPUTED_S: Final = (5.0, 600.0)


@dataclass(slots=True)
class Backoff:
    """Delays that double from one failure to the next, up to a cap, until a success resets them.

    It neither waits nor reads a clock: the caller adds the delay to its own.

    Attributes:
        delay_s: what `next_s` will return, in seconds.

    Args:
        first_s: delay after the first failure, in seconds.
        longest_s: cap of every later one, in seconds.

    Raises:
        ValueError: the first delay is not positive, or longer than the longest.
    """

    first_s: float
    longest_s: float
    delay_s: float = field(init=False)

    def __post_init__(self) -> None:
        if not 0 < self.first_s <= self.longest_s:
            raise ValueError(f"a back-off from {self.first_s} s to {self.longest_s} s")
        self.delay_s = self.first_s

    def next_s(self) -> float:
        """Count a failure.

        Returns:
            The delay before the next attempt, in seconds.
        """
        delay_s = self.delay_s
        self.delay_s = min(2 * delay_s, self.longest_s)
        return delay_s

    def reset(self) -> None:
        """Count a success: the next failure waits for the first delay again."""
        self.delay_s = self.first_s


@dataclass(slots=True)
class DisputeBackoff:
    """How long to stay away from a broker where another client connects with the same client id.

    Two clients with one id end each other's connection. Both stay away ever longer, ten minutes at most, so that they
    take turns instead of doing nothing else; a connection of twice that ends the dispute.

    Attributes:
        count: how often the other client was noticed.
    """

    count: int = 0
    _is_disputed: bool = False
    _backoff: Backoff = field(default_factory=lambda: Backoff(*_DISPUTED_S))
    _connected_s: float = 0.0

    def connected(self, now_s: float) -> None:
        """Note a new connection, in seconds on a clock that never steps."""
        self._connected_s = now_s

    def notice(self) -> None:
        """Note that another client has the same client id."""
        self.count += 1
        self._is_disputed = True

    def disconnected(self, now_s: float) -> float | None:
        """Note that a connection has ended; returns how long to stay away, in seconds, or None without a dispute."""
        if now_s - self._connected_s > 2 * _DISPUTED_S[1]:
            self._is_disputed = False
            self._backoff.reset()
        return self._backoff.next_s() if self._is_disputed else None
