"""Writes points into a bucket: isolates those that InfluxDB rejects, splits what is too large, and writes the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tictally_recorder.ledger import RejectedPoint
from tictally_recorder.sinks.influxdb.errors import RejectedError, TooLargeError
from tictally_recorder.sinks.influxdb.points import InfluxPoint

Send = Callable[[str, Sequence[str]], int]


@dataclass(slots=True)
class WriteResult:
    """The outcome of a write.

    Attributes:
        date_ms: when the last point was written, by InfluxDB's clock; 0 where none was sent.
        rejected: points that InfluxDB will never accept.
    """

    date_ms: int = 0
    rejected: list[RejectedPoint] = field(default_factory=list)


def write(send: Send, bucket: str, points: Sequence[InfluxPoint], oldest_ms: int) -> WriteResult:
    """Write points; those older than the bucket's retention are left out.

    Args:
        send: writes lines into a bucket, as `Client.write` does.
        bucket: its name.
        points: any number.
        oldest_ms: older points are not sent.

    Raises:
        InfluxError: some may not have been written; writing all of them again is safe.
    """
    result = WriteResult()
    # InfluxDB writes series whose times rise faster, so the order is kept.
    _write(send, bucket, [each for each in points if each.time_ms >= oldest_ms], result)
    return result


def _write(send: Send, bucket: str, points: Sequence[InfluxPoint], result: WriteResult) -> None:
    if not points:
        return
    try:
        result.date_ms = max(result.date_ms, send(bucket, [each.line for each in points]))
    except (TooLargeError, RejectedError) as error:
        # InfluxDB names one rejected point and their number: which they are shows when halves are sent apart.
        if not _parts(points):
            result.rejected.append(RejectedPoint(bucket, str(error), points[0].line))
    else:
        return
    for part in _parts(points):
        _write(send, bucket, part, result)


def _parts(points: Sequence[InfluxPoint]) -> list[Sequence[InfluxPoint]]:
    """Two halves; of a single point its fields one by one, which InfluxDB merges into one point again."""
    if len(points) > 1:
        half = len(points) // 2
        return [points[:half], points[half:]]
    (whole,) = points
    if len(whole.fields) == 1:
        return []
    alone = [whole._replace(fields={name: value}) for name, value in whole.fields.items()]
    half = len(alone) // 2
    return [alone[:half], alone[half:]]
