"""Our energy of each day beside Enedis' own figure of it."""

from tictally_recorder.reconciliation.model import DayComparison, Verdict, YearSum
from tictally_recorder.reconciliation.query import reconcile
from tictally_recorder.reconciliation.sums import by_year

__all__ = ["DayComparison", "Verdict", "YearSum", "by_year", "reconcile"]
