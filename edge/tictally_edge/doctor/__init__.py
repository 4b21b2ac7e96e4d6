"""`tictally-edge doctor`: checks everything the edge needs, and reports problems with advice."""
