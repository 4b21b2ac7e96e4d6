"""A simulated meter's past, as a recorder that had heard it would have kept it: laid in seconds."""

from demo.past.lay import Past, lay
from demo.past.meter import Home

__all__ = ["Home", "Past", "lay"]
