"""Energy over a window: the register at its end minus the register at its start."""

from tictally_recorder.energy.observations import Gap, gaps
from tictally_recorder.energy.query import EnergyQuery
from tictally_recorder.energy.register_scan import SteadyQuarter
from tictally_recorder.energy.rows import EnergyRow, energy, quarter_energy, rows_of_steady

__all__ = ["EnergyQuery", "EnergyRow", "Gap", "SteadyQuarter", "energy", "gaps", "quarter_energy", "rows_of_steady"]
