"""Our energy of each day beside Enedis' own figure of it."""

from tictally_recorder.reconciliation.model import DayComparison, Verdict, YearSum, by_year
from tictally_recorder.reconciliation.query import reconcile

__all__ = ["DayComparison", "Verdict", "YearSum", "by_year", "reconcile"]
