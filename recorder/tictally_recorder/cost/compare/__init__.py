"""What the same use would have cost on other tariffs: quarter-hours, priced by each."""

from tictally_recorder.cost.compare.engine import offers
from tictally_recorder.cost.compare.model import Assumed, Offer, TariffComparison

__all__ = ["Assumed", "Offer", "TariffComparison", "offers"]
