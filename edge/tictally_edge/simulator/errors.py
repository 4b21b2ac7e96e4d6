"""What a simulated meter refuses to be."""


class SimulatorError(ValueError):
    """A setting of the simulation that cannot be; the sentence says why."""
