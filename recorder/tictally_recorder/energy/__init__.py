"""Energy over a window: the register at its end minus the register at its start."""

from tictally_recorder.energy.gaps import Gap, gaps
from tictally_recorder.energy.rows import EnergyRow, energy

__all__ = ["EnergyRow", "Gap", "energy", "gaps"]
