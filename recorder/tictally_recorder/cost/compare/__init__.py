"""What the same use would have cost on other price lists: quarters of an hour, priced by each."""

from tictally_recorder.cost.compare.engine import offers
from tictally_recorder.cost.compare.model import Assumed, Offer, TariffComparison

__all__ = ["Assumed", "Offer", "TariffComparison", "offers"]
