"""Simulator: contracts, a household and its registers, encoded as a Linky sends them on the TIC line."""


class SimulatorError(ValueError):
    """A setting that is not possible; the message states why."""
