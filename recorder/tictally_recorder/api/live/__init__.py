"""The live stream: a snapshot and its events."""
