"""Energy over a window: the register at its end minus the register at its start."""

from tictally_recorder.energy.observations import Gap, gaps
from tictally_recorder.energy.query import EnergyQuery
from tictally_recorder.energy.rows import EnergyRow, energy

__all__ = ["EnergyQuery", "EnergyRow", "Gap", "energy", "gaps"]
