"""Simulator: contracts, a household and its registers, encoded as a Linky sends them on the TIC line."""
