"""The simulated meter's past, as a recorder that had heard it would have kept it: laid in seconds, not lived through."""

from demo.past.lay import lay
from demo.past.meter import Home

__all__ = ["Home", "lay"]
