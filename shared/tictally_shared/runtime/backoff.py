"""Exponential back-off: how long to wait before the next attempt."""

from dataclasses import dataclass, field


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
