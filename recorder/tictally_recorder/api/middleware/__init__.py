"""Limits and checks of connections and requests, and HEAD."""
