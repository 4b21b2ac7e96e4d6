"""Windows of which InfluxDB has fewer raw frames than their rows were made of: to run them again would spoil these.

So it is where somebody has deleted raw frames, or kept them shorter for a while: no id tells of that.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from tictally_recorder.ledger import Window
from tictally_recorder.sinks.influx.buckets import Buckets
from tictally_recorder.sinks.influx.stale import Query
from tictally_recorder.sinks.influx.windows import HOUR_MS
from tictally_shared.frames import iso_utc

_PART: Final = """
    from(bucket: "{bucket}")
        |> range(start: {start}, stop: {stop})
        |> filter(fn: (r) => r._measurement == "tic" and r._field == "{field}")
        |> group(columns: ["meter"])
        |> {fn}()
        |> set(key: "part", value: "{part}"),
"""


def thinned(query: Query, buckets: Buckets, windows: Sequence[Window]) -> list[Window]:
    """Those of some windows, asked for at once.

    Args:
        query: asks InfluxDB, as `Client.query` does.
        buckets: where raw frames and rows are.
        windows: that are to be run again.

    Raises:
        InfluxError: InfluxDB does not answer.
    """
    parts = []
    for n, window in enumerate(windows):
        # The run of an hour makes its minutes too. Where one of them is not there, what is tells.
        made = [buckets.minute.name, *([buckets.hour.name] if window.length_ms == HOUR_MS else [])]
        about = {"start": iso_utc(window.start_ms), "stop": iso_utc(window.end_ms)}
        parts.append(_PART.format(**about, bucket=buckets.raw.name, field="seq", fn="count", part=f"{n} raw"))
        parts += [_PART.format(**about, bucket=each, field="frames", fn="sum", part=f"{n} {each}") for each in made]
    raw: dict[tuple[int, str], int] = defaultdict(int)
    rows: dict[tuple[int, str], int] = defaultdict(int)
    for row in query(f"union(tables: [{''.join(parts)}]) |> group()"):
        number, _, bucket = row["part"].partition(" ")
        key, frames = (int(number), row["meter"]), int(row["_value"])
        into = raw if bucket == "raw" else rows
        into[key] = max(into[key], frames)
    less = {n for (n, meter), frames in rows.items() if raw[n, meter] < frames}
    return [window for n, window in enumerate(windows) if n in less]
