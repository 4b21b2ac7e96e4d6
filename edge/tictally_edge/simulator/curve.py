"""A load curve: the mean power of a real household for each step of time, which a simulated one can follow."""

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)  # each is itself: days are remembered by household, and comparing years is slow
class LoadCurve:
    """What was consumed, step by step.

    Attributes:
        start_ms: when the first step begins, milliseconds since 1970; a whole minute.
        step_ms: how long each lasts; whole minutes.
        watts: the mean power of each step, None where it is unknown.
    """

    start_ms: int
    step_ms: int
    watts: tuple[int | None, ...]

    @property
    def end_ms(self) -> int:
        """When the last step ends."""
        return self.start_ms + self.step_ms * len(self.watts)

    def power(self, start_ms: int, end_ms: int, every_ms: int) -> list[int]:
        """The power in W at each moment of [start_ms, end_ms); nothing is consumed where nothing is known.

        Args:
            start_ms: the first moment.
            end_ms: excluded.
            every_ms: from one moment to the next; a part of a minute, so that steps are met exactly.
        """
        return [self._at(moment_ms) or 0 for moment_ms in range(start_ms, end_ms, every_ms)]

    def _at(self, moment_ms: int) -> int | None:
        return self.watts[(moment_ms - self.start_ms) // self.step_ms] if self._covers(moment_ms) else None

    def _covers(self, moment_ms: int) -> bool:
        return self.start_ms <= moment_ms < self.end_ms
