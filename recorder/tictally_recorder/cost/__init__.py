"""What energy cost, by which version of which tariff: contracts and tariffs over what registers counted."""

from tictally_recorder.cost.engine import cost, days_by_quarter
from tictally_recorder.cost.explain import Explanation, explain
from tictally_recorder.cost.model import CostRow, Quality, Terms, Use, VersionUsed
from tictally_recorder.cost.proration import to_cents
from tictally_recorder.energy.register_totals import RegisterPart

__all__ = [
    "CostRow",
    "Explanation",
    "Quality",
    "RegisterPart",
    "Terms",
    "Use",
    "VersionUsed",
    "cost",
    "days_by_quarter",
    "explain",
    "to_cents",
]
