"""Interfaces of other programs, for their clients."""
