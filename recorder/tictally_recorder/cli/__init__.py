"""The command line `tictally`."""
