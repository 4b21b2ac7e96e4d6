"""An edge's topics of active power: consumption, and with a producer's meter the balance with the grid. Pure."""

from collections.abc import Mapping
from typing import Final

from tictally_shared.active_power import CONSUMPTION, INJECTION, DirectionPower

ACTIVE_POWER, GRID_POWER = "active_power", "grid_power"
POWER_FACTOR, POWER_FACTOR_INJECTION = "power_factor", "power_factor_injection"
_FACTOR_EVERY_S: Final = 300.0


class _PublishedFactor:
    """One direction's power factor as it is published: it changes slowly, and every change is a row in a hub's history.

    Args:
        of: the direction.
    """

    def __init__(self, of: DirectionPower) -> None:
        self._of = of
        self._shown: tuple[str, float] | None = None

    def at(self, at: float) -> str | None:
        """The factor at a moment, in seconds."""
        if self._shown is not None and at - self._shown[1] < _FACTOR_EVERY_S:
            return self._shown[0]
        if (factor := self._of.factor) is None:
            return None
        self._shown = f"{factor:.3f}", at
        return self._shown[0]


class ActivePower:
    """Active power of one meter.

    The learned power factors are topics of their own, retained: an edge that has started anew reads them back.

    Args:
        every_s: least time between two changes.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._consumption, self._injection = DirectionPower(CONSUMPTION), DirectionPower(INJECTION)
        self._factors = _PublishedFactor(self._consumption), _PublishedFactor(self._injection)
        self._figures: dict[str, str] = {}
        self._at: float | None = None

    def restore(self, name: str, payload: str) -> None:
        """Take what an earlier life of this edge has published on one of the topics; other topics are ignored."""
        direction = {POWER_FACTOR: self._consumption, POWER_FACTOR_INJECTION: self._injection}.get(name)
        if direction is not None:
            try:
                direction.restore(float(payload))
            except ValueError:
                return

    def add(self, values: Mapping[str, int | str], at: float) -> None:
        """Learn from a frame's values; `at` is its end on a clock that never steps, in seconds."""
        self._consumption.add(values, at)
        self._injection.add(values, at)

    def figures(self, labels: Mapping[str, int | str], at: float) -> Mapping[str, str]:
        """Return name → value of what is known; the same until it is due again.

        Args:
            labels: label → value, as the meter shows them now.
            at: seconds on the same clock as those of the frames.
        """
        if self._at is None or not 0 <= at - self._at < self._every_s:
            self._at = at
            self._figures = self._due(labels, at)
        return self._figures

    def _due(self, labels: Mapping[str, int | str], at: float) -> dict[str, str]:
        figures: dict[str, int | str | None] = {}
        consumed = injected = None
        if self._consumption.is_in(labels):
            consumed = self._consumption.show()
            figures |= {ACTIVE_POWER: consumed, POWER_FACTOR: self._factors[0].at(at)}
        if self._injection.is_in(labels):
            injected = self._injection.show()
            figures[POWER_FACTOR_INJECTION] = self._factors[1].at(at)
        if consumed is not None and injected is not None:
            figures[GRID_POWER] = consumed - injected
        return {name: str(value) for name, value in figures.items() if value is not None}
