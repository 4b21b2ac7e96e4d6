"""A simulated meter's past, as a recorder would have stored it: written in seconds."""

from demo.past.meter import Home
from demo.past.write_ledger import Past, write_ledger

__all__ = ["Home", "Past", "write_ledger"]
