"""Errors of the simulator."""


class SimulatorError(ValueError):
    """A setting that is not possible; the message states why."""
