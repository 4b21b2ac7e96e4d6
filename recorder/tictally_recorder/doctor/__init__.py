"""`tictally doctor`: what is looked at (facts), and what is said of it (findings)."""

from tictally_recorder.doctor.facts import CostFacts, EdgeFacts, Facts, LedgerFacts, PaidFacts
from tictally_recorder.doctor.finding import Finding, Level
from tictally_recorder.doctor.findings import findings

__all__ = ["CostFacts", "EdgeFacts", "Facts", "Finding", "LedgerFacts", "Level", "PaidFacts", "findings"]
