"""`tictally doctor`: collects facts, diagnoses them, and shows the findings in words."""

from tictally_recorder.doctor.diagnose import diagnose
from tictally_recorder.doctor.facts import BackupFacts, CostFacts, EdgeFacts, Facts, LedgerFacts, PaidFacts

__all__ = ["BackupFacts", "CostFacts", "EdgeFacts", "Facts", "LedgerFacts", "PaidFacts", "diagnose"]
