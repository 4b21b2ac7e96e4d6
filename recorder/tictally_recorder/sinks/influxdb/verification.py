"""Compares the rows of hours and minutes in InfluxDB with the raw frames that make them."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from tictally_recorder.ledger import TimeWindow
from tictally_recorder.sinks.influxdb.client import row_ms
from tictally_recorder.sinks.influxdb.config import Buckets
from tictally_recorder.sinks.influxdb.reconcile import Query
from tictally_recorder.sinks.influxdb.windows import HOUR_MS
from tictally_shared.frames import iso_utc

# Frames by minute and meter: those that came, and those that the rows of minutes and hours were made of.
_FRAMES: Final = """
    from(bucket: "{raw}")
        |> range(start: {start}, stop: {stop})
        |> filter(fn: (r) => r._measurement == "tic" and r._field == "seq")
        |> aggregateWindow(every: 1m, fn: count, createEmpty: false, timeSrc: "_start")
        |> group(columns: ["meter", "_time"])
        |> sum()
        |> set(key: "part", value: "raw"),
    from(bucket: "{minute}")
        |> range(start: {start}, stop: {stop})
        |> filter(fn: (r) => r._measurement == "tic" and r._field == "frames")
        |> group(columns: ["meter", "_time"])
        |> sum()
        |> set(key: "part", value: "minute"),
    from(bucket: "{hour}")
        |> range(start: {start}, stop: {stop})
        |> filter(fn: (r) => r._measurement == "tic" and r._field == "frames")
        |> group(columns: ["meter", "_time"])
        |> sum()
        |> set(key: "part", value: "hour"),
"""


def incomplete_hours(query: Query, buckets: Buckets, hours: Sequence[TimeWindow]) -> list[TimeWindow]:
    """The hours of which InfluxDB lacks a row, of the hour or of one of its minutes, or has one of too few frames.

    Args:
        query: as `Client.query`.
        buckets: of raw frames and of rows.
        hours: ended and due, without a gap between them.

    Raises:
        InfluxError: InfluxDB does not answer.
    """
    span = {"start": iso_utc(hours[0].start_ms), "stop": iso_utc(hours[-1].end_ms)}
    names = {"raw": buckets.raw.name, "minute": buckets.minute.name, "hour": buckets.hour.name}
    rows = query(f"union(tables: [{_FRAMES.format(**span, **names)}]) |> group()")
    return lacking_hours([(row["part"], row["meter"], row_ms(row), int(row["_value"])) for row in rows], hours)


def lacking_hours(counts: Sequence[tuple[str, str, int, int]], hours: Sequence[TimeWindow]) -> list[TimeWindow]:
    """Those of the hours whose rows were made of fewer frames than there are. Pure.

    Args:
        counts: (`raw`, `minute` or `hour`; meter; start of the window in ms; frames).
        hours: to look at.
    """
    frames: dict[str, Counter[tuple[str, int]]] = {part: Counter() for part in ("raw", "minute", "hour", "raw_hour")}
    for part, meter, start_ms, n in counts:
        frames[part][meter, start_ms] += n
        if part == "raw":
            frames["raw_hour"][meter, start_ms - start_ms % HOUR_MS] += n
    wrong = {
        start_ms - start_ms % HOUR_MS
        for came, made in (("raw", "minute"), ("raw_hour", "hour"))
        for (meter, start_ms), n in frames[came].items()
        if frames[made][meter, start_ms] < n
    }
    return [each for each in hours if each.start_ms in wrong]
