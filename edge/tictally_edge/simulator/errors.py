"""What a simulated meter rejects to be."""


class SimulatorError(ValueError):
    """A setting of the simulation that cannot be; the sentence says why."""
