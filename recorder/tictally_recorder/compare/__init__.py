"""What the same use would have cost on other price lists: quarters of an hour, priced by each."""

from tictally_recorder.compare.make import offers
from tictally_recorder.compare.model import Assumed, Offer

__all__ = ["Assumed", "Offer", "offers"]
