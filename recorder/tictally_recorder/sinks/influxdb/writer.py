"""Points into a bucket: what InfluxDB refuses is found and told apart, what is too large is cut, the rest goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tictally_recorder.ledger import RefusedPoint
from tictally_recorder.sinks.influxdb.errors import RefusedError, TooLargeError
from tictally_recorder.sinks.influxdb.points import Point

Write = Callable[[str, Sequence[str]], int]


@dataclass(slots=True)
class Written:
    """What became of some points.

    Attributes:
        date_ms: when the last of them was written, by InfluxDB's clock; 0 where none was sent.
        refused: those that it will never take.
    """

    date_ms: int = 0
    refused: list[RefusedPoint] = field(default_factory=list)


def write(send: Write, bucket: str, points: Sequence[Point], oldest_ms: int) -> Written:
    """Write points; those that are older than the bucket keeps are left out.

    Args:
        send: writes lines into a bucket, as `Client.write` does.
        bucket: its name.
        points: in any number.
        oldest_ms: what is older is not sent.

    Raises:
        InfluxError: some may not have been written; all may be written again.
    """
    done = Written()
    # Of those with the same tags, times rise: InfluxDB takes them faster.
    _write(send, bucket, [each for each in points if each.time_ms >= oldest_ms], done)
    return done


def _write(send: Write, bucket: str, points: Sequence[Point], done: Written) -> None:
    if not points:
        return
    try:
        done.date_ms = max(done.date_ms, send(bucket, [each.line for each in points]))
    except TooLargeError as error:
        if not _parts(points):
            done.refused.append(RefusedPoint(bucket, str(error), points[0].line))
    except RefusedError as error:
        # InfluxDB tells one of the refused points and how many they are: which they are shows when they are sent apart.
        if not _parts(points):
            done.refused.append(RefusedPoint(bucket, str(error), points[0].line))
    else:
        return
    for part in _parts(points):
        _write(send, bucket, part, done)


def _parts(points: Sequence[Point]) -> list[Sequence[Point]]:
    """Two halves; of a single point its fields one by one, which are one point again when they are there."""
    if len(points) > 1:
        half = len(points) // 2
        return [points[:half], points[half:]]
    (whole,) = points
    if len(whole.fields) == 1:
        return []
    alone = [whole._replace(fields={name: value}) for name, value in whole.fields.items()]
    half = len(alone) // 2
    return [alone[:half], alone[half:]]
