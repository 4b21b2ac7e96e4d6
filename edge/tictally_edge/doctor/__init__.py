"""`tictally-edge doctor`: checks everything the edge needs, and reports problems with advice."""

from typing import Final

LISTEN_S: Final = 20.0
"""How long the doctor listens to the line at each speed at most, where no other time is given."""
