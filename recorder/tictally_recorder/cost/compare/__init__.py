"""What the same use would have cost on other price lists: quarters of an hour, priced by each."""

from tictally_recorder.cost.compare.engine import offers
from tictally_recorder.cost.compare.model import Answer, Assumed, Offer

__all__ = ["Answer", "Assumed", "Offer", "offers"]
