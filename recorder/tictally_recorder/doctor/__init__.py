"""`tictally doctor`: what is looked at (facts), and what is said of it (findings)."""

from tictally_recorder.doctor.facts import BackupFacts, EdgeFacts, Facts, LedgerFacts
from tictally_recorder.doctor.findings import Finding, Level, findings

__all__ = ["BackupFacts", "EdgeFacts", "Facts", "Finding", "LedgerFacts", "Level", "findings"]
