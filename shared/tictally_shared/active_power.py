"""Active power of one direction of a meter, from the labels that it shows in either mode. Pure."""

from collections.abc import Mapping
from typing import Final

from tictally_shared.labels import CATALOGUE, Kind, Mode
from tictally_shared.power_factor import PowerFactor

Sources = Mapping[str, tuple[tuple[str, ...], int]]
"""Apparent power → the registers that count its energy, and the step in VA that the meter rounds it to."""

_HISTORIQUE: Final = tuple(
    label.name for label in CATALOGUE if label.mode is Mode.HISTORIQUE and label.kind is Kind.REGISTER
)
CONSUMPTION: Final[Sources] = {"SINSTS": (("EAST",), 1), "PAPP": (_HISTORIQUE, 10)}
INJECTION: Final[Sources] = {"SINSTI": (("EAIT",), 1)}


class DirectionPower:
    """The power of one direction, learned from the labels of either mode.

    Args:
        sources: that it is learned from.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._factor = PowerFactor()

    @property
    def factor(self) -> float | None:
        """The power factor of about the last hour, 0 to 1; None while it is unknown."""
        return self._factor.factor

    def is_in(self, labels: Mapping[str, int | str]) -> bool:
        """True where labels show an apparent power of this direction."""
        return any(isinstance(labels.get(source), int) for source in self._sources)

    def add(self, values: Mapping[str, int | str], at: float) -> None:
        """Learn from a frame's values; `at` is its end, in seconds."""
        for source, (registers, step_va) in self._sources.items():
            if isinstance(va := values.get(source), int):
                counted = {each: wh for each in registers if isinstance(wh := values.get(each), int)}
                self._factor.add(va, counted, at, step_va)
                return

    def show(self) -> int | None:
        """Return the active power now in W, which is shown until the next call; None while it is unknown."""
        return self._factor.show()

    def restore(self, factor: float) -> None:
        """Take a factor that was learned elsewhere, unless one has been learned since."""
        self._factor.restore(factor)
