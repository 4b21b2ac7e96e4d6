"""`tictally doctor`: what is looked at (facts), and what is said of it (findings)."""

from tictally_recorder.doctor.diagnose import findings
from tictally_recorder.doctor.facts import (
    BackupFacts,
    CostFacts,
    EdgeFacts,
    Facts,
    Finding,
    LedgerFacts,
    Level,
    PaidFacts,
)

__all__ = ["BackupFacts", "CostFacts", "EdgeFacts", "Facts", "Finding", "LedgerFacts", "Level", "PaidFacts", "findings"]
