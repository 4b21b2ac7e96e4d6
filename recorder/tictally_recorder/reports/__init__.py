"""Answers as people read them and as programs do: the same words and records at the command line and by HTTP. Pure."""
