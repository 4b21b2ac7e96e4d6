"""The demo: everything of tictally on this machine, for as long as somebody looks."""
