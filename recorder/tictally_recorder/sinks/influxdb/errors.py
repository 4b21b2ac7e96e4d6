"""What can go wrong between recorder and InfluxDB, each a sentence for a person."""

from tictally_recorder.sinks.runner import SinkError


class InfluxError(SinkError):
    """Something that may pass; the same is tried again."""


class NotAllowedError(InfluxError):
    """The token is wrong, or lacks a right."""


class NotThereError(InfluxError):
    """A bucket, an organization or a task is missing."""


class FaultError(InfluxError):
    """InfluxDB has fallen over a fault of its own; it goes on, and the same may be answered the next time."""


class TooLargeError(InfluxError):
    """A request was larger than InfluxDB takes."""


class RefusedError(InfluxError):
    """Some of the points of a request cannot be taken, ever."""
