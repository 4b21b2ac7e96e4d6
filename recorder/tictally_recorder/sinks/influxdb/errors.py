"""What can go wrong between recorder and InfluxDB; each message is a sentence for a person."""

from tictally_recorder.sinks.protocol import SinkError


class InfluxError(SinkError):
    """A failure that may pass; the same step is tried again."""


class NotAllowedError(InfluxError):
    """The token is wrong, or lacks a right."""


class NotFoundError(InfluxError):
    """A bucket, an organization or a task is missing."""


class ServerFaultError(InfluxError):
    """InfluxDB failed on a fault of its own; it runs on, and may answer the same request the next time."""


class TooLargeError(InfluxError):
    """A request was larger than InfluxDB accepts."""


class RejectedError(InfluxError):
    """InfluxDB will never accept some points of the request."""
