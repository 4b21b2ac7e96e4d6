"""The deployment for real: deploy/ under a Docker engine, from an empty folder to a move to another box."""
